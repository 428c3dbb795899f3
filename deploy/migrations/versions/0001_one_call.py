"""The first loop: call, seat, case, rating, survey, and the job queue."""

from pathlib import Path

from alembic import op

from deploy.migrations.sql import run_file

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the SQL files in order."""
    for part in ("one_call", "call_totals", "event_totals", "pgqueuer"):
        run_file(op.get_bind(), Path(__file__).with_name(f"{revision}_{part}.sql"))
