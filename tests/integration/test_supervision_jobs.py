"""C13: the worker makes the lists and counts the topics by itself, and tells the pages."""

from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis

from gateway.context import Context
from gateway.engines import Engines
from gateway.live import STREAM, LiveEvent
from gateway.readiness import Readiness
from gateway.roles.worker import REGULAR, worker
from gateway.settings import Settings
from gateway.supervision_lists import make_due_lists
from gateway.topic_counts import count_topics
from tests.support.web import NOW, running, until


async def test_worker_makes_lists_and_counts_topics(
    pool: asyncpg.Pool, redis: Redis, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for work in (make_due_lists, count_topics):
        monkeypatch.setitem(REGULAR, work, "* * * * * */1")
    engines = Engines(dsn=database_dsn, pool=pool, redis=redis)
    context = Context(
        settings=Settings(), engines=engines, readiness=Readiness(), clock=lambda: NOW
    )

    async def told() -> bool:
        entries: Any = await redis.xrange(STREAM)
        events = [LiveEvent.from_json(fields["e"]) for _, fields in entries]
        kinds = {it.data["kind"] for it in events if it.name == "supervision.listed"}
        return kinds == {"day", "week", "month"}

    async def counted() -> bool:
        return bool(await pool.fetchval("select count(*) = 14 from topic_days"))

    async with running(worker(context)):
        await until(told, within_s=20)
        await until(counted, within_s=20)
    assert await pool.fetchval("select count(*) from supervision_lists") == 3
