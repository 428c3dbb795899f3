"""Imports of departments, categories and cases, with their dry runs; administered users."""

from pathlib import Path

from alembic import op

from deploy.migrations.sql import run_file

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Run the SQL file."""
    run_file(op.get_bind(), Path(__file__).with_suffix(".sql"))
