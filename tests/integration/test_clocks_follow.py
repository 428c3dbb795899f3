"""C4, C5: the clocks of a case through its life."""

from datetime import datetime
from typing import Any

import asyncpg

from tests.support.clocks import TIMING, CaseOffice, at
from ticketing.case import Actor, ActorRole, Case
from ticketing.clocks.case_clocks import clocks_of
from ticketing.clocks.following import follow_step
from ticketing.lifecycle import Step
from ticketing.steps import StepRequest, read, take_step


async def test_life(case_office: CaseOffice, pool: asyncpg.Pool) -> None:
    for code in ("D1", "D2"):
        await pool.execute("insert into departments (code, name, level) values ($1, $1, 1)", code)
    department = await pool.fetchval("select department_id from departments where code = 'D1'")
    people = {}
    for login, role, of in (
        ("chief", "supervisor", None),
        ("dept", "department", department),
    ):
        user_id = await pool.fetchval(
            "insert into users (login, password_hash, role, display_name, department_id)"
            " values ($1, 'x', $2, $1, $3) returning user_id",
            *(login, role, of),
        )
        people[login] = Actor(user_id=user_id, login=login, role=ActorRole(role), department_id=of)
    case = await case_office.open(at("11-23 10:00"))

    async def step(who: str, step: Step, now: datetime, **given: Any) -> list[str]:
        async with pool.acquire() as conn, conn.transaction():
            current = await read(conn, case.case_id)
            wanted = StepRequest(step=step, version=current.version, **given)
            taken = await take_step(conn, case.case_no, wanted, actor=people[who], now=now)
            await follow_step(
                conn, taken.case, step, days=wanted.days, timing=TIMING, actor=who, at=now
            )
        return await standing(case)

    async def standing(case: Case) -> list[str]:
        clocks = (await clocks_of(pool, [case.case_id]))[case.case_id]
        return sorted(
            f"{clock.kind} {clock.standing.light(at('11-23 10:00'))} {clock.deadline:%m-%d}"
            for clock in clocks
            if clock.stopped_at is None
        )

    chief, dept, now = "chief", "dept", at("11-23 10:00")
    assert await standing(case) == ["closing green 12-02"]
    sent = await step(chief, Step.DISPATCHED, now, department="D1")
    assert sent == ["closing green 12-02", "signing green 11-24"]
    asked = await step(dept, Step.RETURN_ASKED, now, reason="不属本部门")
    assert asked == ["closing paused 12-02", "signing paused 11-24"]
    refused = await step(chief, Step.RETURN_REFUSED, at("11-25 10:00"), reason="属于")
    assert refused == ["closing green 12-04", "signing green 11-26"]
    assert await step(dept, Step.ACCEPTED, at("11-25 11:00")) == ["closing green 12-04"]
    assert await step(dept, Step.EXTENSION_ASKED, now, days=3, reason="难") == [
        "closing green 12-04"
    ]
    assert await step(chief, Step.EXTENSION_GRANTED, now, days=3) == ["closing green 12-09"]
    sent = await step(chief, Step.REDISPATCHED, at("11-26 10:00"), department="D2", reason="改")
    assert sent == ["closing green 12-09", "signing green 11-27"]
    sent = await step(chief, Step.REDISPATCHED, at("11-26 12:00"), department="D1", reason="改")
    assert sent == ["closing green 12-09", "signing green 11-27"]
    assert await step(dept, Step.RETURN_ASKED, at("11-26 13:00"), reason="不属") != []
    assert await step(chief, Step.RETURN_GRANTED, at("11-26 13:00")) == ["closing green 12-09"]
    assert await step(chief, Step.DISPATCHED, at("11-26 13:00"), department="D1") == [
        "closing green 12-09",
        "signing green 11-27",
    ]
    await step(dept, Step.ACCEPTED, at("11-26 14:00"))
    await step(dept, Step.REPLIED, at("11-26 15:00"), result="已办")
    assert await step(chief, Step.REVIEW_PASSED, at("11-26 16:00")) == []
    again = await step(chief, Step.REOPENED, at("11-30 10:00"), department="D1", reason="未解决")
    assert again == ["closing green 12-09", "signing green 12-01"]
