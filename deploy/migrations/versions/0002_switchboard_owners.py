"""Who owns a switchboard: lease and fencing epoch."""

from pathlib import Path

from alembic import op

from deploy.migrations.sql import run_file

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the table."""
    run_file(op.get_bind(), Path(__file__).with_name("0002_switchboard_owners.sql"))
