"""Messages to citizens (C7): who is told what, counted, and forgotten after a while."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
import structlog
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from gateway.context import Context
from gateway.engines import Engines
from gateway.notices.job import carry_notices, purge_notices
from gateway.readiness import Readiness
from gateway.roles.worker import worker
from gateway.settings import Settings
from metrics.exporter import FiguresCollector
from metrics.outboxes import NOTICES
from metrics.snapshot import SnapshotKeeper
from tests.support.notices import MOBILE, NoticeDesk, accepted, notice_desk, settings_for
from tests.support.web import running, until
from tests.support.webhooks import OK, START, answer
from ticketing.case import Case
from ticketing.lifecycle import Step

DAY = timedelta(days=1)


@pytest.fixture
async def desk(database_dsn: str, redis: Redis) -> AsyncIterator[NoticeDesk]:
    async with notice_desk(database_dsn, redis) as opened:
        yield opened


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
        each: value("hotline_notice_attempts_total", {"outcome": each}) for each in NOTICES.outcomes
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
