"""Ring-back tasks that agents take (T8), on a real PostgreSQL."""

import asyncio

import asyncpg
import pytest

from callback_survey.errors import RingbackRefusedError
from callback_survey.ringback import attempts
from callback_survey.ringback.attempts import Attempt, AttemptState, Decision
from callback_survey.ringback.outcome import Outcome
from callback_survey.ringback.refusal import Refusal
from callback_survey.ringback.tasks import live_tasks
from callback_survey.ringback.transitions import Reason, State
from tests.support.missed_calls import at, call, save
from tests.support.ringback_store import (
    POLICY,
    claim,
    end,
    known,
    mark_dialling,
    refusal,
    tasks,
    totals,
)


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
