"""What cases send and carry: webhooks to other systems, attachments."""

from pathlib import Path

from alembic import op

from deploy.migrations.sql import run_file

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Run the SQL files in order."""
    for part in ("webhooks", "attachments"):
        run_file(op.get_bind(), Path(__file__).with_name(f"{revision}_{part}.sql"))
