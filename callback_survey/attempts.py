"""Callback attempts: one live attempt per case and per number, claimed before anything is dialled.

States: ``claimed`` → ``dialling`` (Originate may have been sent) → ``in_survey`` (the citizen
answered) → ``ended`` with an outcome. Every function works on a connection in a transaction of the
caller and does its step once, however often it is asked to. While an attempt has not ended, nobody
can claim another one for the case or the number: a lost outcome blocks, it never dials twice.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiosql

from callback_survey.errors import AttemptNotFoundError, NumberInvalidError
from callback_survey.outcome import Outcome, outcome_of_survey
from callback_survey.questionnaire import Questionnaire, questionnaire
from callback_survey.retry import FINAL, FREE

_SQL: Any = aiosql.from_path(Path(__file__).parent / "sql" / "attempts.sql", "asyncpg")
_NUMBER = re.compile(r"[0-9]{3,20}")


class AttemptState(StrEnum):
    """Where an attempt stands."""

    CLAIMED = "claimed"
    DIALLING = "dialling"
    IN_SURVEY = "in_survey"
    ENDED = "ended"


class Refusal(StrEnum):
    """Why no attempt could be claimed."""

    CASE_IS_LIVE = "case_is_live"
    NUMBER_IS_LIVE = "number_is_live"  # another case's callback; try again when that has ended
    SETTLED = "settled"  # the citizen has answered
    USED_UP = "used_up"
    NONE = "none"  # nothing stands in the way any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to reach the citizen of a case; ``attempt_id`` is the ChannelId dialled with.

    ``switchboard`` dials it, and there alone its channel can be found.

    Times are aware, UTC. ``attempt_no`` counts from 1 within the case.
    """

    attempt_id: str
    case_id: int
    switchboard: str
    number: str = field(repr=False)
    questionnaire: Questionnaire = field(repr=False)
    attempt_no: int
    state: AttemptState
    outcome: Outcome | None
    claimed_at: datetime
    dialled_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def from_row(cls, row: Any) -> "Attempt":
        """Read a row of ``survey_attempts``."""
        return cls(
            attempt_id=row["attempt_id"],
            case_id=row["case_id"],
            switchboard=row["switchboard"],
            number=row["number"],
            questionnaire=questionnaire(row["questionnaire"]),
            attempt_no=row["attempt_no"],
            state=AttemptState(row["state"]),
            outcome=Outcome(row["outcome"]) if row["outcome"] else None,
            claimed_at=row["claimed_at"],
            dialled_at=row["dialled_at"],
            answered_at=row["answered_at"],
            ended_at=row["ended_at"],
        )


async def claim(
    connection: Any,
    case_id: int,
    number: str,
    *,
    switchboard: str,
    questions: Questionnaire,
    max_attempts: int,
    now: datetime,
) -> Attempt | None:
    """Claim the next attempt for a case, or return ``None``: `why_refused` tells the reason.

    Raises `NumberInvalidError` for a number that is not 3 to 20 digits.
    """
    if not _NUMBER.fullmatch(number):
        raise NumberInvalidError("a number to be called back has to be 3 to 20 digits")
    row = await _SQL.claim(
        connection,
        attempt_id=f"survey-{uuid4().hex}",
        case_id=case_id,
        switchboard=switchboard,
        number=number,
        questionnaire=questions.name,
        max_attempts=max_attempts,
        final=sorted(FINAL),
        free=sorted(FREE),
        now=now,
    )
    return Attempt.from_row(row) if row else None


async def why_refused(connection: Any, case_id: int, number: str, max_attempts: int) -> Refusal:
    """Tell why `claim` returned ``None``, as far as that still holds."""
    attempts = await of_case(connection, case_id)
    if any(attempt.outcome is None for attempt in attempts):
        return Refusal.CASE_IS_LIVE
    if any(attempt.outcome in FINAL for attempt in attempts):
        return Refusal.SETTLED
    if count_used(attempts) >= max_attempts:
        return Refusal.USED_UP
    if await _SQL.live_attempt_of_number(connection, number=number):
        return Refusal.NUMBER_IS_LIVE
    return Refusal.NONE


def count_used(attempts: list[Attempt]) -> int:
    """Attempts that count against the maximum."""
    return sum(attempt.outcome not in FREE for attempt in attempts)


async def mark_dialling(connection: Any, attempt_id: str, *, now: datetime) -> Attempt:
    """Note, and commit, before Originate is sent. Raises `AttemptNotFoundError` unless claimed."""
    return _required(await _SQL.mark_dialling(connection, attempt_id=attempt_id, now=now))


async def mark_answered(connection: Any, attempt_id: str, *, now: datetime) -> Attempt | None:
    """Enter the survey; ``None`` unless the attempt is being dialled (or it was entered before)."""
    row = await _SQL.mark_answered(connection, attempt_id=attempt_id, now=now)
    return Attempt.from_row(row) if row else None


async def record_answer(
    connection: Any, attempt_id: str, question: str, answer: str, *, now: datetime
) -> bool:
    """Store the answer to a question; return whether it is new: the first one stands.

    Raises `AttemptNotFoundError` unless the citizen is in the survey, `AnswerInvalidError` when
    the question or the answer is not of the attempt's questionnaire.
    """
    attempt = _required(await _SQL.lock_in_survey(connection, attempt_id=attempt_id))
    attempt.questionnaire.check(question, answer)
    status = await _SQL.record_answer(
        connection, attempt_id=attempt_id, question=question, answer=answer, now=now
    )
    return bool(status == "INSERT 0 1")


async def recover_answer(
    connection: Any, attempt_id: str, question: str, key: str, *, given_at: datetime
) -> str | None:
    """Store an answer of which only the switchboard kept the ``key``; the answer if it is new.

    A survey that was judged without it is judged anew; nobody who has answered is called again.
    ``None`` as well for an attempt, a question or a key that is not known.
    """
    row = await _SQL.lock_attempt(connection, attempt_id=attempt_id)
    if row is None:
        return None
    attempt = Attempt.from_row(row)
    answer = attempt.questionnaire.answer_to(question, key)
    if answer is None:
        return None
    status = await _SQL.record_answer(
        connection, attempt_id=attempt_id, question=question, answer=answer, now=given_at
    )
    if status != "INSERT 0 1":
        return None
    if attempt.outcome in {Outcome.NO_INPUT, Outcome.INCOMPLETE}:
        answered = await _SQL.count_answers(connection, attempt_id=attempt_id)
        outcome = outcome_of_survey(answered, len(attempt.questionnaire.questions))
        await _SQL.judge_anew(connection, attempt_id=attempt_id, outcome=outcome.value)
    return answer


async def end(
    connection: Any, attempt_id: str, outcome: Outcome, *, now: datetime
) -> Attempt | None:
    """End an attempt; ``None`` when it has ended already: the first outcome stands."""
    row = await _SQL.end_attempt(connection, attempt_id=attempt_id, outcome=outcome.value, now=now)
    return Attempt.from_row(row) if row else None


async def end_survey(connection: Any, attempt_id: str, *, now: datetime) -> Attempt | None:
    """End a survey by what was answered; ``None`` when the attempt has ended already."""
    row = await _SQL.lock_live(connection, attempt_id=attempt_id)
    return await _end_judged(connection, Attempt.from_row(row), now) if row else None


async def resolve(connection: Any, seen: Attempt, *, now: datetime) -> Attempt | None:
    """End a stale attempt whose channel is gone; ``None`` when it has got on since it was seen.

    Between reading it and looking its channel up, somebody may have dialled it: then it is not
    ended, for it would be dialled again. It was not dialled at all, dialled with an outcome that
    nobody saw, or broken off in the survey (judged by its answers).
    """
    row = await _SQL.lock_live(connection, attempt_id=seen.attempt_id)
    if row is None or Attempt.from_row(row) != seen:
        return None
    return await _end_judged(connection, seen, now)


async def find(connection: Any, attempt_id: str) -> Attempt | None:
    """Return an attempt by its id."""
    row = await _SQL.find_attempt(connection, attempt_id=attempt_id)
    return Attempt.from_row(row) if row else None


async def live(connection: Any, switchboard: str) -> list[Attempt]:
    """Return the attempts of a switchboard that have not ended, the oldest first."""
    rows = _SQL.live_attempts(connection, switchboard=switchboard)
    return [Attempt.from_row(row) async for row in rows]


async def stale(connection: Any, switchboard: str, *, before: datetime) -> list[Attempt]:
    """Return attempts of a switchboard that have not got on since ``before``.

    Whoever resolves them looks their channels (``attempt_id``) up first and calls `resolve` for
    those that are gone. They are not ended by age alone.
    """
    rows = _SQL.stale_attempts(connection, switchboard=switchboard, before=before)
    return [Attempt.from_row(row) async for row in rows]


async def of_case(connection: Any, case_id: int) -> list[Attempt]:
    """Return the attempts of a case in order."""
    rows = _SQL.attempts_of_case(connection, case_id=case_id)
    return [Attempt.from_row(row) async for row in rows]


async def _end_judged(connection: Any, attempt: Attempt, now: datetime) -> Attempt | None:
    answered = await _SQL.count_answers(connection, attempt_id=attempt.attempt_id)
    return await end(connection, attempt.attempt_id, _judge(attempt, answered), now=now)


def _judge(attempt: Attempt, answered: int) -> Outcome:
    match attempt.state:
        case AttemptState.CLAIMED:
            return Outcome.NOT_DIALLED
        case AttemptState.IN_SURVEY:
            return outcome_of_survey(answered, len(attempt.questionnaire.questions))
        case _:
            return Outcome.UNKNOWN


def _required(row: Any) -> Attempt:
    if row is None:
        raise AttemptNotFoundError("there is no such attempt in the state that this step needs")
    return Attempt.from_row(row)
