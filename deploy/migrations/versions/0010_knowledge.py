"""Knowledge base with full-text search, articles used on cases, conferences of calls."""

from pathlib import Path

from alembic import op

from deploy.migrations.sql import run_file

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Run the SQL file."""
    run_file(op.get_bind(), Path(__file__).with_suffix(".sql"))
