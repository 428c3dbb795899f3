"""C5: reminders and automatic supervision, each exactly once, whoever works and dies meanwhile."""

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.case_clocks import BATCH, make_notices, redate_clocks
from gateway.context import Context
from gateway.engines import Engines
from gateway.live import STREAM, LiveEvent, publish
from gateway.readiness import Readiness
from gateway.roles.worker import REGULAR, worker
from gateway.settings import Settings
from tests.support.clocks import TIMING, CaseOffice, at
from tests.support.web import running, until
from ticketing import cases
from ticketing.case import Case, CaseKind, NewCase
from ticketing.clocks.deadline import Allowance, Unit
from ticketing.clocks.following import follow_opening
from ticketing.clocks.notices import claim_due
from ticketing.clocks.rules import Urgency
from ticketing.departments import Level, create_department
from ticketing.lifecycle import Step

START = at("11-23 10:00")  # seven working days: yellow from 11-30, over on 12-02 17:30
YELLOW, RED = at("12-01 10:00"), at("12-02 17:30")


@dataclass
class Wall:
    """A clock on the wall that is set by hand."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def context(pool: asyncpg.Pool, redis: Redis, database_dsn: str, wall: Wall) -> Context:
    engines = Engines(dsn=database_dsn, pool=pool, redis=redis)
    return Context(settings=Settings(), engines=engines, readiness=Readiness(), clock=wall)


async def notices(pool: asyncpg.Pool) -> Counter[tuple[str, int]]:
    rows = await pool.fetch("select notice, term from case_clock_notices")
    return Counter((row["notice"], row["term"]) for row in rows)


async def supervised(pool: asyncpg.Pool, case: Case) -> list[tuple[str, str]]:
    steps = await cases.history(pool, case.case_id)
    return [(step.actor, step.note) for step in steps if step.step is Step.SUPERVISED]


async def told(pool: asyncpg.Pool) -> list[dict[str, Any]]:
    rows = await pool.fetch("select payload from pgqueuer where entrypoint = 'tell' order by id")
    events = [LiveEvent.from_json(row["payload"]) for row in rows]
    return [{"id": event.event_id, "name": event.name, **event.data} for event in events]


async def test_reminder_then_supervision(
    case_office: CaseOffice, pool: asyncpg.Pool, context: Context, wall: Wall
) -> None:
    case = await case_office.open(START)
    assert await make_notices(context) == 0
    wall.now = YELLOW
    assert [await make_notices(context) for _ in range(2)] == [1, 0]
    assert await supervised(pool, case) == []
    wall.now = RED
    assert [await make_notices(context) for _ in range(2)] == [1, 0]
    wall.now = at("12-30 10:00")
    assert await make_notices(context) == 0
    assert (await cases.find_case(pool, case.case_no)).version == case.version + 1
    note = "办结时限（2026-12-02 17:30）已过，系统自动督办"
    assert await supervised(pool, case) == [("system", note)]
    events = await told(pool)
    assert [event["name"] for event in events] == ["case.reminded", "case.overdue"]
    assert events[1] == {
        "id": events[1]["id"],
        "name": "case.overdue",
        "case_no": case.case_no,
        "call_id": None,
        "opened_by": "li",
        "confidential": False,
        "departments": [],
        "notice": True,
        "clock": "closing",
        "deadline": "2026-12-02T09:30:00.000Z",
    }
    counted = await pool.fetch(
        "select name, subject, amount from event_totals where name like 'clock.%' order by name"
    )
    assert [tuple(row) for row in counted] == [
        ("clock.overdue", "closing", 1),
        ("clock.reminded", "closing", 1),
    ]


async def test_departments_are_told(
    case_office: CaseOffice, pool: asyncpg.Pool, context: Context, wall: Wall
) -> None:
    """Those of the case and all above them; of a confidential one only its own."""
    new = NewCase(kind=CaseKind.HELP, title="路灯不亮", body="三天了", department="D1")
    async with pool.acquire() as conn, conn.transaction():
        await create_department(conn, code="C1", name="市局", level=Level.CITY, parent=None)
        await create_department(conn, code="D1", name="区局", level=Level.DISTRICT, parent="C1")
        for each in (new, replace(new, confidential=True)):
            case = await cases.open_case(conn, each, actor=case_office.actor, now=START)
            await follow_opening(
                conn, case, urgency=Urgency.ORDINARY, timing=TIMING, actor="li", at=START
            )
    wall.now = at("11-24 10:00")
    assert await make_notices(context) == 2
    assert [
        (
            *(event["name"], event["clock"], event["departments"]),
            *(event["notice"], event["confidential"]),
        )
        for event in await told(pool)
    ] == [
        ("case.overdue", "signing", ["C1", "D1"], True, False),
        ("case.overdue", "signing", ["D1"], True, True),
    ]


async def test_late_without_a_reminder_is_told_once(
    case_office: CaseOffice, pool: asyncpg.Pool, context: Context, wall: Wall
) -> None:
    await case_office.open(START)
    wall.now = at("12-03 10:00")  # everything stood still meanwhile
    assert await make_notices(context) == 1
    assert await notices(pool) == {("overdue", 1): 1}


async def test_several_workers_at_once(
    case_office: CaseOffice, pool: asyncpg.Pool, context: Context, wall: Wall
) -> None:
    opened = [await case_office.open(START) for _ in range(20)]
    wall.now = RED
    made = await asyncio.gather(*(make_notices(context) for _ in range(4)))
    assert sum(made) == 20
    assert await notices(pool) == {("overdue", 1): 20}
    for case in opened:
        assert len(await supervised(pool, case)) == 1
    assert len({event["id"] for event in await told(pool)}) == 20 == len(await told(pool))


async def test_more_than_a_batch(
    case_office: CaseOffice, pool: asyncpg.Pool, context: Context, wall: Wall
) -> None:
    case = await case_office.open(START)
    await pool.execute(
        "insert into cases (case_no, kind, title, body, state, opened_by, opened_at)"
        " select '20260101-' || n, kind, title, body, state, opened_by, opened_at"
        " from cases, generate_series(10000, 10000 + $1) n",
        BATCH,
    )
    await pool.execute(
        "insert into case_clocks (case_id, kind, rule_id, started_at, deadline, yellow_from,"
        " notice_at) select c.case_id, k.kind, k.rule_id, k.started_at, k.deadline, k.yellow_from,"
        " k.notice_at from cases c, case_clocks k where k.case_id = $1 and c.case_id <> $1",
        case.case_id,
    )
    wall.now = RED
    assert await make_notices(context) == BATCH + 2


async def test_killed_between_claim_and_commit(
    case_office: CaseOffice, pool: asyncpg.Pool, context: Context, wall: Wall, database_dsn: str
) -> None:
    case = await case_office.open(START)
    wall.now = RED
    dying = await asyncpg.connect(database_dsn)
    await dying.execute("begin")
    assert len(await claim_due(dying, now=RED, limit=10)) == 1
    assert await make_notices(context) == 0  # the other has it
    dying.terminate()

    async def made() -> bool:
        return await make_notices(context) == 1

    await until(made)
    assert await notices(pool) == {("overdue", 1): 1}
    assert len(await supervised(pool, case)) == 1


async def test_case_that_is_being_closed_is_let_be(
    case_office: CaseOffice, pool: asyncpg.Pool, context: Context, wall: Wall
) -> None:
    case = await case_office.open(START)
    wall.now = RED
    async with pool.acquire() as closing, closing.transaction():
        await closing.execute("select from cases where case_id = $1 for update", case.case_id)
        assert await make_notices(context) == 0
    await case_office.stop(case, RED)
    assert await make_notices(context) == 0
    assert await supervised(pool, case) == []


async def test_extension_moves_the_notices(
    case_office: CaseOffice, pool: asyncpg.Pool, context: Context, wall: Wall
) -> None:
    case = await case_office.open(START)
    wall.now = YELLOW
    await make_notices(context)
    await case_office.extend(case, Allowance(7, Unit.WORKING_DAYS), YELLOW)  # until 12-11
    wall.now = RED
    assert await make_notices(context) == 0
    wall.now = at("12-11 10:00")
    assert await make_notices(context) == 1
    wall.now = at("12-11 17:30")
    assert await make_notices(context) == 1
    expected = {("reminded", 1): 1, ("reminded", 2): 1, ("overdue", 2): 1}
    assert await notices(pool) == expected


async def test_pause_holds_the_notices(
    case_office: CaseOffice, pool: asyncpg.Pool, context: Context, wall: Wall
) -> None:
    case = await case_office.open(START)
    wall.now = YELLOW
    await make_notices(context)
    await case_office.pause(case, YELLOW)
    wall.now = at("12-09 10:00")
    assert await make_notices(context) == 0
    await case_office.resume(case, at("12-09 10:00"))  # six working days later
    assert await make_notices(context) == 0  # reminded before, not again
    wall.now = at("12-10 17:30")
    assert await make_notices(context) == 1
    assert await notices(pool) == {("reminded", 1): 1, ("overdue", 1): 1}


async def test_worker_makes_them_and_tells_the_pages(
    case_office: CaseOffice,
    pool: asyncpg.Pool,
    context: Context,
    wall: Wall,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two workers, with the jobs as they really run; what was told is told once by its id."""
    monkeypatch.setitem(REGULAR, make_notices, "* * * * * */1")
    case = await case_office.open(START, Urgency.URGENT)
    undated = await case_office.open(at("12-29 10:00"))
    await pool.execute("insert into calendar_years values (2027, 'admin', now())")
    wall.now = RED
    second = replace(context, readiness=Readiness())

    async def arrived() -> bool:
        entries: Any = await context.engines.redis.xrange(STREAM)
        names = [LiveEvent.from_json(fields["e"]).name for _, fields in entries]
        return "case.overdue" in names

    async def dated() -> bool:
        return (await case_office.clock(undated)).deadline is not None

    async with running(worker(context), worker(second)):
        await until(arrived, within_s=20)
        await until(dated)
    assert len(await supervised(pool, case)) == 1
    assert await notices(pool) == {("overdue", 1): 1}
    assert await redate_clocks(context) == 0


async def test_killed_after_the_commit_and_redis_away(
    case_office: CaseOffice, context: Context, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever made the notice is gone: another worker tells of it, as soon as Redis is there."""
    case = await case_office.open(START)
    wall.now = RED
    assert await make_notices(context) == 1
    refused: list[str] = []

    async def publish_later(redis: Redis, event: LiveEvent) -> None:
        if len(refused) < 2:
            refused.append(event.event_id)
            raise RedisError
        await publish(redis, event)

    monkeypatch.setattr("gateway.roles.worker.publish", publish_later)
    monkeypatch.setattr("gateway.roles.worker.TELL_AGAIN", timedelta(milliseconds=50))

    async def told_at_last() -> bool:
        entries: Any = await context.engines.redis.xrange(STREAM)
        found = [LiveEvent.from_json(fields["e"]) for _, fields in entries]
        return [event.name for event in found] == ["case.overdue"]

    async with running(worker(context)):
        await until(told_at_last, within_s=20)
    assert len(set(refused)) == 1
    assert len(await supervised(context.engines.pool, case)) == 1
