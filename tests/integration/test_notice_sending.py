"""Messages to citizens (C7) while gateways and workers fail: each once, in order, within a day."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import structlog
from redis.asyncio import Redis

from gateway.carrying import LEASE_MARGIN
from gateway.notices import outbox
from gateway.notices.provider import Receipt, Verdict
from tests.support.notices import MOBILE, NoticeDesk, accepted, notice_desk
from tests.support.ports import free_port
from tests.support.web import until
from tests.support.webhooks import OK, START, answer, receiving

DAY = timedelta(days=1)


@pytest.fixture
async def desk(database_dsn: str, redis: Redis) -> AsyncIterator[NoticeDesk]:
    async with notice_desk(database_dsn, redis) as opened:
        yield opened


async def test_gateway_that_fails_in_every_way(desk: NoticeDesk) -> None:
    """500, hanging up after reading, silence, answering twice, nonsense, a wrong secret, busy."""
    desk.gateway.script = [
        *(answer(500, body=f"kaputt {MOBILE}"), b"", None, OK + answer(500), b"nonsense\r\n\r\n"),
        *(answer(401), answer(404), answer(429, "Retry-After: 900"), answer(503), OK),
    ]
    with structlog.testing.capture_logs() as lines:
        one = await accepted(desk)
        await desk.until_over()
        await desk.close(one)
        await desk.until_over()
    assert await desk.notices() == [("accepted", "sent"), ("closed", "sent")]
    assert (await desk.outcomes()).count("sent") == 2
    assert all(each.is_signed() for each in desk.gateway.received)
    sent = {(each.event_id, each.body) for each in desk.gateway.received}
    assert len(sent) == 2 < len(desk.gateway.received)
    assert len(desk.gateway.accepted) == 2
    stored = await desk.pool.fetch("select error, excerpt from citizen_notice_attempts")
    assert {row["error"] for row in stored} == {"", "status", "connection", "timeout"}
    assert MOBILE not in str(lines) + str([tuple(row) for row in stored])


async def test_refused_for_good_is_not_tried_again(desk: NoticeDesk) -> None:
    for status in (400, 422):
        desk.gateway.script = [answer(status, body="number is on the black list")]
        await accepted(desk)
        await desk.until_over()
    assert await desk.notices() == [("accepted", "refused")] * 2
    assert len(desk.gateway.received) == 2
    assert await desk.outcomes() == ["refused"] * 2


async def test_back_off(desk: NoticeDesk) -> None:
    desk.gateway.script = [answer(500)] * 3
    await accepted(desk)
    waited = []
    for _ in range(3):
        await desk.round()
        due_at = await desk.pool.fetchval("select due_at from citizen_notices")
        waited.append((due_at - desk.wall.now).total_seconds())
        desk.wall.now = due_at - timedelta(microseconds=1)
        assert await desk.round() == 0
        desk.wall.now = due_at
    assert waited == [5, 30, 120]
    assert await desk.round() == 1
    assert await desk.notices() == [("accepted", "sent")]


async def test_more_than_a_day_late_is_not_sent(desk: NoticeDesk) -> None:
    """Neither when the gateway was away for a day, nor when the workers were."""
    desk.gateway.script = [answer(503)] * 100
    await accepted(desk)
    await desk.until_over()
    assert await desk.notices() == [("accepted", "expired")]
    assert desk.wall.now == START + DAY
    tried = len(desk.gateway.received)
    assert 8 <= tried <= 12
    desk.gateway.script.clear()
    await accepted(desk)
    await accepted(desk)
    desk.wall.now += DAY - timedelta(seconds=1)
    assert await desk.round(desk.courier()) == 2
    await accepted(desk)
    desk.wall.now += DAY
    assert await desk.round() == 1
    assert [state for _, state in await desk.notices()] == ["expired", "sent", "sent", "expired"]
    assert len(desk.gateway.received) == tried + 2


async def test_acceptance_is_told_before_closing(desk: NoticeDesk) -> None:
    desk.gateway.script = [answer(500)]
    case, other = await accepted(desk), await accepted(desk)
    await desk.round()
    await desk.close(case)
    await desk.close(other)
    await desk.until_over()
    taken = [each.content for each in desk.gateway.received if each.accepted]
    for one in (case, other):
        kinds = [each["kind"] for each in taken if each["case_no"] == one.case_no]
        assert kinds == ["accepted", "closed"]


async def test_gateway_that_is_down(database_dsn: str, redis: Redis) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/sms"
    async with notice_desk(database_dsn, redis, notice_url=url) as desk:
        await accepted(desk)
        for _ in range(3):
            await desk.round()
            desk.wall.now += timedelta(minutes=10)
        assert await desk.outcomes() == ["failed"] * 3
        async with receiving(port) as gateway:
            await desk.until_over()
        assert len(gateway.received) == 1
        assert await desk.notices() == [("accepted", "sent")]


async def test_so_many_at_once(database_dsn: str, redis: Redis) -> None:
    changed = {"notice_concurrency": 2, "notice_timeout_s": 30}
    async with notice_desk(database_dsn, redis, **changed) as desk, asyncio.TaskGroup() as tasks:
        desk.gateway.script = [None] * 5
        for _ in range(5):
            await accepted(desk)
        courier = desk.courier()
        assert await courier.begin(tasks) == 2
        await until(lambda: desk.gateway.at_once == 2)
        assert await courier.begin(tasks) == 0
        desk.gateway.script.clear()
        desk.gateway.awake.set()

        async def all_sent() -> bool:
            await courier.begin(tasks)
            return await desk.notices() == [("accepted", "sent")] * 5

        await until(all_sent)
        assert (desk.gateway.most_at_once, len(desk.gateway.received)) == (2, 5)


async def test_several_workers_send_each_notice_once(desk: NoticeDesk) -> None:
    for _ in range(12):
        await accepted(desk)
    await asyncio.gather(*(desk.round(desk.courier()) for _ in range(3)))
    assert len(desk.gateway.received) == len(desk.gateway.accepted) == 12


class KilledError(BaseException):
    """The process is gone from here on."""


async def test_worker_killed_between_sending_and_marking(
    desk: NoticeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody takes it over before the lease ends; then the same comes again, under its key."""

    async def killed(*_: Any, **__: Any) -> None:
        raise KilledError

    await accepted(desk)
    with monkeypatch.context() as patched:
        patched.setattr("gateway.notices.outbox.note", killed)
        with pytest.raises(BaseExceptionGroup):
            await desk.round()
    assert len(desk.gateway.received) == 1
    assert await desk.round() == 0
    desk.wall.now += timedelta(seconds=desk.provider.timeout_s) + LEASE_MARGIN
    assert await desk.round() == 1
    first, again = desk.gateway.received
    assert (first.event_id, first.body) == (again.event_id, again.body)
    assert first.headers["idempotency-key"] == again.headers["idempotency-key"]
    assert await desk.notices() == [("accepted", "sent")]


async def test_late_worker_does_not_disturb_who_took_over(desk: NoticeDesk) -> None:
    """It slept through its lease: its failure changes nothing, its success counts."""
    case = await accepted(desk)
    row = await lease(desk)
    desk.wall.now += timedelta(minutes=5)
    await desk.round()
    failed = Receipt(verdict=Verdict.LATER, error="timeout")
    await desk_note(desk, row, failed, outbox.Outcome.REFUSED)
    assert await desk.notices() == [("accepted", "sent")]
    await desk.close(case)
    row = await lease(desk)
    desk.wall.now += timedelta(minutes=5)
    second = await lease(desk)
    await desk_note(desk, row, failed, outbox.Outcome.REFUSED)
    assert (await desk.notices())[1] == ("closed", "waiting")
    done = Receipt(verdict=Verdict.ACCEPTED, status=200)
    await desk_note(desk, row, done, outbox.Outcome.SENT)
    await desk_note(desk, second, failed, outbox.Outcome.FAILED)
    assert (await desk.notices())[1] == ("closed", "sent")


async def test_dead_notices_sent_again_together(desk: NoticeDesk) -> None:
    """Each under the key that it had; those refused anew come last the next time."""
    desk.gateway.script = [answer(422)] * 4
    for _ in range(4):
        await accepted(desk)
        await desk.until_over()
    await accepted(desk)
    await desk.until_over()
    assert [state for _, state in await desk.notices()] == ["refused"] * 4 + ["sent"]
    *dead, _ = [each.event_id for each in desk.gateway.received]
    desk.gateway.script = [answer(422)] * 2
    for limit, resent in ((2, (2, True)), (2, (2, True)), (9, (2, False)), (9, (0, False))):
        desk.wall.now += timedelta(minutes=1)
        assert await resend_all(desk, limit=limit) == resent
        await desk.until_over()
    assert [state for _, state in await desk.notices()] == ["sent"] * 5
    again = [each.event_id for each in desk.gateway.received[5:]]
    assert {*again[:2]} == {*dead[:2]} == {*again[4:]}
    assert {*again[2:4]} == {*dead[2:]}
    assert len(again) == 6


async def test_given_up_but_delivered_is_not_sent_again(desk: NoticeDesk) -> None:
    """The worker that sent it was so slow that another had given the notice up meanwhile."""
    await accepted(desk)
    row = await lease(desk)
    desk.wall.now += DAY
    await desk.round()
    assert await desk.notices() == [("accepted", "expired")]
    done = Receipt(verdict=Verdict.ACCEPTED, status=200)
    await desk_note(desk, row, done, outbox.Outcome.SENT)
    assert await desk.notices() == [("accepted", "sent")]
    assert await resend_all(desk, outbox.NoticeState.EXPIRED, limit=9) == (0, False)


async def resend_all(
    desk: NoticeDesk, state: outbox.NoticeState = outbox.NoticeState.REFUSED, *, limit: int
) -> tuple[int, bool]:
    async with desk.pool.acquire() as conn, conn.transaction():
        return await outbox.resend_all(conn, state, limit=limit, now=desk.wall.now)


async def lease(desk: NoticeDesk) -> outbox.Leased:
    async with desk.pool.acquire() as conn:
        (piece,) = await desk.courier().lease(conn)
    return piece


async def desk_note(
    desk: NoticeDesk, piece: outbox.Leased, receipt: Receipt, outcome: outbox.Outcome
) -> None:
    now = desk.wall.now
    async with desk.pool.acquire() as conn, conn.transaction():
        await outbox.note(conn, piece, receipt, outcome, due_at=now, at=now)
