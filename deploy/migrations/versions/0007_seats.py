"""The queues of each seat; the call of a seat's state; states without overlap or gap."""

from pathlib import Path

from alembic import op

from deploy.migrations.sql import run_file

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Run the SQL file."""
    run_file(op.get_bind(), Path(__file__).with_suffix(".sql"))
