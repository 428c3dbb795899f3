"""Signed webhooks: destinations, events of cases, their deliveries and attempts."""

from pathlib import Path

from alembic import op

from deploy.migrations.sql import run_file

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Run the SQL file."""
    run_file(op.get_bind(), Path(__file__).with_suffix(".sql"))
