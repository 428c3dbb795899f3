"""A case with all that belongs to it as the API tells it."""

from collections.abc import Container
from datetime import datetime
from typing import Any

from callback_survey.results import AttemptResult, results_of_case
from gateway.auth.roles import Person
from gateway.case_clocks import timing_of
from gateway.conferences import Conference, conferences_of
from gateway.exclusions import ExclusionReason, exclusion_of
from gateway.http.actors import actor_of
from gateway.http.case_rows import CaseRow, case_rows
from gateway.http.case_sight import party_for
from gateway.http.endpoint import Answer, Inquiry
from gateway.http.joint_answers import JointAnswer, joint_answer
from gateway.http.named_answers import NamedAnswer, named_answer
from gateway.http.rating import RatingAnswer, rating_answer
from gateway.http.recording_sight import may_hear_call_of
from gateway.masking import mask_number
from ticketing.case import Case
from ticketing.case_lists import hidden_numbers
from ticketing.cases import history
from ticketing.follow_ups import follow_ups_of
from ticketing.joint import joints_of, standing_for
from ticketing.lifecycle import CaseState, Field, Matter, Step
from ticketing.taking import allowed


class HistoryAnswer(Answer):
    """One step: who did what, when and why, from where to where; departments are those in charge.

    ``days`` were asked for or granted; ``other_case`` is the other one of a merge, unless it is
    confidential and not to be seen; ``matter`` what it was separated as.
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
    """Everything about a case; ``responsible`` received it first and passed it down.

    ``follows`` is the case that it follows up (后续工单), ``followed_by`` the newest ones that
    follow it up. These and ``merged_into`` are told unless that case is confidential and not to be
    seen; ``excluded``: why this one does not count in satisfaction figures. ``may_hear``: whether
    whoever asks may hear the call it followed from, if it was recorded.
    """

    body: str
    result: str
    version: int
    assisting: list[NamedAnswer]
    responsible: NamedAnswer | None
    extension_days: int | None
    merged_into: str | None
    follows: str | None
    followed_by: list[str]
    allowed: list[AllowedStep]
    joints: list[JointAnswer]
    history: list[HistoryAnswer]
    rating: RatingAnswer | None
    survey: list[SurveyAttempt]
    conferences: list[ConferenceAnswer]
    excluded: ExclusionReason | None
    may_hear: bool


async def _allowed(connection: Any, case: Case, person: Person) -> list[AllowedStep]:
    party = await party_for(connection, case, person)
    standing = await standing_for(connection, case.case_id, case.standing, actor_of(person))
    steps = {} if party is None else allowed(standing, party)
    return [
        AllowedStep(step=step, required=list(row.required), optional=list(row.optional))
        for step, row in steps.items()
    ]


async def full_case(connection: Any, case: Case, inquiry: Inquiry[Any, Any]) -> CaseAnswer:
    """A case with all that belongs to it."""
    (row,) = await case_rows(connection, [case], inquiry)
    steps = [HistoryAnswer.about(each) for each in await history(connection, case.case_id)]
    linked = await follow_ups_of(connection, case.case_id)
    others = [*(each.other_case for each in steps), linked.follows, *linked.followed_by]
    numbers = [number for number in others if number is not None]
    hidden = await hidden_numbers(connection, numbers, actor_of(inquiry.person))
    joints = await joints_of(connection, case.case_id, timing=timing_of(inquiry.settings))
    results = await results_of_case(connection, case.case_id)
    conferences = await conferences_of(connection, case.call_id)
    return CaseAnswer(
        **row.model_dump(),
        body=case.body,
        result=case.result,
        version=case.version,
        assisting=[NamedAnswer.about(each) for each in case.assisting],
        responsible=named_answer(case.responsible),
        extension_days=case.extension_days,
        merged_into=None if case.merged_into in hidden else case.merged_into,
        follows=None if linked.follows in hidden else linked.follows,
        followed_by=[each for each in linked.followed_by if each not in hidden],
        allowed=await _allowed(connection, case, inquiry.person),
        joints=[joint_answer(joint, inquiry.services.clock()) for joint in joints],
        history=[_without(hidden, each) for each in steps],
        rating=await rating_answer(connection, case.call_id),
        survey=[_attempt(result) for result in results],
        conferences=[_conference(each) for each in conferences],
        excluded=await exclusion_of(connection, case),
        may_hear=await may_hear_call_of(connection, case, inquiry.person),
    )


def _without(hidden: Container[str], entry: HistoryAnswer) -> HistoryAnswer:
    """Without the number of another case that is hidden, which the note of a merge has too."""
    number = entry.other_case
    if number is None or number not in hidden:
        return entry
    note = entry.note.replace(number, "（保密）")
    return entry.model_copy(update={"other_case": None, "note": note})


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
