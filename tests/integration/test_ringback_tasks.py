"""Ring-back tasks on a real PostgreSQL (T8): whatever comes when, one per caller."""

import asyncio
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from callback_survey.ringback import attempts
from callback_survey.ringback.settling import settle, waiting_callers
from callback_survey.ringback.task import Caller
from callback_survey.ringback.tasks import mark_told, untold_tasks
from callback_survey.ringback.transitions import Reason, State
from telephony.events import Outcome
from tests.support.missed_calls import NUMBER, at, call, save
from tests.support.ringback_store import (
    POLICY,
    known,
    settle_all,
    tasks,
    totals,
)


async def test_missed_calls_of_a_caller_are_one_task(pool: asyncpg.Pool) -> None:
    [first] = await known(pool, call(1, 0))
    assert (first.state, first.missed_calls, first.happened) == (State.OPEN, 1, "ringback.opened")
    assert NUMBER not in repr(first)
    again = call(2, 10, caller=f"+86{NUMBER}")
    [joined] = await known(pool, again, call(3, 20, caller=f"0{NUMBER}"))
    assert (joined.task_id, joined.missed_calls) == (first.task_id, 3)
    assert (joined.first_missed_at, joined.last_missed_at) == (at(0), at(20))
    assert joined.last_call_id == "sb1-1795420800.3"
    assert (joined.version, joined.happened) == (2, "ringback.joined")


async def test_other_numbers_and_switchboards_have_their_own(pool: asyncpg.Pool) -> None:
    await known(pool, call(1, 0), call(2, 0, caller="02150000001"))
    await save(pool, call(3, 0, switchboard="sb2"))
    await settle_all(pool, at(1), "sb2")
    assert [(t.switchboard, t.number) for t in await tasks(pool)] == [
        ("sb1", NUMBER),
        ("sb1", "02150000001"),
        ("sb2", NUMBER),
    ]
    await save(pool, call(4, 5, through=True, switchboard="sb2"))
    await settle_all(pool, at(9), "sb2")
    assert [t.state for t in await tasks(pool)] == [State.OPEN, State.OPEN, State.DROPPED]


async def test_getting_through_drops_the_task_also_when_told_late(pool: asyncpg.Pool) -> None:
    await known(pool, call(1, 0), call(2, 20))
    [task] = await known(pool, call(3, 30, through=True))
    assert (task.state, task.reason) == (State.DROPPED, Reason.GOT_THROUGH)
    # The answered call of a gap divides the missed ones before it; the last one begins a new task.
    rows = await known(pool, call(4, 40), call(5, 10, through=True), now=50)
    first, second, third = sorted(rows, key=lambda one: one.first_missed_at)
    assert first.task_id == task.task_id
    assert [(t.missed_calls, t.state) for t in (first, second, third)] == [
        (1, State.DROPPED),
        (1, State.DROPPED),
        (1, State.OPEN),
    ]


async def test_a_call_repaired_to_answered(pool: asyncpg.Pool) -> None:
    [task] = await known(pool, call(1, 0))
    [task] = await known(pool, call(1, 0, through=True, revision=6))
    assert (task.state, task.reason, task.missed_calls) == (State.DROPPED, Reason.CORRECTED, 0)
    assert await pool.fetchval("select count(*) from ringback_calls") == 0
    assert await totals(pool) == {
        ("ringback.opened", "", ""): 1,
        ("ringback.closed", "dropped", "corrected"): 1,
    }


async def test_a_call_repaired_to_self_served(pool: asyncpg.Pool) -> None:
    [task] = await known(pool, call(1, 0))
    served = call(1, 0, outcome=Outcome.SELF_SERVED, offered=False, revision=6)
    [task] = await known(pool, served)
    assert (task.state, task.reason, task.missed_calls) == (State.DROPPED, Reason.CORRECTED, 0)


async def test_an_older_revision_brings_nothing_back(pool: asyncpg.Pool) -> None:
    await known(pool, call(1, 0, through=True, revision=6))
    assert await known(pool, call(1, 0, revision=5)) == []


async def test_repeats_change_nothing(pool: asyncpg.Pool) -> None:
    before = await known(pool, call(1, 0), call(2, 10))
    for _ in range(3):
        assert await known(pool, call(1, 0), call(2, 10), call(2, 10, revision=9)) == before
    counted = await totals(pool)
    assert counted["ringback.missed", "missed", ""] == 2
    assert await pool.fetchval("select count(*) from ringback_marks") == 0


async def test_callers_without_a_number_are_counted(pool: asyncpg.Pool) -> None:
    assert (
        await known(
            pool,
            call(1, 0, caller=""),
            call(2, 0, caller="1001"),
            call(3, 0, caller="+000000"),
            call(4, 0, caller="12345"),
            call(5, 0, caller="", through=True),
        )
        == []
    )
    assert await totals(pool) == {
        ("ringback.missed", "withheld", ""): 1,
        ("ringback.missed", "invalid", ""): 3,
    }
    [task] = await known(pool, call(1, 0, revision=6))  # the ledger knew his number
    assert task.missed_calls == 1
    assert (await totals(pool))["ringback.missed", "missed", ""] == 1
    assert ("ringback.missed", "withheld", "") not in await totals(pool)


async def test_expired_tasks(pool: asyncpg.Pool) -> None:
    await known(pool, call(1, 0))
    assert await waiting_callers(pool, "sb1", policy=POLICY, now=at(24 * 60 - 1)) == []
    await settle_all(pool, at(24 * 60))
    [task] = await tasks(pool)
    assert (task.state, task.closed_at) == (State.EXPIRED, at(24 * 60))


async def test_history_that_is_imported_rings_nobody(pool: asyncpg.Pool) -> None:
    old = call(1, -60 * 24 * 40)
    assert await known(pool, old) == []
    assert await pool.fetchval("select count(*) from ringback_marks") == 0


async def test_who_gets_through_at_once_costs_nothing(pool: asyncpg.Pool) -> None:
    await save(pool, call(1, 0, through=True), call(2, 0, through=True, caller=""))
    assert await pool.fetchval("select count(*) from ringback_marks") == 2
    assert await waiting_callers(pool, "sb1", policy=POLICY, now=at(5)) == []
    assert await pool.fetchval("select count(*) from ringback_marks") == 0


async def test_every_version_is_told_until_it_was(pool: asyncpg.Pool) -> None:
    await known(pool, call(1, 0))
    [told] = await untold_tasks(pool, "sb1")
    await known(pool, call(2, 1))
    await mark_told(pool, told)
    [told] = await untold_tasks(pool, "sb1")
    assert told.happened == "ringback.joined"
    await mark_told(pool, told)
    await mark_told(pool, replace(told, version=1))
    assert await untold_tasks(pool, "sb1") == []


async def test_a_call_that_changes_while_its_caller_is_settled(pool: asyncpg.Pool) -> None:
    await save(pool, call(1, 0))
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await settle(connection, Caller("sb1", NUMBER), policy=POLICY, now=at(1))
        await save(pool, call(1, 0, through=True, revision=6))  # nobody waits for the settling
        await transaction.commit()
    assert [task.state for task in await tasks(pool)] == [State.OPEN]
    await settle_all(pool, at(2))
    assert [task.state for task in await tasks(pool)] == [State.DROPPED]


async def test_two_gateways_settle_at_once(pool: asyncpg.Pool) -> None:
    await save(pool, *(call(n, n) for n in range(6)))
    await asyncio.gather(*(settle_all(pool, at(30)) for _ in range(6)))
    [task] = await tasks(pool)
    assert (task.missed_calls, task.version) == (6, 1)


@pytest.mark.parametrize(
    "number", ["13800000001", "02150000001", "0085212345678", "10086", "55500001", "4008001234"]
)
async def test_spellings_are_the_inverse_of_the_national_form(
    pool: asyncpg.Pool, number: str
) -> None:
    spellings = await attempts.spellings(pool, number)
    assert number in spellings
    for spelling in spellings:
        assert await pool.fetchval("select caller_number($1)", spelling) == number


async def test_random_order_of_calls(pool: asyncpg.Pool) -> None:
    """Every order of three calls and their repairs ends with the same tasks."""
    steps: list[list[Any]] = [
        [call(1, 0), call(2, 10, through=True), call(3, 20)],
        [call(3, 20), call(2, 10), call(2, 10, through=True, revision=6), call(1, 0)],
        [call(2, 10), call(3, 20), call(1, 0), call(2, 10, through=True, revision=6)],
    ]
    ends = []
    for step in steps:
        await pool.execute("truncate calls, ringback_tasks, ringback_calls, ringback_marks cascade")
        for one in step:
            await known(pool, one)
        found = [task for task in await tasks(pool) if task.missed_calls]
        ends.append(sorted((t.state, t.missed_calls, t.last_missed_at) for t in found))
    assert ends[0] == ends[1] == ends[2] == [("dropped", 1, at(0)), ("open", 1, at(20))]
