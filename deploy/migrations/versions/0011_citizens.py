"""Citizens by number, nuisance marks, separated matters, what does not count, the audit log."""

from pathlib import Path

from alembic import op

from deploy.migrations.sql import run_file

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Run the SQL file."""
    run_file(op.get_bind(), Path(__file__).with_suffix(".sql"))
