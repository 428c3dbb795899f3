"""C1, C2, C4: cases in a real PostgreSQL."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from ticketing import cases
from ticketing.case import Actor, ActorRole, Case, CaseKind, NewCase
from ticketing.case_lists import Scope, Wanted, list_cases
from ticketing.errors import CaseConflictError, CaseInvalidError, CaseNotFoundError
from ticketing.lifecycle import CaseState, Step

NOW = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)  # 00:30 of the 24th in the city
NUMBER = "13800000001"


@pytest.fixture
async def actor(pool: asyncpg.Pool) -> Actor:
    user_id = await pool.fetchval(
        "insert into users (login, password_hash, role, display_name, agent, extension)"
        " values ('li', 'x', 'agent', '李', '1001', '1001') returning user_id"
    )
    return Actor(user_id=user_id, login="li", role=ActorRole.AGENT)


def new_case(**other: Any) -> NewCase:
    return NewCase(kind=CaseKind.HELP, title="路灯不亮", body="三天了", **other)


async def open_one(pool: asyncpg.Pool, actor: Actor, **other: Any) -> Case:
    async with pool.acquire() as conn, conn.transaction():
        return await cases.open_case(conn, new_case(**other), actor=actor, now=NOW)


async def close_one(pool: asyncpg.Pool, actor: Actor, case_no: str, version: int) -> Case:
    async with pool.acquire() as conn, conn.transaction():
        return await cases.close_case(
            conn, case_no, result="已修复", version=version, actor=actor, now=NOW
        )


async def test_open_then_close(pool: asyncpg.Pool, actor: Actor) -> None:
    opened = await open_one(pool, actor, call_id="sb1-1.1", caller=NUMBER)
    assert (opened.case_no, opened.state, opened.version) == (
        "20261124-00001",
        CaseState.REGISTERED,
        1,
    )
    assert (opened.opened_by, opened.opened_at, opened.closed_at) == ("li", NOW, None)
    closed = await close_one(pool, actor, opened.case_no, 1)
    assert (closed.state, closed.result, closed.version) == (CaseState.CLOSED, "已修复", 2)
    assert (closed.closed_at, closed.answered_at_once) == (NOW, False)
    assert await cases.find_case(pool, opened.case_no) == closed
    assert await cases.find_case_by_id(pool, opened.case_id) == closed
    assert await cases.case_of_call(pool, "sb1-1.1") == closed
    steps = [(entry.step, entry.actor) for entry in await cases.history(pool, opened.case_id)]
    assert steps == [(Step.REGISTERED, "li"), (Step.CLOSED, "li")]


async def test_answered_at_once(pool: asyncpg.Pool, actor: Actor) -> None:
    case = await open_one(pool, actor, result="已告知办事地点")
    assert (case.state, case.answered_at_once, case.closed_at) == (CaseState.CLOSED, True, NOW)
    steps = [entry.step for entry in await cases.history(pool, case.case_id)]
    assert steps == [Step.REGISTERED, Step.ANSWERED_AT_ONCE]


async def test_second_case_of_a_call(pool: asyncpg.Pool, actor: Actor) -> None:
    first = await open_one(pool, actor, call_id="sb1-1.1")
    async with pool.acquire() as conn, conn.transaction():
        with pytest.raises(CaseConflictError, match="该通话已有工单"):
            await cases.open_case(conn, new_case(call_id="sb1-1.1"), actor=actor, now=NOW)
        assert await list_cases(conn, Wanted(), actor) == [first]  # the transaction goes on


async def test_numbers_are_given_once(pool: asyncpg.Pool, actor: Actor) -> None:
    opened = await asyncio.gather(*(open_one(pool, actor) for _ in range(20)))
    assert sorted(case.case_no for case in opened) == [
        f"20261124-{number:05d}" for number in range(1, 21)
    ]


async def test_of_several_closers_one_wins(pool: asyncpg.Pool, actor: Actor) -> None:
    case = await open_one(pool, actor)
    results = await asyncio.gather(
        *(close_one(pool, actor, case.case_no, 1) for _ in range(4)), return_exceptions=True
    )
    assert [type(result) for result in results].count(Case) == 1
    assert [type(result) for result in results].count(CaseConflictError) == 3
    steps = [entry.step for entry in await cases.history(pool, case.case_id)]
    assert steps == [Step.REGISTERED, Step.CLOSED]


async def test_refused_closing_changes_nothing(pool: asyncpg.Pool, actor: Actor) -> None:
    case = await open_one(pool, actor)
    with pytest.raises(CaseConflictError, match="已被他人修改"):
        await close_one(pool, actor, case.case_no, 7)
    with pytest.raises(CaseNotFoundError):
        await close_one(pool, actor, "20261124-99999", 1)
    with pytest.raises(CaseInvalidError):
        async with pool.acquire() as conn, conn.transaction():
            await cases.close_case(conn, case.case_no, result="", version=1, actor=actor, now=NOW)
    assert await cases.find_case(pool, case.case_no) == case


async def test_lists(pool: asyncpg.Pool, actor: Actor) -> None:
    first = await open_one(pool, actor, caller=NUMBER)
    second = await open_one(pool, actor, caller=NUMBER, result="已答复")
    other = await open_one(pool, actor)

    async def listed(**wanted: Any) -> list[Case]:
        return await list_cases(pool, Wanted(**wanted), actor)

    assert await listed() == [other, second, first]
    assert await listed(limit=1) == [other]
    assert await listed(state=CaseState.CLOSED) == [second]
    assert await listed(before=NOW) == []
    assert await listed(scope=Scope.MINE) == [other, second, first]
    assert await listed(scope=Scope.INBOX) == [other, first]
    assert await cases.cases_for_caller(pool, NUMBER, actor) == [second, first]
    assert await cases.cases_for_caller(pool, "", actor) == []
    with pytest.raises(CaseNotFoundError):
        await cases.find_case(pool, "nothing")


async def test_history_cannot_be_changed(pool: asyncpg.Pool, actor: Actor) -> None:
    await open_one(pool, actor)
    for change in ("update case_history set note = 'x'", "delete from case_history"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await pool.execute(change)
