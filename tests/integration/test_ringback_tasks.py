"""Ring-back tasks on a real PostgreSQL (T8): whatever comes when, one per caller."""

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from callback_survey.errors import RingbackRefusedError
from callback_survey.ringback import attempts
from callback_survey.ringback.attempts import Attempt, AttemptState, Decision
from callback_survey.ringback.outcome import Outcome
from callback_survey.ringback.policy import Policy
from callback_survey.ringback.refusal import Refusal
from callback_survey.ringback.settling import settle, waiting_callers
from callback_survey.ringback.task import Caller, Task
from callback_survey.ringback.tasks import live_tasks, mark_told, untold_tasks
from callback_survey.ringback.transitions import Reason, State
from metrics.callers import CallerCounts, caller_counts, live_ringbacks
from metrics.rates import caller_connection_rate
from metrics.snapshot import SnapshotKeeper
from telephony.events import CallRecord
from telephony.events import Outcome as CallOutcome
from tests.support.figures import exposition, registry_of, scrape, total
from tests.support.missed_calls import NUMBER, at, call, save

POLICY = Policy()


async def settle_all(
    pool: asyncpg.Pool, now: datetime, switchboard: str = "sb1", policy: Policy = POLICY
) -> None:
    for caller in await waiting_callers(pool, switchboard, policy=policy, now=now):
        async with pool.acquire() as connection, connection.transaction():
            await settle(connection, caller, policy=policy, now=now)


async def known(pool: asyncpg.Pool, *calls: CallRecord, now: float = 30) -> list[Task]:
    await save(pool, *calls)
    await settle_all(pool, at(now))
    return await tasks(pool)


async def tasks(pool: asyncpg.Pool) -> list[Task]:
    rows = await pool.fetch("select * from ringback_tasks order by task_id")
    return [Task.from_row(row) for row in rows]


async def claim(pool: asyncpg.Pool, task_id: int, agent: str = "8001", now: float = 30) -> Attempt:
    async with pool.acquire() as connection, connection.transaction():
        return await attempts.claim(connection, task_id, agent, policy=POLICY, now=at(now))


async def refusal(pool: asyncpg.Pool, task_id: int, agent: str = "8001", now: float = 30) -> str:
    with pytest.raises(RingbackRefusedError) as raised:
        await claim(pool, task_id, agent, now)
    return raised.value.refusal


async def mark_dialling(pool: asyncpg.Pool, attempt: Attempt, now: float) -> Attempt | None:
    async with pool.acquire() as connection, connection.transaction():
        return await attempts.mark_dialling(connection, attempt, policy=POLICY, now=at(now))


async def end(pool: asyncpg.Pool, attempt: Attempt, outcome: Outcome, now: float) -> Attempt | None:
    async with pool.acquire() as connection, connection.transaction():
        return await attempts.end(
            connection, attempt.attempt_id, outcome, policy=POLICY, now=at(now)
        )


async def totals(pool: asyncpg.Pool) -> dict[tuple[str, str, str], int]:
    rows = await pool.fetch(
        "select name, subject, detail, sum(amount)::int as n from event_totals"
        " where name like 'ringback.%' group by 1, 2, 3 having sum(amount) <> 0"
    )
    return {(row["name"], row["subject"], row["detail"]): row["n"] for row in rows}


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


async def test_one_agent_takes_a_task(pool: asyncpg.Pool) -> None:
    [task] = await known(pool, call(1, 0))
    answers = await asyncio.gather(
        *(claim(pool, task.task_id, f"80{n:02d}") for n in range(8)), return_exceptions=True
    )
    won = [one for one in answers if isinstance(one, Attempt)]
    lost = [one.refusal for one in answers if isinstance(one, RingbackRefusedError)]
    assert (len(won), set(lost)) == (1, {Refusal.IN_HAND})
    [task] = await live_tasks(pool)
    assert (task.state, task.agent, task.happened) == (
        State.IN_HAND,
        won[0].agent,
        "ringback.taken",
    )


async def test_an_agent_rings_one_citizen_at_a_time(pool: asyncpg.Pool) -> None:
    one, other = await known(pool, call(1, 0), call(2, 0, caller="13800000002"))
    await claim(pool, one.task_id)
    assert await refusal(pool, other.task_id) == Refusal.AGENT_BUSY
    assert (await claim(pool, other.task_id, "8002")).agent == "8002"


async def test_reached(pool: asyncpg.Pool) -> None:
    [task] = await known(pool, call(1, 0))
    attempt = await claim(pool, task.task_id)
    dialling = await mark_dialling(pool, attempt, 31)
    assert dialling is not None
    assert dialling.state is AttemptState.DIALLING
    assert await mark_dialling(pool, attempt, 31) is None
    ended = await end(pool, attempt, Outcome.ANSWERED, 32)
    assert ended is not None
    assert await end(pool, attempt, Outcome.BUSY, 33) is None
    [task] = await tasks(pool)
    assert (task.state, task.attempts, task.agent) == (State.REACHED, 1, "8001")
    assert task.happened == "ringback.reached"
    counted = await totals(pool)
    assert counted["ringback.tried", "", "answered"] == 1
    assert counted["ringback.closed", "reached", ""] == 1
    assert await refusal(pool, task.task_id) == Refusal.CLOSED


async def test_spacing_and_the_last_attempt(pool: asyncpg.Pool) -> None:
    [task] = await known(pool, call(1, 0))
    for number, minute in enumerate((30, 45, 60), 1):
        attempt = await claim(pool, task.task_id, now=minute)
        await mark_dialling(pool, attempt, minute)
        await end(pool, attempt, Outcome.NO_ANSWER, minute + 1)
        [task] = await tasks(pool)
        assert task.attempts == number
        if number < 3:
            assert await refusal(pool, task.task_id, now=minute + 2) == Refusal.TOO_SOON
    assert task.state is State.GIVEN_UP


async def test_calling_hours(pool: asyncpg.Pool) -> None:
    [task] = await known(pool, call(1, 0))
    assert await refusal(pool, task.task_id, now=9 * 60 + 1) == Refusal.OUT_OF_HOURS  # 21:01
    assert (await tasks(pool))[0].state is State.OPEN


async def test_who_gets_through_is_not_dialled(pool: asyncpg.Pool) -> None:
    [task] = await known(pool, call(1, 0))
    attempt = await claim(pool, task.task_id)
    await save(pool, call(2, 31, through=True))  # not settled yet: dialling looks itself
    assert await mark_dialling(pool, attempt, 32) is None
    [task] = await tasks(pool)
    assert (task.state, task.reason) == (State.DROPPED, Reason.GOT_THROUGH)
    [live] = await attempts.live(pool, "sb1")
    assert not live.wanted
    await end(pool, attempt, Outcome.OVERTAKEN, 33)
    assert (await tasks(pool))[0].state is State.DROPPED


async def test_who_got_through_is_not_claimed(pool: asyncpg.Pool) -> None:
    [task] = await known(pool, call(1, 0))
    await save(pool, call(2, 10, through=True))
    assert await refusal(pool, task.task_id) == Refusal.CLOSED
    assert await attempts.live(pool, "sb1") == []
    assert await refusal(pool, 999) == Refusal.NO_SUCH_TASK


async def test_a_clock_put_back(pool: asyncpg.Pool) -> None:
    [task] = await known(pool, call(1, 60), now=61)
    attempt = await claim(pool, task.task_id, now=61)
    await end(pool, attempt, Outcome.NOT_DIALLED, 5)
    again = await claim(pool, task.task_id, now=62)
    assert again.claimed_at > attempt.claimed_at
    assert (await tasks(pool))[0].state is State.IN_HAND


async def test_a_supervisor_drops_a_task(pool: asyncpg.Pool) -> None:
    [task] = await known(pool, call(1, 0))
    await claim(pool, task.task_id)
    decision = Decision("chief", "重复来电，已线下处理")
    async with pool.acquire() as connection, connection.transaction():
        dropped = await attempts.drop(connection, task.task_id, decision, policy=POLICY, now=at(40))
    assert (dropped.state, dropped.reason) == (State.DROPPED, Reason.BY_SUPERVISOR)
    with pytest.raises(RingbackRefusedError):
        async with pool.acquire() as connection, connection.transaction():
            await attempts.drop(connection, task.task_id, decision, policy=POLICY, now=at(41))
    _, again = await known(pool, call(2, 35), now=50)  # he called before that was decided
    assert again.state is State.OPEN


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


async def test_callers_reached(pool: asyncpg.Pool) -> None:
    """The caller-level connection rate counts callers, not calls (DESIGN section 5)."""
    period = at(-60), at(120)
    assert await caller_counts(pool, *period) == CallerCounts()
    await known(
        pool,
        call(1, 0),
        call(2, 5, caller=f"+86{NUMBER}"),  # the same caller
        call(3, 0, caller="13800000002"),
        call(4, 9, caller="13800000002", through=True),
        call(5, 0, caller=""),
        call(6, 0, caller=""),  # nobody knows whether it is the same
        call(7, 0, caller="13800000003", outcome=CallOutcome.ABANDONED_GREETING, offered=False),
        call(8, 0, caller="13800000004"),
    )
    assert await caller_counts(pool, *period) == CallerCounts(asked=5, answered=1)
    by_number = {task.number: task for task in await tasks(pool)}
    reached = await claim(pool, by_number[NUMBER].task_id)
    await end(pool, reached, Outcome.ANSWERED, 31)
    vain = await claim(pool, by_number["13800000004"].task_id)
    await end(pool, vain, Outcome.BUSY, 32)
    counts = await caller_counts(pool, *period)
    assert counts == CallerCounts(asked=5, answered=1, rung_back=1)
    assert caller_connection_rate(counts).rate == 0.4
    # Reached after the period is not reached within it.
    assert (await caller_counts(pool, at(-60), at(20))).rung_back == 0
    live = await live_ringbacks(pool)
    assert (live.open, live.in_hand, live.oldest_at) == (1, 0, at(0))


async def test_published_figures(pool: asyncpg.Pool) -> None:
    await known(pool, call(1, 0), call(2, 0, caller=""), call(3, 0, caller="13800000002"))
    [task, _] = await live_tasks(pool)
    await claim(pool, task.task_id)
    source = SnapshotKeeper(pool, clock=lambda: at(50))
    await source.refresh()
    samples = scrape(registry_of(source))
    missed = "hotline_ringback_missed_calls_total"
    assert total(samples, missed, verdict="missed") == 2
    assert total(samples, missed, verdict="withheld") == 1
    assert total(samples, missed, verdict="short") == 0
    assert total(samples, "hotline_ringback_tasks_opened_total") == 2
    assert total(samples, "hotline_ringback_tasks_closed_total") == 0
    assert total(samples, "hotline_ringback_tasks", state="open") == 1
    assert total(samples, "hotline_ringback_tasks", state="in_hand") == 1
    assert total(samples, "hotline_ringback_oldest_seconds") == 50 * 60
    assert total(samples, "hotline_callers_asked") == 3
    assert total(samples, "hotline_callers_reached") == 0
    assert NUMBER not in exposition(registry_of(source))
