"""Where the FastAGI scripts keep what callers answer, and look up what they ask."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from callback_survey import attempts
from callback_survey.ratings import Rating, store_rating
from callback_survey.results import results_of_case
from gateway.auth import rates
from gateway.context import Context
from gateway.database_away import DATABASE_AWAY
from gateway.enquiries import WINDOW_S, guarded_enquiry
from gateway.live import LiveEvent
from gateway.publisher import Publisher
from gateway.recorder import QUERIES
from gateway.survey_jobs import end_survey_and_follow_up
from telephony.agi.flows.enquiry import EnquiryLimitedError
from ticketing.cases import find_case_by_id
from ticketing.lifecycle import CaseState

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


PER_NUMBER = 10  # enquiries in a quarter of an hour; all who withhold theirs are one number
NUMBER = "enquiry-number"
STATE_PROMPTS: Mapping[CaseState, str] = {
    CaseState.REGISTERED: "enquiry-registered",
    CaseState.DISPATCHED: "enquiry-dispatched",
    CaseState.ACCEPTED: "enquiry-accepted",
    CaseState.HANDLING: "enquiry-handling",
    CaseState.REPLIED: "enquiry-replied",
    CaseState.RETURN_ASKED: "enquiry-return-asked",
    CaseState.CLOSED: "enquiry-closed",
    CaseState.WITHDRAWN: "enquiry-withdrawn",
    CaseState.MERGED: "enquiry-merged",
}
"""What a citizen hears of a case: its state alone."""


@dataclass(frozen=True, slots=True)
class CaseEnquiry:
    """Status enquiry by telephone; web and telephone share the guard of a case."""

    context: Context

    async def ask(self, *, caller: str, case_no: str, digits: str) -> str | None:
        """The prompt that says how a case stands; ``None`` when nothing matches.

        Raises `EnquiryLimitedError` when ``caller``, or whoever asks of the case, asked too often.
        """
        redis, pool = self.context.engines.redis, self.context.engines.pool
        try:
            await rates.count(redis, NUMBER, caller, limit=PER_NUMBER, window_s=WINDOW_S)
            found = await guarded_enquiry(
                redis, partial(pool.acquire, timeout=ACQUIRE_TIMEOUT_S), case_no, digits
            )
        except rates.RateExceededError:
            raise EnquiryLimitedError("asked too often") from None
        return None if found is None else STATE_PROMPTS[found.state]


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
