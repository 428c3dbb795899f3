"""Supervision lists from before missed days were made up show the moment they were made (C13)."""

from typing import Any

import asyncpg
import pytest
from alembic import command

from deploy.migrate import migrate

BEFORE = """
insert into supervision_lists (kind, first_day, last_day, made_at)
values ('day', '2026-11-23', '2026-11-23', '2026-11-23T00:05:00Z');
"""


async def test_lists_show_when_they_were_made_and_cannot_be_changed(
    empty_database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade = command.upgrade

    def to_0017(config: Any, _head: str) -> None:
        upgrade(config, "0017")

    with monkeypatch.context() as patch:
        patch.setattr(command, "upgrade", to_0017)
        await migrate(empty_database_dsn)
    connection = await asyncpg.connect(empty_database_dsn)
    try:
        await connection.execute(BEFORE)
        await migrate(empty_database_dsn)
        assert await connection.fetchval("select as_of = made_at from supervision_lists")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await connection.execute("update supervision_lists set as_of = now()")
    finally:
        await connection.close()
