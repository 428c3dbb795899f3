"""Cases (工单): opening, closing, looking up."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Self

import structlog
from pydantic import Field, model_validator
from redis.exceptions import RedisError

from gateway import live
from gateway.auth.roles import CASE_WORKERS, EVERYONE, Person
from gateway.case_clocks import timing_of
from gateway.http.call_api import call_for
from gateway.http.case_answers import CaseAnswer, CaseRow, case_rows, full_case
from gateway.http.endpoint import Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import CASE_NO, PLAIN, CallId, CaseNo, Page
from gateway.http.problems import FieldProblem, Problem
from gateway.live import LiveEvent
from ticketing import cases
from ticketing.case import (
    ADDRESS_MAX,
    BODY_MAX,
    RESULT_MAX,
    TITLE_MAX,
    Actor,
    Case,
    CaseKind,
    NewCase,
)
from ticketing.clocks import case_clocks
from ticketing.clocks.lights import Light
from ticketing.clocks.lists import lit_cases
from ticketing.clocks.rules import ClockKind, Urgency
from ticketing.errors import CaseConflictError, CaseInvalidError, CaseNotFoundError
from ticketing.lifecycle import CaseState

PATH = f"/api/v1/cases/{{case_no:{CASE_NO}}}"

log = structlog.get_logger(__name__)


class CaseForm(Strict):
    """A case to be opened; ``result`` given means answered at once (即时答复).

    ``urgency`` decides how long closing it may take.
    """

    call_id: CallId | None = None
    kind: CaseKind
    title: Annotated[str, Field(min_length=1, max_length=TITLE_MAX), PLAIN]
    body: Annotated[str, Field(min_length=1, max_length=BODY_MAX), PLAIN]
    address: Annotated[str, Field(max_length=ADDRESS_MAX), PLAIN] = ""
    confidential: bool = False
    urgency: Urgency = Urgency.ORDINARY
    result: Annotated[str, Field(min_length=1, max_length=RESULT_MAX), PLAIN] | None = None


class Closing(Strict):
    """What was done about a case, and the ``version`` that whoever closes it has seen."""

    result: Annotated[str, Field(min_length=1, max_length=RESULT_MAX), PLAIN]
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]


class CaseFilter(Page):
    """A part of the list of cases, of one state if given.

    With a ``light`` the list is sorted by deadline and goes on behind the case ``after``.
    """

    state: CaseState | None = None
    light: Light | None = None
    after: CaseNo | None = None

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.light is None and self.after is not None:
            raise ValueError("after 只能与 light 一起使用，其他列表用 before 翻页")
        if self.light is not None and self.before is not None:
            raise ValueError("按灯筛选的列表用 after 翻页，不能用 before")
        return self


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
    """Open a case, from a call or without one; with a result it is closed in the same step."""
    services, person, now = inquiry.services, inquiry.person, inquiry.services.clock()
    async with services.database() as connection, connection.transaction():
        with _as_problems():
            new = await _new_case(inquiry, connection)
            case = await cases.open_case(connection, new, actor=_actor(person), now=now)
        if case.closed_at is not None:
            await services.on_case_closed(connection, case)
        else:
            await case_clocks.start(
                connection,
                case.case_id,
                ClockKind.CLOSING,
                urgency=inquiry.body.urgency,
                timing=timing_of(inquiry.settings),
                actor=person.login,
                at=now,
            )
        answer = await full_case(connection, case, inquiry)
    await _tell(inquiry, "case.opened", case)
    if case.closed_at is not None:
        await _tell(inquiry, "case.closed", case)
    return answer


async def _new_case(inquiry: Inquiry[CaseForm, Nothing], connection: Any) -> NewCase:
    form, caller = inquiry.body, ""
    if form.call_id is not None:
        call = await call_for(inquiry.services, connection, inquiry.person, form.call_id)
        caller = call["caller"]
    return NewCase(**form.model_dump(exclude={"urgency"}), caller=caller)


@endpoint(
    "GET",
    "/api/v1/cases",
    access=EVERYONE,
    query=CaseFilter,
    answer=list[CaseRow],
    problems=(404,),
)
async def list_cases(inquiry: Inquiry[Nothing, CaseFilter]) -> list[CaseRow]:
    """Cases, newest first; of one light, by deadline."""
    wanted = inquiry.query
    async with inquiry.services.database() as connection:
        if wanted.light is None:
            found = await cases.list_cases(
                connection, state=wanted.state, before=wanted.before, limit=wanted.limit
            )
        else:
            with _as_problems():
                found = await lit_cases(
                    connection,
                    wanted.light,
                    now=inquiry.services.clock(),
                    state=wanted.state,
                    after=wanted.after,
                    limit=wanted.limit,
                )
        return await case_rows(connection, found, inquiry)


@endpoint("GET", PATH, access=EVERYONE, answer=CaseAnswer)
async def get_case(inquiry: Inquiry[Nothing, Nothing]) -> CaseAnswer:
    """One case with its history, its rating and its callbacks."""
    async with inquiry.services.database() as connection:
        with _as_problems():
            case = await cases.find_case(connection, inquiry.path("case_no"))
        return await full_case(connection, case, inquiry)


@endpoint(
    "POST",
    f"{PATH}/close",
    access=CASE_WORKERS,
    body=Closing,
    answer=CaseAnswer,
    problems=(409,),
)
async def close_case(inquiry: Inquiry[Closing, Nothing]) -> CaseAnswer:
    """Close a case with its result, unless it was changed since it was read."""
    services, person, closing = inquiry.services, inquiry.person, inquiry.body
    async with services.database() as connection, connection.transaction():
        with _as_problems():
            case = await cases.close_case(
                connection,
                inquiry.path("case_no"),
                result=closing.result,
                version=closing.version,
                actor=_actor(person),
                now=services.clock(),
            )
        await case_clocks.stop(
            connection, case.case_id, ClockKind.CLOSING, actor=person.login, at=services.clock()
        )
        await services.on_case_closed(connection, case)
        answer = await full_case(connection, case, inquiry)
    await _tell(inquiry, "case.closed", case)
    return answer


def _actor(person: Person) -> Actor:
    return Actor(user_id=person.user_id, login=person.login)


@contextmanager
def _as_problems() -> Iterator[None]:
    try:
        yield
    except CaseNotFoundError as error:
        raise Problem(404, str(error)) from None
    except CaseConflictError as error:
        raise Problem(409, str(error)) from None
    except CaseInvalidError as error:
        raise Problem(422, str(error), errors=[FieldProblem(error.field, str(error))]) from None


async def _tell(inquiry: Inquiry[Any, Any], name: str, case: Case) -> None:
    """Tell the pages; the case is stored, so a wire that is down costs them a reload only."""
    data = {"case_no": case.case_no, "call_id": case.call_id, "opened_by": case.opened_by}
    event = LiveEvent(f"{name}:{case.case_no}", name, inquiry.services.clock(), data)
    try:
        await live.publish(inquiry.services.redis, event)
    except RedisError as error:
        log.warning("case_untold", name=name, error=type(error).__name__)


ENDPOINTS = (open_case, list_cases, get_case, close_case)
