"""Cases (工单): opening, looking up, closing."""

from typing import Annotated, Any

from pydantic import Field

from gateway.auth.roles import CASE_WORKERS, DEPARTMENTS, EVERYONE
from gateway.http.actors import actor_of, as_problems
from gateway.http.call_api import call_for
from gateway.http.case_answers import CaseAnswer, CaseRow, case_for, case_row, full_case
from gateway.http.case_events import audience_of, tell, tell_step
from gateway.http.case_step_api import CASE_PATH, take
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import PLAIN, CallId, Code, Page, Version
from ticketing import case_lists, cases
from ticketing.case import ADDRESS_MAX, BODY_MAX, RESULT_MAX, TITLE_MAX, CaseKind, NewCase
from ticketing.case_lists import Scope, Wanted
from ticketing.lifecycle import TABLE, CaseState, Step
from ticketing.steps import ASSISTING_MAX, StepRequest


class CaseForm(Strict):
    """A case to be opened.

    ``result`` given means answered at once (即时答复), ``department`` dispatched at once.
    """

    call_id: CallId | None = None
    kind: CaseKind
    title: Annotated[str, Field(min_length=1, max_length=TITLE_MAX), PLAIN]
    body: Annotated[str, Field(min_length=1, max_length=BODY_MAX), PLAIN]
    address: Annotated[str, Field(max_length=ADDRESS_MAX), PLAIN] = ""
    confidential: bool = False
    result: Annotated[str, Field(min_length=1, max_length=RESULT_MAX), PLAIN] | None = None
    category: Code | None = None
    department: Code | None = None
    assisting: Annotated[tuple[Code, ...], Field(max_length=ASSISTING_MAX)] = ()


class Closing(Strict):
    """What was done about a case, and the ``version`` that whoever closes it has seen."""

    result: Annotated[str, Field(min_length=1, max_length=RESULT_MAX), PLAIN]
    version: Version


class CaseFilter(Page):
    """A part of the list of cases; ``category`` and ``department`` with all below them."""

    scope: Scope = Scope.ALL
    state: CaseState | None = None
    category: Code | None = None
    department: Code | None = None


class InboxCounts(Answer):
    """How many cases the own department is in charge of, by open state."""

    counts: dict[CaseState, int]


@endpoint(
    "POST",
    "/api/v1/cases",
    access=CASE_WORKERS,
    body=CaseForm,
    answer=CaseAnswer,
    status=201,
    problems=(404, 409),
)
async def open_case(inquiry: Inquiry[CaseForm, Nothing]) -> CaseAnswer:
    """Open a case, from a call or without one; close it at once with a result, or dispatch it."""
    services, person, now = inquiry.services, inquiry.person, inquiry.services.clock()
    async with services.database() as connection, connection.transaction():
        with as_problems():
            new = await _new_case(inquiry, connection)
            case = await cases.open_case(connection, new, actor=actor_of(person), now=now)
        if case.closed_at is not None:
            await services.on_case_closed(connection, case)
        departments = await audience_of(connection, case)
        answer = await full_case(connection, case, person)
    await tell(services, "case.opened", case, departments)
    following = answer.history[-1].step
    if following is not Step.REGISTERED:
        row = TABLE[CaseState.REGISTERED, following]
        await tell_step(services, following, row, case, departments)
    return answer


async def _new_case(inquiry: Inquiry[CaseForm, Nothing], connection: Any) -> NewCase:
    form, caller = inquiry.body, ""
    if form.call_id is not None:
        call = await call_for(inquiry.services, connection, inquiry.person, form.call_id)
        caller = call["caller"]
    return NewCase(**form.model_dump(), caller=caller)


@endpoint("GET", "/api/v1/cases", access=EVERYONE, query=CaseFilter, answer=list[CaseRow])
async def list_cases(inquiry: Inquiry[Nothing, CaseFilter]) -> list[CaseRow]:
    """Cases that one may see, newest first."""
    wanted = Wanted(**inquiry.query.model_dump())
    async with inquiry.services.database() as connection:
        with as_problems():
            found = await case_lists.list_cases(connection, wanted, actor_of(inquiry.person))
    return [case_row(case, inquiry.person) for case in found]


@endpoint(
    "GET",
    "/api/v1/inbox",
    access=DEPARTMENTS,
    answer=InboxCounts,
)
async def get_inbox(inquiry: Inquiry[Nothing, Nothing]) -> InboxCounts:
    """What the own department has to do (待办), and what of it waits for a review."""
    async with inquiry.services.database() as connection:
        counts = await case_lists.inbox_counts(connection, actor_of(inquiry.person))
    return InboxCounts(counts=counts)


@endpoint("GET", CASE_PATH, access=EVERYONE, answer=CaseAnswer, problems=(404,))
async def get_case(inquiry: Inquiry[Nothing, Nothing]) -> CaseAnswer:
    """One case with its history, its rating, its callbacks, and the steps that one may take."""
    async with inquiry.services.database() as connection:
        case = await case_for(connection, inquiry.person, inquiry.path("case_no"))
        return await full_case(connection, case, inquiry.person)


@endpoint(
    "POST",
    f"{CASE_PATH}/close",
    access=CASE_WORKERS,
    body=Closing,
    answer=CaseAnswer,
    problems=(404, 409),
)
async def close_case(inquiry: Inquiry[Closing, Nothing]) -> CaseAnswer:
    """Close a registered case with its result, unless it was changed since it was read."""
    closing = inquiry.body
    wanted = StepRequest(step=Step.CLOSED, version=closing.version, result=closing.result)
    return await take(inquiry.services, inquiry.person, inquiry.path("case_no"), wanted)


ENDPOINTS = (open_case, list_cases, get_inbox, get_case, close_case)
