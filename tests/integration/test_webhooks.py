"""C9: every event of a case arrives, in order, at each destination by itself, whatever happens."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from gateway.carrying import LEASE_MARGIN
from gateway.context import Context
from gateway.http.case_events import event_name
from gateway.roles.worker import worker
from gateway.webhooks.job import purge_webhooks
from gateway.webhooks.names import EVENTS
from gateway.webhooks.sending import EXCERPT_MAX
from metrics.exporter import FiguresCollector
from metrics.snapshot import SnapshotKeeper
from metrics.webhooks import OUTCOMES
from tests.support.ports import free_port
from tests.support.web import running, until
from tests.support.webhooks import (
    INSIDE,
    OK,
    SECRET,
    START,
    PostOffice,
    answer,
    in_order,
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


async def lived(office: PostOffice, notes: int = 2) -> Case:
    """A case that was opened, noted and closed."""
    case = await office.open()
    for _ in range(notes):
        await office.note(case)
    await office.step(case, Step.CLOSED, result="已修好")
    return case


LIFE = ["case.opened", "case.noted", "case.noted", "case.closed"]


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


async def test_receiver_that_fails_in_every_way(office: PostOffice) -> None:
    """500, hanging up after reading, silence, answering twice, nonsense: all arrives, in order."""
    async with receiving() as receiver:
        receiver.script = [
            *(answer(500, body="kaputt"), b"", None, answer(429, "Retry-After: 900")),
            *(OK + answer(500), b"nonsense\r\n\r\n", answer(503), OK, b"", b"", answer(404)),
        ]
        destination = await office.destination(receiver.url)
        one, other = await lived(office), await lived(office)
        await office.until_arrived()
    assert receiver.of_case(one) == receiver.of_case(other) == LIFE
    assert await office.states(destination) == ["delivered"] * 8
    assert in_order(receiver.accepted)
    assert all(each.is_signed() for each in receiver.received)
    bodies = {(each.event_id, each.body) for each in receiver.received}
    assert len(bodies) == 8 < len(receiver.received)
    failures = await office.pool.fetch("select distinct error from webhook_attempts")
    assert {row["error"] for row in failures} == {"", "status", "connection", "timeout"}
    counted = await office.pool.fetch(
        "select subject, amount from event_totals where name = 'webhook.attempted'"
    )
    assert dict(counted)["delivered"] == 8


async def test_receiver_that_is_down(office: PostOffice) -> None:
    port = free_port()
    destination = await office.destination(f"http://127.0.0.1:{port}/hook")
    case = await lived(office)
    for _ in range(4):
        await office.round()
        office.wall.now += timedelta(minutes=10)
    assert await office.states(destination) == ["waiting"] * 4
    assert await office.pool.fetchval("select count(*) from webhook_attempts") == 4
    async with receiving(port) as receiver:
        await office.until_arrived()
    assert receiver.of_case(case) == LIFE


async def test_failing_event_holds_back_its_case_alone(office: PostOffice) -> None:
    async with receiving() as receiver:
        await office.destination(receiver.url)
        held = await lived(office)
        receiver.script = [answer(500)]
        assert await office.round() == 1
        assert len(receiver.received) == 1
        other = await lived(office)
        assert await office.round() == 1
        assert receiver.of_case(other) == LIFE
        assert receiver.of_case(held) == []
        office.wall.now += timedelta(seconds=5)
        await office.round()
        assert receiver.of_case(held) == LIFE


async def test_slow_destination_holds_up_no_other(office: PostOffice) -> None:
    """It has its bounded number of requests, all stuck; meanwhile the other gets everything."""
    office = patient(office, webhook_concurrency=2)
    office.sender.timeout_s = 30
    courier = office.courier()
    async with receiving() as slow, receiving() as quick, asyncio.TaskGroup() as tasks:
        await office.destination(slow.url)
        await office.destination(quick.url, "case.opened")
        slow.script = [None] * 5
        opened = [await office.open() for _ in range(5)]

        async def quick_has_all() -> bool:
            await courier.begin(tasks)
            return len(quick.accepted) == 5

        await until(quick_has_all)
        await until(lambda: slow.at_once == 2)
        assert slow.accepted == []
        assert (slow.most_at_once, len(slow.received)) == (2, 2)
        slow.script.clear()
        slow.awake.set()

        async def slow_has_all() -> bool:
            await courier.begin(tasks)
            return len({one.event_id for one in slow.received}) == 5

        await until(slow_has_all)
    assert [quick.of_case(case) for case in opened] == [["case.opened"]] * 5


class KilledError(BaseException):
    """The process is gone from here on."""


async def test_worker_killed_between_sending_and_marking(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody takes it over before the lease ends; then the same comes again, and what follows."""

    async def killed(*_: Any, **__: Any) -> bool:
        raise KilledError

    async with receiving() as receiver:
        destination = await office.destination(receiver.url)
        await lived(office)
        with monkeypatch.context() as patched:
            patched.setattr("gateway.webhooks.lanes.note", killed)
            with pytest.raises(BaseExceptionGroup):
                await office.round()
        assert len(receiver.received) == 1
        assert await office.round() == 0
        office.wall.now += timedelta(seconds=INSIDE.webhook_timeout_s) + LEASE_MARGIN
        assert await office.round() == 1
    first, again, *_ = receiver.received
    assert (first.event_id, first.body) == (again.event_id, again.body)
    assert again.is_signed()
    assert first.headers["webhook-timestamp"] < again.headers["webhook-timestamp"]
    assert len(receiver.received) == 5
    assert in_order(receiver.accepted)
    assert await office.states(destination) == ["delivered"] * 4


async def test_late_worker_does_not_disturb_who_took_over(office: PostOffice) -> None:
    """It slept through its lease while sending: its failure changes nothing, its success counts."""
    office.sender.timeout_s = 30
    async with receiving() as receiver, asyncio.TaskGroup() as tasks:
        destination = await office.destination(receiver.url)
        case = await office.open()
        receiver.script = [None]
        await office.courier().begin(tasks)
        await until(lambda: len(receiver.received) == 1)
        await office.note(case)
        office.wall.now += timedelta(seconds=30) + LEASE_MARGIN
        assert await office.round() == 1
        assert await office.states(destination) == ["delivered"] * 2
        receiver.awake.set()
    assert receiver.of_case(case) == ["case.opened", "case.noted"]
    assert await office.states(destination) == ["delivered"] * 2


async def test_several_workers_send_each_event_once(office: PostOffice) -> None:
    async with receiving() as receiver:
        await office.destination(receiver.url)
        for _ in range(12):
            await lived(office, notes=1)
        await asyncio.gather(*(office.round(office.courier()) for _ in range(3)))
    assert len(receiver.received) == len(receiver.accepted) == 36
    assert in_order(receiver.accepted)


async def test_given_up_then_resent_or_discarded_elsewhere(office: PostOffice) -> None:
    """After so many attempts a person decides; later events of the case wait for that."""
    office = patient(office, webhook_attempts=3)
    async with receiving() as receiver:
        destination = await office.destination(receiver.url)
        case = await lived(office, notes=1)
        receiver.script = [answer(400)] * 3
        await office.until_arrived()
        assert await office.states(destination) == ["dead", "waiting", "waiting"]
        await office.step(case, Step.NOTED, note="之后")
        office.wall.now += timedelta(days=30)
        assert await office.round() == 0
        assert len(receiver.received) == 3
    lane = await office.pool.fetchrow("select due_at, lease from webhook_lanes")
    assert tuple(lane) == (None, None)


async def test_given_up_after_hours(office: PostOffice) -> None:
    office = patient(office, webhook_give_up_hours=1)
    destination = await office.destination(f"http://127.0.0.1:{free_port()}/")
    await office.open()
    await office.until_arrived()
    assert await office.states(destination) == ["dead"]
    took = office.wall.now - START
    assert timedelta(minutes=30) < took < timedelta(hours=2)


async def test_gone_disables_the_destination(office: PostOffice) -> None:
    async with receiving() as receiver:
        destination = await office.destination(receiver.url)
        await lived(office, notes=0)
        receiver.script = [answer(410)]
        await office.round()
        await office.open()
        office.wall.now += timedelta(days=1)
        assert await office.round() == 0
    assert len(receiver.received) == 1
    row = await office.pool.fetchrow("select active, inactive_reason from webhook_destinations")
    assert tuple(row) == (False, "gone")
    assert await office.states(destination) == ["waiting", "waiting"]


async def test_redirects_and_addresses_of_inside_are_not_followed(
    pool: asyncpg.Pool, redis: Redis, database_dsn: str
) -> None:
    hosts = ("127.0.0.1", "localhost", "::ffff:127.0.0.1", "2130706433", "0")
    careful = INSIDE.model_copy(update={"webhook_networks": (), "webhook_http_hosts": hosts})
    async with post_office(pool, redis, database_dsn, careful) as office, receiving() as receiver:
        for host in hosts:
            address = f"[{host}]" if ":" in host else host
            await office.destination(f"http://{address}:{receiver.port}/hook", name=host)
        await office.open()
        await office.round()
        assert receiver.received == []
        errors = await pool.fetch(
            "select name, error from webhook_attempts join webhook_deliveries using (delivery_id)"
            " join webhook_destinations using (destination_id)"
        )
    assert dict(errors) == dict.fromkeys(hosts, "refused_address")


async def test_redirect_is_a_failure_and_what_was_answered_is_harmless(office: PostOffice) -> None:
    async with receiving() as receiver, receiving() as elsewhere:
        await office.destination(receiver.url)
        await office.open()
        body = "<b>\x1b[31m 13800000001" + "长" * 5000
        receiver.script = [answer(302, f"Location: {elsewhere.url}", body=body)]
        await office.round()
    assert (len(receiver.received), elsewhere.received) == (1, [])
    attempt = await office.pool.fetchrow("select * from webhook_attempts")
    assert (attempt["error"], attempt["status"]) == ("redirect", 302)
    assert attempt["excerpt"].startswith("<b>\ufffd[31m [number]长长")
    assert len(attempt["excerpt"]) == EXCERPT_MAX


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
        for outcome in OUTCOMES
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
