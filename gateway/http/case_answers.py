"""Cases as the API tells them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from callback_survey.results import AttemptResult, results_of_case
from gateway.auth.roles import Person
from gateway.conferences import Conference, conferences_of
from gateway.exclusions import ExclusionReason, exclusion_of
from gateway.http.actors import actor_of
from gateway.http.clock_answers import ClockAnswer, clock_answers
from gateway.http.endpoint import Answer, Inquiry
from gateway.http.problems import not_found
from gateway.http.rating import RatingAnswer, rating_answer
from gateway.masking import hide_number, mask_number
from ticketing.case import Case, CaseKind, HistoryEntry, Named
from ticketing.cases import find_case, history
from ticketing.errors import CaseNotFoundError
from ticketing.lifecycle import CaseState, Field, Matter, Party, Step
from ticketing.taking import allowed
from ticketing.visibility import party_of


class NamedAnswer(Answer):
    """A department or a category."""

    code: str
    name: str


class CaseRow(Answer):
    """A case as lists show it; ``caller`` is masked, and hidden where that was asked for.

    One with a ``matter`` is separated (诉访分离).
    ``clocks`` that run come first, and of these the most pressing one.
    """

    case_no: str
    call_id: str | None
    kind: CaseKind
    title: str
    address: str
    confidential: bool
    matter: Matter | None
    caller: str
    category: NamedAnswer | None
    state: CaseState
    lead: NamedAnswer | None
    answered_at_once: bool
    opened_by: str
    opened_at: datetime
    closed_at: datetime | None
    clocks: list[ClockAnswer]


class HistoryAnswer(Answer):
    """One step: who did what, when and why, from where to where; departments are those in charge.

    ``days`` were asked for or granted; ``other_case`` is the other one of a merge; ``matter`` what
    it was separated as.
    """

    at: datetime
    actor: str
    step: Step
    note: str
    version: int
    from_state: CaseState | None
    to_state: CaseState
    from_department: NamedAnswer | None
    to_department: NamedAnswer | None
    days: int | None
    other_case: str | None
    matter: Matter | None


class AllowedStep(Answer):
    """A step that whoever asks may take now, and the fields that go with it."""

    step: Step
    required: list[Field]
    optional: list[Field]


class SurveyAttempt(Answer):
    """One callback of the citizen, and what was answered, question → answer."""

    attempt_no: int
    state: str
    outcome: str | None
    claimed_at: datetime
    ended_at: datetime | None
    answers: dict[str, str]


class ConferenceAnswer(Answer):
    """The call of the case was one of three (三方通话).

    ``agent`` (工号) brought in who was called at the masked ``number``; either may be empty.
    """

    at: datetime
    agent: str
    number: str


class CaseAnswer(CaseRow):
    """Everything about a case; ``excluded``: why it does not count in satisfaction figures."""

    body: str
    result: str
    version: int
    assisting: list[NamedAnswer]
    extension_days: int | None
    merged_into: str | None
    allowed: list[AllowedStep]
    history: list[HistoryAnswer]
    rating: RatingAnswer | None
    survey: list[SurveyAttempt]
    conferences: list[ConferenceAnswer]
    excluded: ExclusionReason | None


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
        matter=case.matter,
        caller=caller_shown(case, person),
        category=_named(case.category),
        state=case.state,
        lead=_named(case.lead),
        answered_at_once=case.answered_at_once,
        opened_by=case.opened_by,
        opened_at=case.opened_at,
        closed_at=case.closed_at,
        clocks=clocks,
    )


def _named(named: Named | None) -> NamedAnswer | None:
    return None if named is None else NamedAnswer(code=named.code, name=named.name)


def caller_shown(case: Case, person: Person) -> str:
    """The masked caller; a confidential case (保密) shows it to who opened it and overseers."""
    if case.confidential and not (person.oversees or person.login == case.opened_by):
        return hide_number(case.caller)
    return mask_number(case.caller)


async def case_for(connection: Any, person: Person, case_no: str) -> Case:
    """A case that ``person`` may see; the 404 `Problem` alike for none and for one of others."""
    try:
        case = await find_case(connection, case_no)
    except CaseNotFoundError:
        raise not_found("工单") from None
    if await _party(connection, case, person) is None:
        raise not_found("工单")
    return case


async def _party(connection: Any, case: Case, person: Person) -> Party | None:
    return await party_of(
        connection,
        actor_of(person),
        case_id=case.case_id,
        opened_by_actor=case.opened_by == person.login,
        confidential=case.confidential,
    )


async def handles(connection: Any, case: Case, person: Person) -> bool:
    """Whether ``person`` works on a case, and does not only look at it."""
    return await _party(connection, case, person) not in (None, Party.ABOVE, Party.ADMINISTRATOR)


def _allowed(case: Case, party: Party | None) -> list[AllowedStep]:
    steps = {} if party is None else allowed(case.standing, party)
    return [
        AllowedStep(step=step, required=list(row.required), optional=list(row.optional))
        for step, row in steps.items()
    ]


def _history(entry: HistoryEntry) -> HistoryAnswer:
    return HistoryAnswer(
        at=entry.at,
        actor=entry.actor,
        step=entry.step,
        note=entry.note,
        version=entry.version,
        from_state=entry.from_state,
        to_state=entry.to_state,
        from_department=_named(entry.from_department),
        to_department=_named(entry.to_department),
        days=entry.days,
        other_case=entry.other_case,
        matter=entry.matter,
    )


async def full_case(connection: Any, case: Case, inquiry: Inquiry[Any, Any]) -> CaseAnswer:
    """A case with all that belongs to it."""
    (row,) = await case_rows(connection, [case], inquiry)
    steps = await history(connection, case.case_id)
    party = await _party(connection, case, inquiry.person)
    results = await results_of_case(connection, case.case_id)
    conferences = await conferences_of(connection, case.call_id)
    return CaseAnswer(
        **row.model_dump(),
        body=case.body,
        result=case.result,
        version=case.version,
        assisting=[NamedAnswer(code=each.code, name=each.name) for each in case.assisting],
        extension_days=case.extension_days,
        merged_into=case.merged_into,
        allowed=_allowed(case, party),
        history=[_history(entry) for entry in steps],
        rating=await rating_answer(connection, case.call_id),
        survey=[_attempt(result) for result in results],
        conferences=[_conference(each) for each in conferences],
        excluded=await exclusion_of(connection, case),
    )


def _conference(conference: Conference) -> ConferenceAnswer:
    return ConferenceAnswer(
        at=conference.at, agent=conference.agent, number=mask_number(conference.number)
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
