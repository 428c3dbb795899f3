"""Callback attempts on a real PostgreSQL: one live attempt, each step once, nothing lost."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from callback_survey import attempts
from callback_survey.attempts import Attempt, AttemptState, Refusal
from callback_survey.errors import AnswerInvalidError, AttemptNotFoundError, NumberInvalidError
from callback_survey.outcome import Outcome
from callback_survey.questionnaire import CASE_CALLBACK_V1

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
NUMBER = "13800000001"


async def claim(
    pool: asyncpg.Pool,
    case_id: int = 1,
    number: str = NUMBER,
    max_attempts: int = 3,
    switchboard: str = "sb1",
) -> Attempt | None:
    return await attempts.claim(
        pool,
        case_id,
        number,
        switchboard=switchboard,
        questions=CASE_CALLBACK_V1,
        max_attempts=max_attempts,
        now=NOW,
    )


async def claimed(pool: asyncpg.Pool, case_id: int = 1, number: str = NUMBER) -> Attempt:
    attempt = await claim(pool, case_id, number)
    assert attempt is not None
    return attempt


async def in_survey(pool: asyncpg.Pool) -> str:
    attempt = await claimed(pool)
    await attempts.mark_dialling(pool, attempt.attempt_id, now=NOW)
    await attempts.mark_answered(pool, attempt.attempt_id, now=NOW)
    return attempt.attempt_id


async def test_a_claim(pool: asyncpg.Pool) -> None:
    attempt = await claimed(pool, case_id=7)
    assert (attempt.case_id, attempt.number, attempt.attempt_no) == (7, NUMBER, 1)
    assert (attempt.state, attempt.outcome) == (AttemptState.CLAIMED, None)
    assert attempt.questionnaire is CASE_CALLBACK_V1
    assert attempt.claimed_at == NOW
    assert NUMBER not in repr(attempt)
    assert await attempts.find(pool, attempt.attempt_id) == attempt
    assert await attempts.find(pool, "survey-x") is None


async def test_one_live_attempt_per_case_and_per_number(pool: asyncpg.Pool) -> None:
    await claimed(pool)
    assert await claim(pool, case_id=1, number="13800000002") is None
    assert await claim(pool, case_id=2, number=NUMBER) is None
    assert await attempts.why_refused(pool, 1, "13800000002", 3) is Refusal.CASE_IS_LIVE
    assert await attempts.why_refused(pool, 2, NUMBER, 3) is Refusal.NUMBER_IS_LIVE
    assert await attempts.why_refused(pool, 2, "13800000002", 3) is Refusal.NONE
    await claimed(pool, case_id=2, number="13800000002")


@pytest.mark.parametrize("other_case", [0, 1])
async def test_concurrent_claims_give_one_attempt(pool: asyncpg.Pool, other_case: int) -> None:
    wins = await asyncio.gather(*(claim(pool, 1 + n * other_case) for n in range(20)))
    assert sum(win is not None for win in wins) == 1
    assert len(await attempts.live(pool, "sb1")) == 1


async def test_a_claim_waits_for_one_that_is_not_committed(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as first, pool.acquire() as second:
        transaction = first.transaction()
        await transaction.start()
        assert await claim(first) is not None
        waiting = asyncio.create_task(claim(second))
        done, _ = await asyncio.wait([waiting], timeout=0.05)
        assert not done
        await transaction.rollback()
        assert await waiting is not None


async def test_attempts_are_used_up(pool: asyncpg.Pool) -> None:
    for number in range(1, 4):
        attempt = await claimed(pool)
        assert attempt.attempt_no == number
        await attempts.end(pool, attempt.attempt_id, Outcome.BUSY, now=NOW)
    assert await claim(pool) is None
    assert await attempts.why_refused(pool, 1, NUMBER, 3) is Refusal.USED_UP
    assert await claim(pool, max_attempts=4) is not None


async def test_what_was_not_dialled_does_not_count(pool: asyncpg.Pool) -> None:
    for _ in range(4):
        attempt = await claimed(pool)
        await attempts.end(pool, attempt.attempt_id, Outcome.NOT_DIALLED, now=NOW)
    assert (await claimed(pool)).attempt_no == 5


@pytest.mark.parametrize("outcome", [Outcome.COMPLETED, Outcome.INCOMPLETE])
async def test_who_has_answered_is_not_called_again(pool: asyncpg.Pool, outcome: Outcome) -> None:
    attempt = await claimed(pool)
    await attempts.end(pool, attempt.attempt_id, outcome, now=NOW)
    assert await claim(pool) is None
    assert await attempts.why_refused(pool, 1, NUMBER, 3) is Refusal.SETTLED


@pytest.mark.parametrize(
    "number", ["", "12", "+8613800000001", "138 0000", "1" * 21, "1380000000x"]
)
async def test_impossible_numbers(pool: asyncpg.Pool, number: str) -> None:
    with pytest.raises(NumberInvalidError) as raised:
        await claim(pool, number=number)
    assert "138" not in str(raised.value)


async def test_a_whole_survey(pool: asyncpg.Pool) -> None:
    attempt_id = (await claimed(pool)).attempt_id
    dialling = await attempts.mark_dialling(pool, attempt_id, now=NOW)
    assert (dialling.state, dialling.dialled_at) == (AttemptState.DIALLING, NOW)
    later = NOW + timedelta(seconds=9)
    answered = await attempts.mark_answered(pool, attempt_id, now=later)
    assert answered is not None
    assert (answered.state, answered.answered_at) == (AttemptState.IN_SURVEY, later)
    answers = [("contacted", "yes"), ("solved", "no"), ("satisfied", "dissatisfied")]
    for question, answer in answers:
        assert await attempts.record_answer(pool, attempt_id, question, answer, now=later)
    ended = await attempts.end_survey(pool, attempt_id, now=later)
    assert ended is not None
    assert (ended.state, ended.outcome) == (AttemptState.ENDED, Outcome.COMPLETED)
    assert await attempts.live(pool, "sb1") == []
    assert await attempts.of_case(pool, 1) == [ended]


async def test_every_step_happens_once(pool: asyncpg.Pool) -> None:
    attempt_id = (await claimed(pool)).attempt_id
    assert await attempts.mark_answered(pool, attempt_id, now=NOW) is None
    await attempts.mark_dialling(pool, attempt_id, now=NOW)
    with pytest.raises(AttemptNotFoundError):
        await attempts.mark_dialling(pool, attempt_id, now=NOW)
    assert await attempts.mark_answered(pool, attempt_id, now=NOW) is not None
    assert await attempts.mark_answered(pool, attempt_id, now=NOW) is None
    assert await attempts.record_answer(pool, attempt_id, "contacted", "yes", now=NOW)
    assert not await attempts.record_answer(pool, attempt_id, "contacted", "no", now=NOW)
    ended = await attempts.end(pool, attempt_id, Outcome.INCOMPLETE, now=NOW)
    assert ended is not None
    assert await attempts.end(pool, attempt_id, Outcome.UNKNOWN, now=NOW) is None
    assert await attempts.end_survey(pool, attempt_id, now=NOW) is None
    assert await attempts.find(pool, attempt_id) == ended


async def test_answers_belong_to_the_survey(pool: asyncpg.Pool) -> None:
    dialling = await claimed(pool, 2, "13800000002")
    with pytest.raises(AttemptNotFoundError):
        await attempts.record_answer(pool, dialling.attempt_id, "contacted", "yes", now=NOW)
    attempt_id = await in_survey(pool)
    with pytest.raises(AnswerInvalidError):
        await attempts.record_answer(pool, attempt_id, "contacted", "maybe", now=NOW)
    with pytest.raises(AnswerInvalidError):
        await attempts.record_answer(pool, attempt_id, "other", "yes", now=NOW)
    await attempts.end_survey(pool, attempt_id, now=NOW)
    with pytest.raises(AttemptNotFoundError):
        await attempts.record_answer(pool, attempt_id, "contacted", "yes", now=NOW)


async def test_stale_attempts_stay_live_until_resolved(pool: asyncpg.Pool) -> None:
    lost = await claimed(pool)
    await attempts.mark_dialling(pool, lost.attempt_id, now=NOW)
    never_sent = await claimed(pool, 2, "13800000002")
    young = await attempts.claim(
        pool,
        3,
        "13800000003",
        switchboard="sb1",
        questions=CASE_CALLBACK_V1,
        max_attempts=3,
        now=NOW + timedelta(minutes=10),
    )
    assert young is not None
    stale = await attempts.stale(pool, "sb1", before=NOW + timedelta(minutes=5))
    assert {a.attempt_id for a in stale} == {lost.attempt_id, never_sent.attempt_id}
    assert await claim(pool) is None
    outcomes = [await attempts.resolve(pool, a, now=NOW) for a in stale]
    assert {a.attempt_id: a.outcome for a in outcomes if a} == {
        lost.attempt_id: Outcome.UNKNOWN,
        never_sent.attempt_id: Outcome.NOT_DIALLED,
    }
    assert (await claimed(pool)).attempt_no == 2


async def test_each_switchboard_has_its_own_attempts(pool: asyncpg.Pool) -> None:
    """Only there a channel can be found: elsewhere it would seem to be gone, and be redialled."""
    city = await claim(pool, 1, "13800000001", switchboard="city")
    east = await claim(pool, 2, "13800000002", switchboard="east")
    assert await claim(pool, 3, "13800000001", switchboard="east") is None
    later = NOW + timedelta(hours=1)
    for name, own in (("city", city), ("east", east), ("west", None)):
        mine = [own] if own else []
        assert await attempts.live(pool, name) == mine
        assert await attempts.stale(pool, name, before=later) == mine


async def test_an_attempt_that_was_dialled_meanwhile_is_not_resolved(pool: asyncpg.Pool) -> None:
    seen = await claimed(pool)
    dialling = await attempts.mark_dialling(pool, seen.attempt_id, now=NOW)
    assert await attempts.resolve(pool, seen, now=NOW) is None
    assert await attempts.live(pool, "sb1") == [dialling]
    assert await attempts.resolve(pool, dialling, now=NOW) is not None
    assert await attempts.resolve(pool, dialling, now=NOW) is None


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [(0, Outcome.NO_INPUT), (1, Outcome.INCOMPLETE), (2, Outcome.INCOMPLETE)],
)
async def test_a_survey_broken_off(pool: asyncpg.Pool, answers: int, outcome: Outcome) -> None:
    attempt_id = await in_survey(pool)
    for question in ["contacted", "solved"][:answers]:
        await attempts.record_answer(pool, attempt_id, question, "yes", now=NOW)
    ended = await attempts.end_survey(pool, attempt_id, now=NOW)
    assert ended is not None
    assert ended.outcome is outcome


async def test_an_answer_and_the_end_do_not_cross(pool: asyncpg.Pool) -> None:
    attempt_id = await in_survey(pool)
    async with pool.acquire() as answering, answering.transaction():
        await attempts.record_answer(answering, attempt_id, "contacted", "yes", now=NOW)
        ending = asyncio.create_task(_end_in_transaction(pool, attempt_id))
        done, _ = await asyncio.wait([ending], timeout=0.05)
        assert not done
    ended = await ending
    assert ended is not None
    assert ended.outcome is Outcome.INCOMPLETE


async def _end_in_transaction(pool: asyncpg.Pool, attempt_id: str) -> Attempt | None:
    async with pool.acquire() as connection, connection.transaction():
        return await attempts.end_survey(connection, attempt_id, now=NOW)
