"""What comparing calls with the switchboard's own records found."""

from pathlib import Path

from alembic import op

from deploy.migrations.sql import run_file

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Run the SQL file."""
    run_file(op.get_bind(), Path(__file__).with_suffix(".sql"))
