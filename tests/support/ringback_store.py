"""Ring-back tasks in a database: settled, claimed, dialled and ended at given minutes."""

from datetime import datetime

import asyncpg
import pytest

from callback_survey.errors import RingbackRefusedError
from callback_survey.ringback import attempts
from callback_survey.ringback.attempts import Attempt
from callback_survey.ringback.outcome import Outcome
from callback_survey.ringback.policy import Policy
from callback_survey.ringback.settling import settle, waiting_callers
from callback_survey.ringback.task import Task
from telephony.events import CallRecord
from tests.support.missed_calls import at, save

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
