"""Citizens known by number (T6): who calls, what is kept of him, and a proposal to mark him (C6).

A citizen is named by one of his calls or cases; his number is in no address.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from gateway.auth.roles import CASE_WORKERS, STAFF
from gateway.http.actors import as_problems
from gateway.http.auditing import record_change
from gateway.http.call_api import call_for
from gateway.http.case_sight import case_for
from gateway.http.case_step_api import CASE_PATH
from gateway.http.citizen_answers import (
    CallerHistory,
    CardAnswer,
    caller_history,
    card_answer,
)
from gateway.http.endpoint import Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import CALL_ID, NUMBERLESS, PLAIN, CallId
from gateway.http.nuisance_answers import MarkAnswer, mark_answers
from gateway.http.problems import Problem
from ticketing.citizens import cards, marks
from ticketing.citizens.cards import ADDRESS_MAX, NAME_MAX, NOTES_MAX, CardText
from ticketing.citizens.marks import CALLS_MAX, REASON_MAX, MarkKind

CALL_PATH = f"/api/v1/calls/{{call_id:{CALL_ID}}}"

_CallerOf = Callable[[Inquiry[Any, Nothing], Any], Awaitable[str]]


class CardForm(Strict):
    """What to keep of a citizen; ``version`` is the one that was seen, 0 for none."""

    name: Annotated[str, Field(max_length=NAME_MAX), PLAIN, NUMBERLESS] = ""
    address: Annotated[str, Field(max_length=ADDRESS_MAX), PLAIN, NUMBERLESS] = ""
    notes: Annotated[str, Field(max_length=NOTES_MAX), PLAIN, NUMBERLESS] = ""
    version: Annotated[int, Field(ge=0, le=2**31 - 1)]


class MarkForm(Strict):
    """Why the number of a call is to be marked; ``calls`` are more of it as evidence."""

    kind: MarkKind
    reason: Annotated[str, Field(min_length=1, max_length=REASON_MAX), PLAIN, NUMBERLESS]
    calls: Annotated[tuple[CallId, ...], Field(max_length=CALLS_MAX - 1)] = ()


@endpoint("GET", f"{CALL_PATH}/caller", access=STAFF, answer=CallerHistory, problems=(404,))
async def get_caller(inquiry: Inquiry[Nothing, Nothing]) -> CallerHistory:
    """Who calls: earlier calls and cases, from ringing on."""
    call_id = inquiry.path("call_id")
    async with inquiry.services.database() as connection:
        caller = await _caller_of_call(inquiry, connection)
        return await caller_history(connection, inquiry, caller, call_id=call_id)


@endpoint("GET", f"{CASE_PATH}/caller", access=CASE_WORKERS, answer=CallerHistory, problems=(404,))
async def get_citizen(inquiry: Inquiry[Nothing, Nothing]) -> CallerHistory:
    """Whose case it is: his calls and cases."""
    async with inquiry.services.database() as connection:
        caller = await _caller_of_case(inquiry, connection)
        return await caller_history(connection, inquiry, caller)


@endpoint(
    "PUT",
    f"{CALL_PATH}/citizen",
    access=CASE_WORKERS,
    body=CardForm,
    answer=CardAnswer,
    problems=(404, 409),
)
async def put_card_of_call(inquiry: Inquiry[CardForm, Nothing]) -> CardAnswer:
    """Keep something of who calls, unless it was changed since it was read."""
    return await _keep(inquiry, _caller_of_call, inquiry.path("call_id"))


@endpoint(
    "PUT",
    f"{CASE_PATH}/citizen",
    access=CASE_WORKERS,
    body=CardForm,
    answer=CardAnswer,
    problems=(404, 409),
)
async def put_card_of_case(inquiry: Inquiry[CardForm, Nothing]) -> CardAnswer:
    """Keep something of whose case it is, unless it was changed since it was read."""
    return await _keep(inquiry, _caller_of_case, inquiry.path("case_no"))


@endpoint(
    "DELETE",
    f"{CALL_PATH}/citizen",
    access=CASE_WORKERS,
    answer=None,
    status=204,
    problems=(404, 409),
)
async def erase_card_of_call(inquiry: Inquiry[Nothing, Nothing]) -> web.StreamResponse:
    """Erase what is kept of who calls; his calls and cases stay."""
    await _erase(inquiry, _caller_of_call, inquiry.path("call_id"))
    return erase_card_of_call.respond(None)


@endpoint(
    "DELETE",
    f"{CASE_PATH}/citizen",
    access=CASE_WORKERS,
    answer=None,
    status=204,
    problems=(404, 409),
)
async def erase_card_of_case(inquiry: Inquiry[Nothing, Nothing]) -> web.StreamResponse:
    """Erase what is kept of whose case it is; his calls and cases stay."""
    await _erase(inquiry, _caller_of_case, inquiry.path("case_no"))
    return erase_card_of_case.respond(None)


@endpoint(
    "POST",
    f"{CALL_PATH}/nuisance",
    access=CASE_WORKERS,
    body=MarkForm,
    answer=MarkAnswer,
    status=201,
    problems=(404, 409),
)
async def propose_mark(inquiry: Inquiry[MarkForm, Nothing]) -> MarkAnswer:
    """Propose to mark the number of a call as nuisance; a supervisor decides."""
    form, person, call_id = inquiry.body, inquiry.person, inquiry.path("call_id")
    now = inquiry.services.clock()
    async with inquiry.services.database() as connection, connection.transaction():
        caller = await _caller_of_call(inquiry, connection)
        with as_problems():
            mark = await marks.propose(
                connection,
                caller,
                kind=form.kind,
                reason=form.reason,
                call_ids=(call_id, *form.calls),
                actor=person.login,
                now=now,
            )
        detail = {"kind": mark.kind, "reason": mark.reason, "calls": list(mark.call_ids)}
        subject = str(mark.mark_id)
        await record_change(inquiry, connection, "nuisance.proposed", subject, detail)
        (answer,) = await mark_answers(connection, [mark], inquiry)
    return answer


async def _caller_of_call(inquiry: Inquiry[Any, Nothing], connection: Any) -> str:
    call_id = inquiry.path("call_id")
    call = await call_for(inquiry.services, connection, inquiry.person, call_id)
    return str(call["caller"])


async def _caller_of_case(inquiry: Inquiry[Any, Nothing], connection: Any) -> str:
    case = await case_for(connection, inquiry.person, inquiry.path("case_no"))
    return case.caller


async def _keep(inquiry: Inquiry[CardForm, Nothing], of: _CallerOf, subject: str) -> CardAnswer:
    form, login, now = inquiry.body, inquiry.person.login, inquiry.services.clock()
    async with inquiry.services.database() as connection, connection.transaction():
        caller = _with_number(await of(inquiry, connection))
        with as_problems():
            text = CardText(name=form.name, address=form.address, notes=form.notes)
            card = await cards.save_card(
                connection, caller, text, version=form.version, actor=login, now=now
            )
        filled = [name for name in ("name", "address", "notes") if getattr(text, name)]
        await record_change(inquiry, connection, "citizen.changed", subject, {"fields": filled})
    return card_answer(card)


async def _erase(inquiry: Inquiry[Nothing, Nothing], of: _CallerOf, subject: str) -> None:
    async with inquiry.services.database() as connection, connection.transaction():
        caller = _with_number(await of(inquiry, connection))
        with as_problems():
            await cards.erase_card(connection, caller)
        await record_change(inquiry, connection, "citizen.erased", subject, {})


def _with_number(caller: str) -> str:
    if not caller:
        raise Problem(409, "来电没有显示号码，不能保存来电人资料")
    return caller


ENDPOINTS = (
    get_caller,
    get_citizen,
    put_card_of_call,
    put_card_of_case,
    erase_card_of_call,
    erase_card_of_case,
    propose_mark,
)
