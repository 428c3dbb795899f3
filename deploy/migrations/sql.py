"""Runs a file of SQL statements within a migration."""

from pathlib import Path

import asyncpg
from sqlalchemy import Connection


def run_file(connection: Connection, path: Path) -> None:
    """Run all statements of `path` in the transaction of `connection`."""
    sql = path.read_text(encoding="utf-8")

    async def run(driver: asyncpg.Connection) -> None:
        await driver.execute(sql)

    # Past SQLAlchemy, which prepares what it runs, and only one statement can be prepared at once.
    connection.connection.run_async(run)
