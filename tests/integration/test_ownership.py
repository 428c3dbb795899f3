"""Ownership against a real PostgreSQL: one owner, one writer (FAULTS 28, 29)."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import pytest

from gateway.errors import OwnershipLostError
from gateway.ownership import LEASE_S, Ownership, Standing
from tests.support.live import until
from tests.support.owning import owning
from tests.support.postgres_proxy import postgres_proxy

TAKEN_OVER_S = 5.0
END_OWNERS_SESSION = (
    "select pg_terminate_backend(backend_pid) from switchboard_owners where switchboard = 'sb1'"
)
WAITING_CLAIMS = (
    "select count(*) from pg_stat_activity where datname = current_database()"
    " and wait_event_type = 'Lock' and query like '%switchboard_owners%'"
)


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """Ended after the test."""
    async with AsyncExitStack() as entered:
        yield entered


async def epoch(pool: asyncpg.Pool) -> int:
    """The present epoch."""
    found = await pool.fetchval("select epoch from switchboard_owners where switchboard = 'sb1'")
    assert isinstance(found, int)
    return found


async def test_one_of_several_owns(
    stack: AsyncExitStack, database_dsn: str, pool: asyncpg.Pool
) -> None:
    owners = [AsyncExitStack() for _ in range(3)]
    for one in owners:
        await stack.enter_async_context(one)
    ownerships = [await one.enter_async_context(owning(database_dsn)) for one in owners]
    for expected_epoch in (1, 2, 3):
        async with asyncio.timeout(TAKEN_OVER_S):
            waits = [asyncio.create_task(one.held()) for one in ownerships]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        held = [index for index, one in enumerate(ownerships) if one.is_held]
        assert len(held) == 1
        assert await epoch(pool) == expected_epoch
        await owners.pop(held[0]).aclose()  # it ends: another takes over
        ownerships.pop(held[0])


async def test_switchboards_do_not_compete(stack: AsyncExitStack, database_dsn: str) -> None:
    for name in ("sb1", "sb2"):
        ownership = await stack.enter_async_context(owning(database_dsn, name))
        async with asyncio.timeout(TAKEN_OVER_S):
            await ownership.held()


async def test_session_ended_by_the_server(
    stack: AsyncExitStack, database_dsn: str, pool: asyncpg.Pool
) -> None:
    told: list[Standing] = []
    ours = await stack.enter_async_context(owning(database_dsn, on_change=told.append))
    await ours.held()
    began = time.monotonic()
    await pool.execute(END_OWNERS_SESSION)

    async def changes() -> list[Standing]:
        return told

    await until(changes, lambda found: len(found) == 3, wait_s=TAKEN_OVER_S)
    assert told == [Standing.OWNER, Standing.CUT_OFF, Standing.OWNER]
    assert time.monotonic() - began < TAKEN_OVER_S
    assert await epoch(pool) == 2


async def test_postgres_away_and_back(stack: AsyncExitStack, database_dsn: str) -> None:
    proxy = await stack.enter_async_context(postgres_proxy(database_dsn))
    ours = await stack.enter_async_context(owning(proxy.url))
    await ours.held()
    proxy.shut()

    async def standing() -> tuple[Standing, bool]:
        return ours.standing, ours.is_held

    await until(standing, lambda found: found == (Standing.CUT_OFF, False), wait_s=LEASE_S + 1)
    proxy.reopen()
    async with asyncio.timeout(TAKEN_OVER_S):
        await ours.held()
    assert ours.standing is Standing.OWNER


async def test_absent_postgres_is_waited_for(stack: AsyncExitStack, database_dsn: str) -> None:
    proxy = await stack.enter_async_context(postgres_proxy(database_dsn))
    proxy.shut()
    ours = await stack.enter_async_context(owning(proxy.url))

    async def knocks() -> int:
        return proxy.refused

    await until(knocks, lambda count: count >= 2)
    assert ours.standing is Standing.STANDBY
    proxy.reopen()
    async with asyncio.timeout(TAKEN_OVER_S):
        await ours.held()


async def fenced(pool: asyncpg.Pool, ownership: Ownership) -> None:
    """A transaction of the owner that changes nothing."""
    async with pool.acquire() as connection, connection.transaction():
        await ownership.fence(connection)


async def test_former_owner_cannot_write(
    stack: AsyncExitStack, database_dsn: str, pool: asyncpg.Pool
) -> None:
    """Even if its lease has not ended by its own clock: the epoch tells."""
    ours = await stack.enter_async_context(owning(database_dsn))
    with pytest.raises(OwnershipLostError):
        await fenced(pool, ours)  # not yet
    await ours.held()
    await fenced(pool, ours)
    await pool.execute("update switchboard_owners set epoch = epoch + 1 where switchboard = 'sb1'")
    with pytest.raises(OwnershipLostError):
        await fenced(pool, ours)


async def test_nobody_takes_over_while_the_owner_writes(
    stack: AsyncExitStack, database_dsn: str, pool: asyncpg.Pool
) -> None:
    former = await stack.enter_async_context(AsyncExitStack())
    first = await former.enter_async_context(owning(database_dsn))
    await first.held()
    second = await stack.enter_async_context(owning(database_dsn))
    async with pool.acquire() as connection, connection.transaction():
        await first.fence(connection)
        await former.aclose()

        async def waiting_claims() -> int:
            return int(await pool.fetchval(WAITING_CLAIMS))

        await until(waiting_claims, lambda count: count == 1)
        assert not second.is_held
    async with asyncio.timeout(TAKEN_OVER_S):
        await second.held()


async def test_whoever_waits_for_the_writes_of_another_can_be_stopped(
    stack: AsyncExitStack, database_dsn: str, pool: asyncpg.Pool
) -> None:
    async with owning(database_dsn) as former:
        await former.held()
    stuck = await asyncpg.connect(database_dsn)
    stack.callback(stuck.terminate)
    await stuck.execute("begin; select epoch from switchboard_owners for key share")
    waiting = asyncio.create_task(Ownership(database_dsn, "sb1").run())
    await until(lambda: pool.fetchval(WAITING_CLAIMS), lambda claims: claims == 1)
    waiting.cancel()
    await asyncio.wait([waiting], timeout=TAKEN_OVER_S)
    assert waiting.cancelled()


async def test_a_write_that_stands_still_is_ended(
    stack: AsyncExitStack, database_dsn: str, pool: asyncpg.Pool
) -> None:
    """Its process was stopped within a statement, where no limit of the session ends it."""
    async with owning(database_dsn) as former:
        await former.held()
    stuck = await asyncpg.connect(database_dsn)
    stack.callback(stuck.terminate)
    await stuck.execute("begin; select epoch from switchboard_owners for key share")
    async with owning(database_dsn) as next_one, asyncio.timeout(2 * TAKEN_OVER_S):
        await next_one.held()
        assert await epoch(pool) == 2
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError)):
        await stuck.execute("commit")
