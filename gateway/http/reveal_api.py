"""The full number of one call or one case, for a reason (FAULTS security 24)."""

from typing import Annotated, Any

from pydantic import Field

from gateway.auth.roles import CASE_STEPPERS, CASE_WORKERS
from gateway.http.actors import actor_of
from gateway.http.call_api import call_for
from gateway.http.case_sight import case_for
from gateway.http.case_step_api import CASE_PATH
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import CALL_ID, NUMBERLESS, PLAIN
from gateway.http.problems import Problem
from gateway.reveals import (
    Reveal,
    TooManyRevealsError,
    may_reveal,
    may_reveal_caller,
    record_reveal,
)
from ticketing.cases import case_of_call
from ticketing.visibility import party_of

SHOWN_S = 30


class RevealForm(Strict):
    """Why somebody needs the number; it is kept in the audit log."""

    reason: Annotated[str, Field(min_length=2, max_length=200), PLAIN, NUMBERLESS]


class RevealedNumber(Answer):
    """The full number; a page shows it for ``shown_s`` seconds and keeps it nowhere."""

    number: str
    shown_s: int


@endpoint(
    "POST",
    f"{CASE_PATH}/reveal",
    access=CASE_STEPPERS,
    body=RevealForm,
    answer=RevealedNumber,
    problems=(404, 409, 429),
)
async def reveal_case(inquiry: Inquiry[RevealForm, Nothing]) -> RevealedNumber:
    """The caller's number of a case."""
    person, case_no = inquiry.person, inquiry.path("case_no")
    async with inquiry.services.database() as connection:
        case = await case_for(connection, person, case_no)
        party = await party_of(
            connection,
            actor_of(person),
            case_id=case.case_id,
            opened_by_actor=case.opened_by == person.login,
            confidential=case.confidential,
        )
        if not may_reveal(case, person, party):
            raise Problem(
                403,
                "完整号码只给值班长、登记该工单的坐席，以及已签收、尚未答复的主办部门查看；"
                "保密工单不给部门查看",
            )
        return await _reveal(inquiry, connection, case.caller, "case", case_no)


@endpoint(
    "POST",
    f"/api/v1/calls/{{call_id:{CALL_ID}}}/reveal",
    access=CASE_WORKERS,
    body=RevealForm,
    answer=RevealedNumber,
    problems=(404, 409, 429),
)
async def reveal_caller(inquiry: Inquiry[RevealForm, Nothing]) -> RevealedNumber:
    """The caller's number of a call."""
    call_id = inquiry.path("call_id")
    async with inquiry.services.database() as connection:
        call = await call_for(inquiry.services, connection, inquiry.person, call_id)
        case = await case_of_call(connection, call_id)
        if not may_reveal_caller(case, inquiry.person):
            raise Problem(403, "这次来电的工单要求保密，完整号码只给值班长和登记人查看")
        return await _reveal(inquiry, connection, call["caller"], "call", call_id)


async def _reveal(
    inquiry: Inquiry[RevealForm, Any], connection: Any, number: str, of: str, subject: str
) -> RevealedNumber:
    """Nothing is shown before the row in the audit log is there for good."""
    if not number:
        raise Problem(409, "来电没有显示号码")
    reason = inquiry.body.reason
    wanted = Reveal(person=inquiry.person, of=of, subject=subject, reason=reason)
    try:
        async with connection.transaction():
            limit = inquiry.settings.reveals_per_hour
            await record_reveal(connection, wanted, limit=limit, at=inquiry.services.clock())
    except TooManyRevealsError as error:
        raise Problem(429, str(error), headers={"Retry-After": str(error.retry_s)}) from None
    return RevealedNumber(number=number, shown_s=SHOWN_S)


ENDPOINTS = (reveal_case, reveal_caller)
