"""Webhooks (C9): what is sent to whom, counted, and forgotten after a while."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from gateway.context import Context
from gateway.http.case_events import event_name
from gateway.roles.worker import worker
from gateway.webhooks.job import purge_webhooks
from gateway.webhooks.names import EVENTS
from metrics.exporter import FiguresCollector
from metrics.outboxes import WEBHOOKS
from metrics.snapshot import SnapshotKeeper
from tests.support.web import running, until
from tests.support.webhooks import (
    INSIDE,
    OK,
    SECRET,
    START,
    PostOffice,
    answer,
    lived,
    patient,
    post_office,
    receiving,
)
from ticketing.case import Case
from ticketing.lifecycle import TABLE, Step

NUMBER = b"13800000001"


@pytest.fixture
async def office(pool: asyncpg.Pool, redis: Redis, database_dsn: str) -> AsyncIterator[PostOffice]:
    async with post_office(pool, redis, database_dsn) as opened:
        yield opened


async def test_what_is_sent(office: PostOffice) -> None:
    async with receiving() as receiver:
        await office.destination(receiver.url)
        case = await office.open()
        await office.note(case)
        assert await office.round() == 1
    opened, noted = receiver.received
    assert opened.headers["content-type"] == "application/json"
    assert opened.headers["webhook-timestamp"] == str(int(START.timestamp()))
    assert opened.is_signed()
    assert not opened.is_signed(SECRET.replace("M", "N"))
    assert opened.content == {
        "id": f"case_opened:{case.case_no}:1",
        "type": "case.opened",
        "timestamp": "2026-11-23T08:00:00.000Z",
        "data": {
            "case_no": case.case_no,
            "call_id": None,
            "kind": "help",
            "category": None,
            "department": None,
            "assisting": [],
            "version": 1,
            "step": "registered",
            "from_state": None,
            "state": "registered",
            "days": None,
            "other_case": None,
        },
    }
    assert opened.event_id == opened.content["id"]
    assert noted.content["data"]["version"] == 2
    assert NUMBER not in opened.body + noted.body
    assert await office.pool.fetchval("select count(*) from webhook_lanes") == 0


async def test_only_what_is_wanted_and_may_be_told(office: PostOffice) -> None:
    """Not what was rolled back, nothing of confidential cases, nothing while it is not active."""
    async with receiving() as receiver:
        await office.destination(receiver.url, "case.closed")
        inactive = await office.destination(receiver.url)
        await office.pool.execute(
            "update webhook_destinations set active = false, inactive_reason = 'person'"
            " where destination_id = $1",
            inactive,
        )
        await office.step(await office.open(confidential=True), Step.CLOSED, result="已办")
        case = await lived(office)
        with pytest.raises(ZeroDivisionError):
            await roll_back(office, case)
        await office.round()
    assert [each.content["type"] for each in receiver.received] == ["case.closed"]
    assert receiver.of_case(case) == ["case.closed"]
    assert await office.pool.fetchval("select count(*) from webhook_events") == 1


async def roll_back(office: PostOffice, case: Case) -> None:
    """Close a case again, and think better of it."""
    async with office.pool.acquire() as conn, conn.transaction():
        await conn.execute(
            "insert into case_history (case_id, version, at, actor, step, note, from_state,"
            " to_state) values ($1, 9, now(), 'li', 'closed', '', 'handling', 'closed')",
            case.case_id,
        )
        assert await conn.fetchval("select count(*) from webhook_deliveries") == 2
        raise ZeroDivisionError


async def test_names_are_those_of_the_stream(pool: asyncpg.Pool) -> None:
    for (state, step), row in TABLE.items():
        name = await pool.fetchval("select case_event_name($1, $2, $3)", step, state, row.to)
        assert name == event_name(step, row)
        assert name in EVENTS


async def test_metrics(office: PostOffice) -> None:
    office = patient(office, webhook_attempts=1)
    async with receiving() as receiver:
        await office.destination(receiver.url)
        receiver.script = [answer(400)]
        await lived(office, notes=1)
        await lived(office, notes=0)
        await office.round()
        await office.open()
    registry = CollectorRegistry(auto_describe=False)
    keeper = SnapshotKeeper(office.pool)
    await keeper.refresh()
    registry.register(FiguresCollector(keeper, queues=set(), planned_seats=1))
    value = registry.get_sample_value
    attempts = {
        outcome: value("hotline_webhook_attempts_total", {"outcome": outcome})
        for outcome in WEBHOOKS.outcomes
    }
    assert attempts == {"delivered": 2, "failed": 0, "given_up": 1, "gone": 0}
    assert value("hotline_webhooks_waiting") == 3
    assert value("hotline_webhooks_dead") == 1
    oldest_s = value("hotline_webhooks_oldest_waiting_seconds")
    assert oldest_s is not None
    assert 0 < oldest_s < 60


async def test_what_arrived_is_forgotten_after_a_while(office: PostOffice) -> None:
    office = patient(office, webhook_attempts=1)
    async with receiving() as receiver:
        await office.destination(receiver.url)
        await lived(office)
        receiver.script = [OK, OK, OK, OK, answer(400)]
        await office.round()
        await office.open()
        await office.round()
    keep = timedelta(days=INSIDE.webhook_keep_days)
    office.wall.now = START + keep - timedelta(seconds=1)
    assert await purge_webhooks(office.context) == 0
    office.wall.now = START + keep + timedelta(seconds=1)
    assert await purge_webhooks(office.context) == 8
    left = await office.pool.fetch("select name from webhook_events")
    assert [row["name"] for row in left] == ["case.opened"]  # the dead letter
    assert await office.pool.fetchval("select count(*) from webhook_attempts") == 1


async def test_worker_carries_them(office: PostOffice) -> None:
    """As the program runs it, on the clock of the wall, with another worker beside it."""
    context: Context = office.context
    async with receiving() as receiver:
        await office.destination(receiver.url)
        receiver.script = [b""]
        case = await lived(office, notes=0)
        office.wall.now += timedelta(seconds=1)

        async def arrived() -> bool:
            office.wall.now += timedelta(milliseconds=100)
            return len(receiver.accepted) == 2

        async with running(worker(context), worker(context)):
            await until(arrived, within_s=20)
    assert receiver.of_case(case) == ["case.opened", "case.closed"]
