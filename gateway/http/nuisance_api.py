"""Nuisance marks (骚扰标记) as supervisors decide on them, and what does not count because of them.

An agent proposes one with a call (`citizen_api`); nobody decides on his own proposal (C6).
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from gateway.auth.roles import OVERSEERS, SUPERVISORS
from gateway.exclusions import Exclusion, ExclusionReason, What, list_exclusions, skipped_because_of
from gateway.http.actors import as_problems
from gateway.http.auditing import record_change
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import NUMBERLESS, PLAIN, Instant
from gateway.http.nuisance_answers import MarkAnswer, mark_answers
from gateway.masking import mask_number
from ticketing.citizens import marks
from ticketing.citizens.marks import DAYS_MAX, REASON_MAX, Mark, MarkList
from ticketing.lifecycle import Matter

MARK = "/api/v1/nuisance-marks/{mark_id:[0-9]{1,18}}"
Words = Annotated[str, Field(min_length=1, max_length=REASON_MAX), PLAIN, NUMBERLESS]
Before = Annotated[int, Field(ge=1, le=2**63 - 1)]
Limit = Annotated[int, Field(ge=1, le=200)]


class MarkPage(Strict):
    """Marks, newest first, from before the one with the id ``before``."""

    state: MarkList = MarkList.PROPOSED
    before: Before | None = None
    limit: Limit = 50


class Approval(Strict):
    """For how many days a mark is in force from now; without it as long as is set."""

    days: Annotated[int, Field(ge=1, le=DAYS_MAX)] | None = None
    note: Annotated[str, Field(max_length=REASON_MAX), PLAIN, NUMBERLESS] = ""


class Refusal(Strict):
    """Why a mark is not approved."""

    reason: Words


class Lifting(Strict):
    """Why a mark ends early; a ``mistaken`` one leaves nothing out of any figure any more."""

    reason: Words
    mistaken: bool = False


class ExclusionPage(Strict):
    """The list, newest first, from before the line ``before``; of one reason, of one mark."""

    reason: ExclusionReason | None = None
    mark: Before | None = None
    before: Before | None = None
    limit: Limit = 50


class ExclusionAnswer(Answer):
    """A rating, an answer or a callback that does not count, and why; the number is masked.

    ``subject`` is the scale of a rating or the question of an ``answer``. From ``counted_again_at``
    on it counts after all.
    """

    exclusion_id: int
    made_at: Instant
    what: What
    reason: ExclusionReason
    mark_id: int | None
    matter: Matter | None
    case_no: str | None
    call_id: str | None
    caller: str
    subject: str
    answer: str
    given_at: Instant
    counted_again_at: Instant | None


@endpoint(
    "GET", "/api/v1/nuisance-marks", access=OVERSEERS, query=MarkPage, answer=list[MarkAnswer]
)
async def list_marks(inquiry: Inquiry[Nothing, MarkPage]) -> list[MarkAnswer]:
    """Marks that wait for a decision, are in force, or have ended."""
    page, now = inquiry.query, inquiry.services.clock()
    async with inquiry.services.database() as connection:
        found = await marks.list_marks(
            connection, page.state, before=page.before, limit=page.limit, now=now
        )
        return await mark_answers(connection, found, inquiry)


@endpoint(
    "POST",
    f"{MARK}/approve",
    access=SUPERVISORS,
    body=Approval,
    answer=MarkAnswer,
    problems=(404, 409),
)
async def approve_mark(inquiry: Inquiry[Approval, Nothing]) -> MarkAnswer:
    """Put somebody else's mark into force."""
    form, now = inquiry.body, inquiry.services.clock()
    days = form.days or inquiry.settings.nuisance_days
    async with inquiry.services.database() as connection, connection.transaction():
        with as_problems():
            mark = await marks.approve(
                connection,
                _mark_id(inquiry),
                days=days,
                note=form.note,
                actor=inquiry.person.login,
                now=now,
            )
        detail = {"days": days, "note": form.note}
        return await _decided(inquiry, connection, mark, "nuisance.approved", detail)


@endpoint(
    "POST",
    f"{MARK}/refuse",
    access=SUPERVISORS,
    body=Refusal,
    answer=MarkAnswer,
    problems=(404, 409),
)
async def refuse_mark(inquiry: Inquiry[Refusal, Nothing]) -> MarkAnswer:
    """Refuse somebody else's mark."""
    reason, now = inquiry.body.reason, inquiry.services.clock()
    async with inquiry.services.database() as connection, connection.transaction():
        with as_problems():
            mark = await marks.refuse(
                connection,
                _mark_id(inquiry),
                reason=reason,
                actor=inquiry.person.login,
                now=now,
            )
        detail = {"reason": reason}
        return await _decided(inquiry, connection, mark, "nuisance.refused", detail)


@endpoint(
    "POST",
    f"{MARK}/lift",
    access=SUPERVISORS,
    body=Lifting,
    answer=MarkAnswer,
    problems=(404, 409),
)
async def lift_mark(inquiry: Inquiry[Lifting, Nothing]) -> MarkAnswer:
    """End a mark that is in force. After a mistaken one, citizens are called back after all."""
    form, now, mark_id = inquiry.body, inquiry.services.clock(), _mark_id(inquiry)
    async with inquiry.services.database() as connection, connection.transaction():
        again = await skipped_because_of(connection, mark_id) if form.mistaken else []
        with as_problems():
            mark = await marks.lift(
                connection,
                mark_id,
                reason=form.reason,
                mistaken=form.mistaken,
                actor=inquiry.person.login,
                now=now,
            )
        for case in again:
            await inquiry.services.on_case_closed(connection, case)
        detail = {"reason": form.reason, "mistaken": form.mistaken}
        return await _decided(inquiry, connection, mark, "nuisance.lifted", detail)


@endpoint(
    "GET",
    "/api/v1/exclusions",
    access=SUPERVISORS,
    query=ExclusionPage,
    answer=list[ExclusionAnswer],
)
async def get_exclusions(inquiry: Inquiry[Nothing, ExclusionPage]) -> list[ExclusionAnswer]:
    """What does not count in satisfaction figures, and why: all of it, the undone too."""
    page = inquiry.query
    async with inquiry.services.database() as connection:
        found = await list_exclusions(
            connection,
            reason=page.reason,
            mark_id=page.mark,
            before=page.before,
            limit=page.limit,
        )
    return [_exclusion(each) for each in found]


def _mark_id(inquiry: Inquiry[Any, Nothing]) -> int:
    return int(inquiry.path("mark_id"))


async def _decided(
    inquiry: Inquiry[Any, Nothing],
    connection: Any,
    mark: Mark,
    action: str,
    detail: Mapping[str, object],
) -> MarkAnswer:
    await record_change(inquiry, connection, action, str(mark.mark_id), detail)
    (answer,) = await mark_answers(connection, [mark], inquiry)
    return answer


def _exclusion(found: Exclusion) -> ExclusionAnswer:
    return ExclusionAnswer(
        exclusion_id=found.exclusion_id,
        made_at=found.made_at,
        what=found.what,
        reason=found.reason,
        mark_id=found.mark_id,
        matter=found.matter,
        case_no=found.case_no,
        call_id=found.call_id,
        caller=mask_number(found.caller),
        subject=found.subject,
        answer=found.answer,
        given_at=found.given_at,
        counted_again_at=found.counted_again_at,
    )


ENDPOINTS = (list_marks, approve_mark, refuse_mark, lift_mark, get_exclusions)
