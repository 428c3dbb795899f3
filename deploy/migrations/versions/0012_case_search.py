"""Words of cases for the search, and the category where a department's cases are listed."""

from pathlib import Path

from alembic import op

from deploy.migrations.sql import run_file

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Run the SQL file."""
    run_file(op.get_bind(), Path(__file__).with_suffix(".sql"))
