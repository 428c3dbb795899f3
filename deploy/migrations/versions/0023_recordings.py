"""Removed recordings are counted."""

from pathlib import Path

from alembic import op

from deploy.migrations.sql import run_file

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Run the SQL file."""
    run_file(op.get_bind(), Path(__file__).with_suffix(".sql"))
