"""Cases (工单): opening, looking up, closing."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from gateway.auth.roles import CASE_WORKERS, DEPARTMENTS, EVERYONE
from gateway.case_audience import audience_of
from gateway.case_clocks import timing_of
from gateway.http.actors import actor_of, as_problems
from gateway.http.call_api import call_for
from gateway.http.case_answers import CaseAnswer, full_case
from gateway.http.case_events import tell, tell_step
from gateway.http.case_rows import CaseRow, case_rows
from gateway.http.case_sight import case_for
from gateway.http.case_step_api import CASE_PATH, take
from gateway.http.dispatch_suggestion_api import SuggestionId
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import PLAIN, ArticleId, CallId, CaseNo, Code, Instant, Page, Version
from gateway.http.problems import FieldProblem, Problem
from gateway.http.self_dispatch import dispatch_by_itself
from ticketing import case_lists, cases
from ticketing.case import (
    ADDRESS_MAX,
    BODY_MAX,
    RESULT_MAX,
    TITLE_MAX,
    Case,
    CaseKind,
    CaseSource,
    NewCase,
)
from ticketing.case_lists import Scope, Wanted
from ticketing.clocks.following import follow_opening
from ticketing.clocks.lights import Light
from ticketing.clocks.lists import lit_cases
from ticketing.clocks.rules import Urgency
from ticketing.dispatch_suggestion.store import drop_shown, note_chosen
from ticketing.errors import FieldInvalidError
from ticketing.follow_ups import follow_up
from ticketing.inbound import telephone
from ticketing.knowledge.case_articles import ARTICLES_MAX, link_articles
from ticketing.lifecycle import TABLE, CaseState, Matter, Step
from ticketing.steps import ASSISTING_MAX, StepRequest


class CaseForm(Strict):
    """A case to be opened.

    ``result`` given means answered at once (即时答复), ``department`` dispatched at once;
    ``urgency`` decides how long signing and closing it may take. Without a call, ``source`` says
    how it came and ``contact`` is the number to call the citizen back at; a call has its own.
    ``articles`` are those of the knowledge base with which the caller was answered. ``matter``
    given: 诉访分离. ``suggestion`` is the dispatch suggestion that was shown with it. ``follows``
    is the number of an earlier case that it follows up (后续工单).
    """

    call_id: CallId | None = None
    source: CaseSource = CaseSource.PHONE
    contact: Annotated[str, Field(max_length=32), PLAIN] = ""
    kind: CaseKind
    title: Annotated[str, Field(min_length=1, max_length=TITLE_MAX), PLAIN]
    body: Annotated[str, Field(min_length=1, max_length=BODY_MAX), PLAIN]
    address: Annotated[str, Field(max_length=ADDRESS_MAX), PLAIN] = ""
    confidential: bool = False
    urgency: Urgency = Urgency.ORDINARY
    result: Annotated[str, Field(min_length=1, max_length=RESULT_MAX), PLAIN] | None = None
    category: Code | None = None
    department: Code | None = None
    assisting: Annotated[tuple[Code, ...], Field(max_length=ASSISTING_MAX)] = ()
    articles: Annotated[tuple[ArticleId, ...], Field(max_length=ARTICLES_MAX)] = ()
    matter: Matter | None = None
    suggestion: SuggestionId | None = None
    follows: CaseNo | None = None


class Closing(Strict):
    """What was done about a case, and the ``version`` that whoever closes it has seen."""

    result: Annotated[str, Field(min_length=1, max_length=RESULT_MAX), PLAIN]
    version: Version


class CaseFilter(Page):
    """A part of the list of cases; ``category`` and ``department`` with all below them.

    Opened from ``opened_from`` on and before ``opened_to``. With a ``light`` the list is sorted by
    deadline and goes on behind the case ``after``.
    """

    scope: Scope = Scope.ALL
    state: CaseState | None = None
    category: Code | None = None
    department: Code | None = None
    source: CaseSource | None = None
    opened_from: Instant | None = None
    opened_to: Instant | None = None
    light: Light | None = None
    after: CaseNo | None = None

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.light is None and self.after is not None:
            raise ValueError("after 只能与 light 一起使用，其他列表用 before 翻页")
        if self.light is not None and self.before is not None:
            raise ValueError("按灯筛选的列表用 after 翻页，不能用 before")
        return self


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
            await link_articles(
                connection, case.case_id, inquiry.body.articles, actor=actor_of(person), now=now
            )
            if inquiry.body.follows is not None:
                await follow_up(
                    connection, case.case_id, inquiry.body.follows, actor=actor_of(person)
                )
        await _note_choice(inquiry, connection, case)
        case = await dispatch_by_itself(inquiry, connection, case)
        if case.closed_at is not None:
            await services.on_case_closed(connection, case)
        await follow_opening(
            connection,
            case,
            urgency=inquiry.body.urgency,
            timing=timing_of(inquiry.settings),
            actor=person.login,
            at=now,
        )
        departments = await audience_of(connection, case)
        answer = await full_case(connection, case, inquiry)
    await tell(services, "case.opened", case, departments)
    following = answer.history[-1].step
    if following is not Step.REGISTERED:
        row = TABLE[CaseState.REGISTERED, following]
        await tell_step(services, following, row, case, departments)
    return answer


async def _note_choice(inquiry: Inquiry[CaseForm, Nothing], connection: Any, case: Case) -> None:
    """Note what was chosen where something was proposed; of a confidential case nothing is kept."""
    suggestion_id, asked_by = inquiry.body.suggestion, inquiry.person.user_id
    if suggestion_id is None:
        return
    if case.confidential:
        found = await drop_shown(connection, suggestion_id, asked_by=asked_by)
    else:
        at = inquiry.services.clock()
        found = await note_chosen(
            connection, suggestion_id, asked_by=asked_by, case_id=case.case_id, at=at
        )
    if not found:
        sentence = "没有这条派单建议，或它已用于其他工单"
        raise Problem(422, sentence, errors=[FieldProblem("suggestion", sentence)])


async def _new_case(inquiry: Inquiry[CaseForm, Nothing], connection: Any) -> NewCase:
    form, caller = inquiry.body, ""
    if form.call_id is not None:
        if form.contact:
            raise FieldInvalidError("contact", "由通话登记的工单以来电号码为准")
        call = await call_for(inquiry.services, connection, inquiry.person, form.call_id)
        caller = call["caller"]
    elif form.contact:
        caller = telephone("contact", form.contact)
    others = {"urgency", "articles", "contact", "suggestion", "follows"}
    return NewCase(**form.model_dump(exclude=others), caller=caller)


@endpoint(
    "GET",
    "/api/v1/cases",
    access=EVERYONE,
    query=CaseFilter,
    answer=list[CaseRow],
    problems=(404,),
)
async def list_cases(inquiry: Inquiry[Nothing, CaseFilter]) -> list[CaseRow]:
    """Cases that one may see, newest first; of one light, by deadline."""
    async with inquiry.services.database() as connection:
        with as_problems():
            return await case_rows(connection, await _listed(connection, inquiry), inquiry)


async def _listed(connection: Any, inquiry: Inquiry[Nothing, CaseFilter]) -> list[Case]:
    person, light, after = inquiry.person, inquiry.query.light, inquiry.query.after
    wanted = Wanted(**inquiry.query.model_dump(exclude={"light", "after"}))
    if light is None:
        return await case_lists.list_cases(connection, wanted, actor_of(person))
    last = None if after is None else await case_for(connection, person, after)
    now = inquiry.services.clock()
    return await lit_cases(connection, light, wanted, actor_of(person), now=now, after=last)


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
        return await full_case(connection, case, inquiry)


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
    return await take(inquiry, wanted)


ENDPOINTS = (open_case, list_cases, get_inbox, get_case, close_case)
