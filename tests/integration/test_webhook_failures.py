"""Webhooks whose receivers, workers and destinations fail (C9): everything arrives, in order."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis

from gateway.carrying import LEASE_MARGIN
from gateway.webhooks.sending import EXCERPT_MAX
from tests.support.ports import free_port
from tests.support.web import until
from tests.support.webhooks import (
    INSIDE,
    LIFE,
    OK,
    START,
    PostOffice,
    answer,
    in_order,
    lived,
    patient,
    post_office,
    receiving,
)
from ticketing.lifecycle import Step


@pytest.fixture
async def office(pool: asyncpg.Pool, redis: Redis, database_dsn: str) -> AsyncIterator[PostOffice]:
    async with post_office(pool, redis, database_dsn) as opened:
        yield opened


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
