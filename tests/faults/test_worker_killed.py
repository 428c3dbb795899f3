"""FAULTS 1 for webhooks (C9): the worker is killed with -9 while it sends, again and again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis

from gateway.webhooks.courier import LEASE_MARGIN
from tests.support.gateway import Gateway, gateway_on
from tests.support.web import until
from tests.support.webhooks import OK, Receiver, in_order, post_office, receiving

KILLS, CASES_EACH, NOTES = 6, 4, 2
ALLOWED: dict[str, Any] = {
    "webhook_http_hosts": '["127.0.0.1"]',
    "webhook_networks": '["127.0.0.0/8"]',
    "webhook_timeout_s": 5,
}


@pytest.fixture
def workers(tmp_path: Path, database_dsn: str, redis_url: str) -> Gateway:
    """A process that only works in the background."""
    gateway = gateway_on(tmp_path, database=database_dsn, redis=redis_url, ami=None, **ALLOWED)
    gateway.arguments = ("run", "--role", "worker")
    return gateway


async def test_killed_workers_lose_nothing_and_keep_the_order(
    workers: Gateway, pool: asyncpg.Pool, redis: Redis, database_dsn: str
) -> None:
    async with post_office(pool, redis, database_dsn) as office, receiving() as receiver:
        office.wall.now = datetime.now(UTC)
        await office.destination(receiver.url)
        for number in range(KILLS):
            for _ in range(CASES_EACH):
                case = await office.open()
                for _ in range(NOTES):
                    await office.note(case)
            # Now it has sent and waits for the answer, now it has the answer and marks it.
            receiver.script = [OK] * (2 + number) + [None] * (4 if number % 2 else 0)
            await kill_at(workers, receiver, len(receiver.received) + 3 + number)
            await leases_end(pool)
        receiver.script = []
        await workers.start()
        try:
            await until(lambda: all_arrived(pool), within_s=30)
        finally:
            await workers.stop()
    told = await pool.fetch("select event_id from webhook_events")
    assert len(told) == KILLS * CASES_EACH * (1 + NOTES)
    assert {row["event_id"] for row in told} == {*receiver.accepted}
    assert in_order(receiver.accepted)
    assert len(receiver.received) > len(told), "nobody was killed while something was on its way"
    assert len({one.body for one in receiver.received}) == len(told)


async def kill_at(workers: Gateway, receiver: Receiver, received: int) -> None:
    """Start the worker, and kill it once the receiver has so many."""
    await workers.start()
    await until(lambda: len(receiver.received) >= received, within_s=20)
    workers.kill()
    await workers.stop()
    receiver.awake.set()
    receiver.awake.clear()


async def leases_end(pool: asyncpg.Pool) -> None:
    """The time passes in which nobody may take over what the dead had leased."""
    passed = LEASE_MARGIN + timedelta(seconds=ALLOWED["webhook_timeout_s"])
    await pool.execute("update webhook_lanes set due_at = due_at - $1::interval", passed)


async def all_arrived(pool: asyncpg.Pool) -> bool:
    """Whether nothing waits any more."""
    waiting = "select count(*) from webhook_deliveries where state <> 'delivered'"
    return not await pool.fetchval(waiting)
