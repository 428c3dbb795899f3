"""O2: the database comes to the program's schema, once, and never backwards."""

import asyncio

import asyncpg
import pytest

from deploy.migrate import (
    DatabaseNewerError,
    MigrationError,
    SchemaStanding,
    migrate,
    schema_state,
)


async def test_empty_then_current(empty_database_dsn: str) -> None:
    assert (await schema_state(empty_database_dsn)).standing is SchemaStanding.EMPTY
    reached = await migrate(empty_database_dsn)
    assert reached.standing is SchemaStanding.CURRENT
    assert reached.found == reached.wanted
    assert await migrate(empty_database_dsn) == reached


async def test_several_programs_at_once(empty_database_dsn: str) -> None:
    reached = await asyncio.gather(*(migrate(empty_database_dsn) for _ in range(4)))
    assert {state.standing for state in reached} == {SchemaStanding.CURRENT}


async def test_newer_database_is_refused(pool: asyncpg.Pool, database_dsn: str) -> None:
    await pool.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(DatabaseNewerError, match="schema 9999, made by a newer program"):
        await migrate(database_dsn)
    assert (await schema_state(database_dsn)).standing is SchemaStanding.NEWER


async def test_unreachable_database() -> None:
    with pytest.raises(MigrationError, match="cannot be reached") as raised:
        await migrate("postgresql://hotline:secret@127.0.0.1:16299/hotline")
    assert "secret" not in str(raised.value)


async def test_failed_migration_leaves_nothing(empty_database_dsn: str) -> None:
    connection = await asyncpg.connect(empty_database_dsn)
    try:
        await connection.execute("create table cases ()")  # in the way of the migration's own
        with pytest.raises(MigrationError, match='relation "cases" already exists'):
            await migrate(empty_database_dsn)
        assert await connection.fetchval("select to_regclass('calls')") is None
    finally:
        await connection.close()
    assert (await schema_state(empty_database_dsn)).standing is SchemaStanding.EMPTY
