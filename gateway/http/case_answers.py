"""Cases as the API tells them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from callback_survey.results import AttemptResult, results_of_case
from gateway.auth.roles import Person
from gateway.http.clock_answers import ClockAnswer, clock_answers
from gateway.http.endpoint import Answer, Inquiry
from gateway.http.rating import RatingAnswer, rating_answer
from gateway.masking import hide_number, mask_number
from ticketing.case import Case, CaseKind
from ticketing.cases import history
from ticketing.lifecycle import CaseState, Step


class CaseRow(Answer):
    """A case as lists show it; ``caller`` is masked, and hidden where that was asked for.

    ``clocks`` that run come first, and of these the most pressing one.
    """

    case_no: str
    call_id: str | None
    kind: CaseKind
    title: str
    address: str
    confidential: bool
    caller: str
    state: CaseState
    answered_at_once: bool
    opened_by: str
    opened_at: datetime
    closed_at: datetime | None
    clocks: list[ClockAnswer]


class HistoryAnswer(Answer):
    """One step: who did what, when and why."""

    at: datetime
    actor: str
    step: Step
    note: str


class SurveyAttempt(Answer):
    """One callback of the citizen, and what was answered, question → answer."""

    attempt_no: int
    state: str
    outcome: str | None
    claimed_at: datetime
    ended_at: datetime | None
    answers: dict[str, str]


class CaseAnswer(CaseRow):
    """Everything about a case."""

    body: str
    result: str
    version: int
    history: list[HistoryAnswer]
    rating: RatingAnswer | None
    survey: list[SurveyAttempt]


async def case_rows(
    connection: Any, cases: Sequence[Case], inquiry: Inquiry[Any, Any]
) -> list[CaseRow]:
    """Cases as whoever asks may see them."""
    clocks = await clock_answers(connection, [case.case_id for case in cases], inquiry)
    return [_case_row(case, inquiry.person, clocks[case.case_id]) for case in cases]


def _case_row(case: Case, person: Person, clocks: list[ClockAnswer]) -> CaseRow:
    return CaseRow(
        case_no=case.case_no,
        call_id=case.call_id,
        kind=case.kind,
        title=case.title,
        address=case.address,
        confidential=case.confidential,
        caller=caller_shown(case, person),
        state=case.state,
        answered_at_once=case.answered_at_once,
        opened_by=case.opened_by,
        opened_at=case.opened_at,
        closed_at=case.closed_at,
        clocks=clocks,
    )


def caller_shown(case: Case, person: Person) -> str:
    """The masked caller; a confidential case (保密) shows it to who opened it and overseers."""
    if case.confidential and not (person.oversees or person.login == case.opened_by):
        return hide_number(case.caller)
    return mask_number(case.caller)


async def full_case(connection: Any, case: Case, inquiry: Inquiry[Any, Any]) -> CaseAnswer:
    """A case with all that belongs to it."""
    (row,) = await case_rows(connection, [case], inquiry)
    steps = await history(connection, case.case_id)
    results = await results_of_case(connection, case.case_id)
    return CaseAnswer(
        **row.model_dump(),
        body=case.body,
        result=case.result,
        version=case.version,
        history=[HistoryAnswer(at=s.at, actor=s.actor, step=s.step, note=s.note) for s in steps],
        rating=await rating_answer(connection, case.call_id),
        survey=[_attempt(result) for result in results],
    )


def _attempt(result: AttemptResult) -> SurveyAttempt:
    attempt = result.attempt
    return SurveyAttempt(
        attempt_no=attempt.attempt_no,
        state=attempt.state,
        outcome=attempt.outcome,
        claimed_at=attempt.claimed_at,
        ended_at=attempt.ended_at,
        answers=dict(result.answers),
    )
