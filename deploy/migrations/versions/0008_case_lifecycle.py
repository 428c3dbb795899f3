"""Departments, categories and the life of a case between them."""

from pathlib import Path

from alembic import op

from deploy.migrations.sql import run_file

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Run the SQL file."""
    run_file(op.get_bind(), Path(__file__).with_suffix(".sql"))
