"""Where the FastAGI scripts keep what callers and citizens answer."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from callback_survey import attempts
from callback_survey.ratings import Rating, store_rating
from callback_survey.results import results_of_case
from gateway.context import Context
from gateway.database_away import DATABASE_AWAY
from gateway.live import LiveEvent
from gateway.publisher import Publisher
from gateway.recorder import QUERIES
from gateway.survey_jobs import end_survey_and_follow_up
from ticketing.cases import find_case_by_id

ACQUIRE_TIMEOUT_S = 3.0
STORE_TIMEOUT_S = 2.5  # less than a script waits (`AgiLimits.wait_timeout_s`)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RatingStore:
    """Ratings after the call, tied to the call and the agent who served last."""

    context: Context
    publisher: Publisher

    async def store(self, *, switchboard: str, uniqueid: str, scale: str, answer: str) -> None:
        """Store the rating of a call once; a new one is told to the pages.

        A dialplan that does not name its ``switchboard`` is of the (first) one of the settings.
        While PostgreSQL is away it is left to the reconciliation: the switchboard has it.
        """
        call_id = f"{switchboard or self.context.settings.first_switchboard}-{uniqueid}"
        try:
            async with asyncio.timeout(STORE_TIMEOUT_S):
                await self._store(call_id, scale, answer)
        except DATABASE_AWAY as error:
            log.warning("rating_left_to_records", error=type(error).__name__)

    async def _store(self, call_id: str, scale: str, answer: str) -> None:
        pool = self.context.engines.pool
        async with pool.acquire() as connection:
            served = await QUERIES.who_served(connection, call_id=call_id)
            rating = Rating(
                call_id=call_id,
                agent=served["agent"] if served else None,
                queue=served["queue"] if served else None,
                scale=scale,
                answer=answer,
                given_at=self.context.clock(),
            )
            is_new = await store_rating(connection, rating)
        if is_new:
            self.publisher.put(_rating_given(rating))


def _rating_given(rating: Rating) -> LiveEvent:
    data = {
        "call_id": rating.call_id,
        "switchboard": rating.call_id.partition("-")[0],
        "agent": rating.agent,
        "queue": rating.queue,
        "scale": rating.scale,
        "answer": rating.answer,
    }
    return LiveEvent(f"rating:{rating.call_id}", "rating.given", rating.given_at, data)


@dataclass(frozen=True, slots=True)
class SurveyAnswers:
    """The attempt of an outbound survey; ``attempt_id`` is the Uniqueid of the channel."""

    context: Context
    publisher: Publisher

    async def begin(self, attempt_id: str) -> bool:
        """Whether the attempt was being dialled; it is in the survey from now on."""
        async with self._transaction() as connection:
            now = self.context.clock()
            return await attempts.mark_answered(connection, attempt_id, now=now) is not None

    async def answer(self, attempt_id: str, question: str, answer: str) -> None:
        """Store one answer; while PostgreSQL is away it is left to the reconciliation."""
        try:
            async with asyncio.timeout(STORE_TIMEOUT_S), self._transaction() as connection:
                now = self.context.clock()
                await attempts.record_answer(connection, attempt_id, question, answer, now=now)
        except DATABASE_AWAY as error:
            log.warning("answer_left_to_records", error=type(error).__name__)

    async def end(self, attempt_id: str) -> None:
        """The survey is over; what must follow is enqueued, and the pages are told."""
        async with self._transaction() as connection:
            ended = await end_survey_and_follow_up(self.context, connection, attempt_id)
            if ended is None:
                return
            case = await find_case_by_id(connection, ended.case_id)
            results = await results_of_case(connection, ended.case_id)
        for result in results:
            if result.attempt.attempt_id == attempt_id and result.answers:
                self._tell(attempt_id, case.case_no, result.answers)

    def _tell(self, attempt_id: str, case_no: str, answers: Mapping[str, str]) -> None:
        data = {"attempt_id": attempt_id, "case_no": case_no, "answers": dict(answers)}
        at = self.context.clock()
        self.publisher.put(LiveEvent(f"survey:{attempt_id}", "survey.answered", at, data))

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Any]:
        pool = self.context.engines.pool
        async with pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection, connection.transaction():
            yield connection
