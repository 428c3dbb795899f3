"""C7: citizens are told when their case is accepted and closed, once, whatever the gateway does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
import structlog
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from gateway.carrying import LEASE_MARGIN
from gateway.context import Context
from gateway.engines import Engines
from gateway.notices import outbox
from gateway.notices.job import carry_notices, purge_notices
from gateway.notices.provider import Receipt, Verdict
from gateway.readiness import Readiness
from gateway.roles.worker import worker
from gateway.settings import Settings
from metrics.exporter import FiguresCollector
from metrics.notices import OUTCOMES
from metrics.snapshot import SnapshotKeeper
from tests.support.notices import MOBILE, NoticeDesk, notice_desk, settings_for
from tests.support.ports import free_port
from tests.support.web import running, until
from tests.support.webhooks import OK, START, answer, receiving
from ticketing.case import Case
from ticketing.lifecycle import Step

DAY = timedelta(days=1)


@pytest.fixture
async def desk(database_dsn: str, redis: Redis) -> AsyncIterator[NoticeDesk]:
    async with notice_desk(database_dsn, redis) as opened:
        yield opened


async def accepted(desk: NoticeDesk, **changed: Any) -> Case:
    case = await desk.open(**changed)
    await desk.step(case, Step.ACCEPTED)
    return case


async def test_what_is_sent(desk: NoticeDesk) -> None:
    case = await accepted(desk, caller=f"+86{MOBILE}")
    assert await desk.round() == 1
    await desk.close(case)
    assert await desk.round() == 1
    first, second = desk.gateway.received
    assert first.content == {
        "id": first.event_id,
        "kind": "accepted",
        "case_no": case.case_no,
        "timestamp": "2026-11-23T08:00:00.000Z",
        "to": MOBILE,
        "text": f"您反映的事项已受理，工单编号{case.case_no}。"
        "凭工单编号和来电号码后四位可查询进度：致电12345，听到问候时按*键，或登录热线网站。",
    }
    assert first.headers["content-type"] == "application/json"
    assert first.headers["idempotency-key"] == first.event_id != second.event_id
    assert first.is_signed()
    assert second.is_signed()
    assert second.content["text"].startswith(f"您反映的事项（工单编号{case.case_no}）已办结。")
    assert await desk.notices() == [("accepted", "sent"), ("closed", "sent")]
    stored = await desk.pool.fetchval("select string_agg(n::text, '') from citizen_notices n")
    assert MOBILE not in stored


async def test_accepted_once_and_once_more_when_reopened(desk: NoticeDesk) -> None:
    case = await accepted(desk)
    again = {"department": "D1", "reason": "换人办理"}
    await desk.step(case, Step.REDISPATCHED, **again)
    await desk.step(case, Step.ACCEPTED)
    assert await desk.notices() == [("accepted", "waiting")]
    await desk.close(case)
    await desk.step(case, Step.REOPENED, **again)
    await desk.step(case, Step.ACCEPTED)
    await desk.step(case, Step.REDISPATCHED, **again)
    await desk.step(case, Step.ACCEPTED)
    await desk.close(case)
    kinds = [kind for kind, _ in await desk.notices()]
    assert kinds == ["accepted", "closed", "accepted", "closed"]


async def test_closed_by_the_agent_himself(desk: NoticeDesk) -> None:
    await desk.open(department=None, result="已答复")
    case = await desk.open(department=None)
    await desk.step(case, Step.CLOSED, result="已办")
    assert await desk.notices() == [("closed", "waiting")] * 2


@pytest.mark.parametrize(
    "caller", ["", "02085550001", "008613", "12345", "10086", "0085251234567", "+14155550123"]
)
async def test_who_has_no_mobile_number_is_told_nothing(desk: NoticeDesk, caller: str) -> None:
    await desk.close(await accepted(desk, caller=caller))
    assert await desk.notices() == []


async def test_what_is_told_to_nobody(desk: NoticeDesk) -> None:
    """Confidential, rolled back, merged or withdrawn, of a transcript, words switched off."""
    await desk.close(await accepted(desk, confidential=True))
    case, other = await desk.open(), await desk.open()
    with pytest.raises(ZeroDivisionError):
        await roll_back(desk, case)
    await desk.step(case, Step.MERGED_INTO, target=other.case_no)
    await desk.step(other, Step.WITHDRAWN, reason="本人要求")
    await desk.open(department=None, result="已答复", call_id="sb1-transcript-18.1")
    await desk.pool.execute("update notice_templates set active = false where kind = 'closed'")
    await desk.open(department=None, result="已答复")
    assert await desk.notices() == []


async def roll_back(desk: NoticeDesk, case: Case) -> None:
    """Close a case, and think better of it."""
    async with desk.pool.acquire() as conn, conn.transaction():
        await conn.execute(
            "insert into case_history (case_id, version, at, actor, step, note, from_state,"
            " to_state) values ($1, 9, now(), 'li', 'closed', '', 'handling', 'closed')",
            case.case_id,
        )
        assert await conn.fetchval("select count(*) from citizen_notices") == 1
        raise ZeroDivisionError


async def test_history_is_told_to_nobody(desk: NoticeDesk) -> None:
    case = await desk.open()
    async with desk.pool.acquire() as conn, conn.transaction():
        await conn.execute("select set_config('hotline.history', 'on', true)")
        await conn.execute(
            "insert into case_history (case_id, version, at, actor, step, note, from_state,"
            " to_state) values ($1, 9, now(), 'li', 'imported', '', null, 'closed')",
            case.case_id,
        )
    assert await desk.notices() == []


async def test_without_a_provider_none_are_written(
    pool: asyncpg.Pool, redis: Redis, database_dsn: str
) -> None:
    """And that is said, once, when the worker starts."""
    async with notice_desk(database_dsn, redis) as desk:
        case = await accepted(desk)
        await desk.pool.execute("delete from citizen_notices")
        engines = Engines(dsn=database_dsn, pool=pool, redis=redis)
        silent = Context(settings=Settings(), engines=engines, readiness=Readiness())
        desk.context = silent
        await desk.close(case)
        assert await desk.notices() == []
    with structlog.testing.capture_logs() as lines:
        await carry_notices(silent)
    assert [line["event"] for line in lines] == ["notices_off"]


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


async def test_metrics(desk: NoticeDesk) -> None:
    desk.gateway.script = [OK, answer(422), answer(500)]
    for _ in range(3):
        await accepted(desk)
        await desk.round()
    await accepted(desk)
    registry = CollectorRegistry(auto_describe=False)
    keeper = SnapshotKeeper(desk.pool)
    await keeper.refresh()
    registry.register(FiguresCollector(keeper, queues=set(), planned_seats=1))
    value = registry.get_sample_value
    attempts = {
        each: value("hotline_notice_attempts_total", {"outcome": each}) for each in OUTCOMES
    }
    assert attempts == {"sent": 1, "failed": 1, "refused": 1, "expired": 0}
    assert value("hotline_notices_waiting") == 2
    assert value("hotline_notices_dead") == 1
    assert value("hotline_notices_oldest_waiting_seconds") != 0


async def test_ended_ones_are_forgotten_after_a_while(desk: NoticeDesk) -> None:
    desk.gateway.script = [OK, answer(400), answer(500)]
    for _ in range(3):
        await accepted(desk)
        await desk.round()
    desk.wall.now = START + timedelta(days=desk.context.settings.notice_keep_days)
    assert await purge_notices(desk.context) == 0
    desk.wall.now += timedelta(seconds=1)
    assert await purge_notices(desk.context) == 2
    assert await desk.notices() == [("accepted", "waiting")]
    assert await desk.outcomes() == ["failed"]


async def test_worker_carries_them(desk: NoticeDesk) -> None:
    """As the program runs it, with another worker beside it."""
    desk.gateway.script = [b""]
    case = await accepted(desk)
    await desk.close(case)

    async def told() -> bool:
        desk.wall.now += timedelta(milliseconds=100)
        return await desk.notices() == [("accepted", "sent"), ("closed", "sent")]

    async with running(worker(desk.context), worker(desk.context)):
        await until(told, within_s=20)
    assert [each.content["kind"] for each in desk.gateway.received if each.accepted] == [
        "accepted",
        "closed",
    ]


def test_secret_is_not_shown() -> None:
    settings = settings_for("https://sms.example/send")
    assert settings.notice_secret is not None
    assert settings.notice_secret.get_secret_value() not in repr(settings)
