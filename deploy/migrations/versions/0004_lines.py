"""Lines of the merged hotline, and whose switchboard a seat and a callback is."""

from pathlib import Path

from alembic import op

from deploy.migrations.sql import run_file

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Run the SQL file."""
    run_file(op.get_bind(), Path(__file__).with_suffix(".sql"))
