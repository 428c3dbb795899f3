"""Missed-call ring-back: tasks, attempts, and which callers have to be looked at anew."""

from pathlib import Path

from alembic import op

from deploy.migrations.sql import run_file

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Run the SQL file."""
    run_file(op.get_bind(), Path(__file__).with_suffix(".sql"))
