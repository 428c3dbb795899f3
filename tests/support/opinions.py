"""What citizens say, stored as the program stores it."""

from datetime import datetime
from typing import Any

import asyncpg

from callback_survey import attempts
from callback_survey.questionnaire import CASE_CALLBACK_V1
from tests.support.web import NOW
from tests.support.web_switchboard import CALLER


async def rate(pool: asyncpg.Pool, call_id: str, answer: str, *, at: datetime = NOW) -> None:
    """An after-call rating."""
    await pool.execute(
        "insert into ratings (call_id, agent, queue, scale, answer, given_at)"
        " values ($1, '1001', '12345', 'three_step', $2, $3)",
        *(call_id, answer, at),
    )


async def answer_callback(pool: asyncpg.Pool, case_no: str, **answers: str) -> None:
    """A callback about a case in which the citizen answers these questions."""
    case_id = await pool.fetchval("select case_id from cases where case_no = $1", case_no)
    how: dict[str, Any] = {"questions": CASE_CALLBACK_V1, "max_attempts": 3, "now": NOW}
    attempt = await attempts.claim(pool, case_id, CALLER, switchboard="sb1", **how)
    assert attempt is not None
    await attempts.mark_dialling(pool, attempt.attempt_id, now=NOW)
    await attempts.mark_answered(pool, attempt.attempt_id, now=NOW)
    async with pool.acquire() as connection, connection.transaction():
        for question, answer in answers.items():
            await attempts.record_answer(connection, attempt.attempt_id, question, answer, now=NOW)
        await attempts.end_survey(connection, attempt.attempt_id, now=NOW)
