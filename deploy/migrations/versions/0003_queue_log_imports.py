"""How far the import of each queue_log got."""

from pathlib import Path

from alembic import op

from deploy.migrations.sql import run_file

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Run the SQL file."""
    run_file(op.get_bind(), Path(__file__).with_suffix(".sql"))
