"""Cases as lists of the API show them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gateway.auth.roles import Person
from gateway.http.case_sight import caller_shown
from gateway.http.clock_answers import ClockAnswer, clock_answers
from gateway.http.endpoint import Answer, Inquiry
from gateway.http.named_answers import NamedAnswer, named_answer
from ticketing.case import Case, CaseKind, CaseSource
from ticketing.lifecycle import CaseState, Matter


class CaseRow(Answer):
    """A case as lists show it; ``caller`` is masked, and hidden where that was asked for.

    One with a ``matter`` is separated (诉访分离).
    ``clocks`` that run come first, and of these the most pressing one.
    """

    case_no: str
    call_id: str | None
    source: CaseSource
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
        source=case.source,
        kind=case.kind,
        title=case.title,
        address=case.address,
        confidential=case.confidential,
        matter=case.matter,
        caller=caller_shown(case, person),
        category=named_answer(case.category),
        state=case.state,
        lead=named_answer(case.lead),
        answered_at_once=case.answered_at_once,
        opened_by=case.opened_by,
        opened_at=case.opened_at,
        closed_at=case.closed_at,
        clocks=clocks,
    )
