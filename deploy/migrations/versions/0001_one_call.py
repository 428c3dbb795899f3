"""The first loop: call, seat, case, rating, survey, and the job queue."""

from pathlib import Path

from alembic import op

from deploy.migrations.sql import run_file

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the SQL files in order."""
    for name in ("0001_one_call.sql", "0001_pgqueuer.sql"):
        run_file(op.get_bind(), Path(__file__).with_name(name))
