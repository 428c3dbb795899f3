"""Ratings and survey results on a real PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import asyncpg
import pytest

from callback_survey import attempts, ratings, results
from callback_survey.errors import AnswerInvalidError, QuestionnaireUnknownError
from callback_survey.outcome import Outcome
from callback_survey.questionnaire import CASE_CALLBACK_V1
from callback_survey.ratings import Rating

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
RATING = Rating(
    call_id="sb1-1795420800.7",
    agent="1001",
    queue="12345",
    scale="three_step",
    answer="satisfied",
    given_at=NOW,
)


async def test_the_first_rating_of_a_call_stands(pool: asyncpg.Pool) -> None:
    assert await ratings.store_rating(pool, RATING)
    assert not await ratings.store_rating(pool, RATING)
    assert not await ratings.store_rating(pool, replace(RATING, answer="dissatisfied"))
    assert await ratings.rating_of_call(pool, RATING.call_id) == RATING
    assert await ratings.rating_of_call(pool, "sb1-0.0") is None


async def test_a_rating_sent_twice_at_once_is_stored_once(pool: asyncpg.Pool) -> None:
    new = await asyncio.gather(*(ratings.store_rating(pool, RATING) for _ in range(8)))
    assert new.count(True) == 1


async def test_agent_and_queue_may_be_unknown(pool: asyncpg.Pool) -> None:
    rating = replace(RATING, agent=None, queue=None)
    assert await ratings.store_rating(pool, rating)
    assert await ratings.rating_of_call(pool, RATING.call_id) == rating


async def test_ratings_of_no_scale_are_refused(pool: asyncpg.Pool) -> None:
    with pytest.raises(AnswerInvalidError):
        await ratings.store_rating(pool, replace(RATING, answer="1"))
    with pytest.raises(QuestionnaireUnknownError):
        await ratings.store_rating(pool, replace(RATING, scale="ten_step"))


async def attempt(
    pool: asyncpg.Pool, case_id: int, outcome: Outcome | None, answers: dict[str, str]
) -> str:
    claimed = await attempts.claim(
        pool,
        case_id,
        f"1380000{case_id:04}",
        switchboard="sb1",
        questions=CASE_CALLBACK_V1,
        max_attempts=3,
        now=NOW,
    )
    assert claimed is not None
    attempt_id = claimed.attempt_id
    await attempts.mark_dialling(pool, attempt_id, now=NOW)
    if answers:
        await attempts.mark_answered(pool, attempt_id, now=NOW)
    for question, answer in answers.items():
        await attempts.record_answer(pool, attempt_id, question, answer, now=NOW)
    if outcome:
        await attempts.end(pool, attempt_id, outcome, now=NOW)
    return attempt_id


ANSWERS = {"contacted": "yes", "solved": "yes", "satisfied": "basically_satisfied"}


async def test_results_of_a_case(pool: asyncpg.Pool) -> None:
    busy = await attempt(pool, 1, Outcome.BUSY, {})
    done = await attempt(pool, 1, Outcome.COMPLETED, ANSWERS)
    await attempt(pool, 2, Outcome.COMPLETED, ANSWERS)
    found = await results.results_of_case(pool, 1)
    assert [(r.attempt.attempt_id, r.attempt.attempt_no, r.answers) for r in found] == [
        (busy, 1, {}),
        (done, 2, ANSWERS),
    ]
    assert await results.results_of_case(pool, 3) == []
