"""The cells of imported sheets as they were uploaded."""

from pathlib import Path

from alembic import op

from deploy.migrations.sql import run_file

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Run the SQL file."""
    run_file(op.get_bind(), Path(__file__).with_suffix(".sql"))
