"""Clocks of cases: rules, working calendar, what runs, what was told."""

from pathlib import Path

from alembic import op

from deploy.migrations.sql import run_file

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Run the SQL file."""
    run_file(op.get_bind(), Path(__file__).with_suffix(".sql"))
