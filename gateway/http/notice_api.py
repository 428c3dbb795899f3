"""Notices to citizens: what did not arrive, sent again; their words. For administrators."""

from datetime import datetime
from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field

from gateway.auth.roles import ADMINISTRATORS
from gateway.http.attempt_answers import LastAttemptAnswer, last_attempt
from gateway.http.auditing import record_change
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.problems import FieldProblem, Problem, not_found
from gateway.notices import outbox
from gateway.notices.outbox import DEAD, Notice, NoticeState
from gateway.notices.provider import NoticeKind
from gateway.notices.templates import (
    TEXT_MAX,
    NoticeTemplate,
    TemplateKind,
    TemplateRefusedError,
    all_templates,
    change_template,
)

LETTER = "/api/v1/notices/{notice_id:[0-9]{1,18}}"
TEMPLATES = "/api/v1/notice-templates"
KINDS = "|".join(TemplateKind)
RESENT_AT_ONCE = 1_000


class NoticePage(Strict):
    """Newest first, up to ``limit`` notices from before the one with the number ``before``."""

    state: NoticeState = NoticeState.REFUSED
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    before: Annotated[int, Field(ge=1, le=2**63 - 1)] = 2**63 - 1


class NoticeAnswer(Answer):
    """A notice, without the number it goes to; ``at`` is when the step was taken it tells of."""

    notice_id: int
    state: NoticeState
    kind: NoticeKind
    case_no: str
    text: str
    at: datetime
    expires_at: datetime
    ended_at: datetime | None
    attempts: int
    attempt: LastAttemptAnswer | None


class NoticeList(Answer):
    """One page of notices; without a provider (``sending`` false) none are written."""

    sending: bool
    notices: list[NoticeAnswer]


class DeadNotices(Strict):
    """Which notices: the refused ones, or those that came too late."""

    state: Literal[NoticeState.REFUSED, NoticeState.EXPIRED]


class ResentNotices(Answer):
    """How many are sent again, and whether there are ``more`` in that state: ask again for them."""

    resent: int
    more: bool


class TemplateTerms(Strict):
    """Words of a notice, with ``{case_no}`` and ``{enquiry}``; of the hint, without."""

    text: Annotated[str, Field(min_length=1, max_length=TEXT_MAX)]
    active: bool = True


class TemplateAnswer(Answer):
    """Words of a notice; one that is not ``active`` is not written."""

    kind: TemplateKind
    text: str
    active: bool
    changed_at: datetime | None


@endpoint("GET", "/api/v1/notices", access=ADMINISTRATORS, query=NoticePage, answer=NoticeList)
async def get_notices(inquiry: Inquiry[Nothing, NoticePage]) -> NoticeList:
    """Notices in one state: refused ones, unless another is asked for."""
    page = inquiry.query
    async with inquiry.services.database() as connection:
        found = await outbox.in_state(connection, page.state, before=page.before, limit=page.limit)
    sending = inquiry.settings.notice_url is not None
    return NoticeList(sending=sending, notices=[_answer(each) for each in found])


@endpoint(
    "POST",
    f"{LETTER}/resend",
    access=ADMINISTRATORS,
    answer=None,
    status=204,
    problems=(404, 409),
)
async def post_resend_notice(inquiry: Inquiry[Nothing, Nothing]) -> web.StreamResponse:
    """Send a notice again that was refused or came too late."""
    notice_id = int(inquiry.path("notice_id"))
    async with inquiry.services.database() as connection, connection.transaction():
        found = await outbox.lock(connection, notice_id)
        if found is None:
            raise not_found("短信通知")
        state, case_no = found
        if state not in DEAD:
            raise Problem(409, "这条短信通知不在未送达之列，可能已由他人处理，请刷新")
        await outbox.resend(connection, notice_id, now=inquiry.services.clock())
        detail = {"case_no": case_no, "state": state}
        await record_change(inquiry, connection, "notice.resent", str(notice_id), detail)
    return post_resend_notice.respond(None)


@endpoint(
    "POST",
    "/api/v1/notices/resend",
    access=ADMINISTRATORS,
    body=DeadNotices,
    answer=ResentNotices,
)
async def post_resend_notices(inquiry: Inquiry[DeadNotices, Nothing]) -> ResentNotices:
    """Send the dead notices of one state again, up to 1,000 of them, the longest dead first."""
    state, now = inquiry.body.state, inquiry.services.clock()
    async with inquiry.services.database() as connection, connection.transaction():
        resent, more = await outbox.resend_all(connection, state, limit=RESENT_AT_ONCE, now=now)
        if resent:
            detail = {"resent": resent, "more": more}
            await record_change(inquiry, connection, "notice.all_resent", state, detail)
    return ResentNotices(resent=resent, more=more)


@endpoint("GET", TEMPLATES, access=ADMINISTRATORS, answer=list[TemplateAnswer])
async def get_notice_templates(inquiry: Inquiry[Nothing, Nothing]) -> list[TemplateAnswer]:
    """The words of every kind of notice, and of the hint in them."""
    async with inquiry.services.database() as connection:
        return [_words(each) for each in await all_templates(connection)]


@endpoint(
    "PUT",
    f"{TEMPLATES}/{{kind:{KINDS}}}",
    access=ADMINISTRATORS,
    body=TemplateTerms,
    answer=TemplateAnswer,
)
async def put_notice_template(inquiry: Inquiry[TemplateTerms, Nothing]) -> TemplateAnswer:
    """Change the words of notices that are yet to be written, or stop writing them."""
    kind, form, now = TemplateKind(inquiry.path("kind")), inquiry.body, inquiry.services.clock()
    async with inquiry.services.database() as connection, connection.transaction():
        try:
            before, after = await change_template(
                connection, kind, form.text, active=form.active, at=now
            )
        except TemplateRefusedError as error:
            raise Problem(422, str(error), errors=[FieldProblem("text", str(error))]) from None
        if before != after:
            detail = {"before": _terms(before), "after": _terms(after)}
            await record_change(inquiry, connection, "notice.template_changed", kind, detail)
    return _words(after)


def _answer(notice: Notice) -> NoticeAnswer:
    return NoticeAnswer(
        notice_id=notice.notice_id,
        state=notice.state,
        kind=notice.kind,
        case_no=notice.case_no,
        text=notice.text,
        at=notice.at,
        expires_at=notice.expires_at,
        ended_at=notice.ended_at,
        attempts=notice.attempts,
        attempt=last_attempt(notice),
    )


def _words(template: NoticeTemplate) -> TemplateAnswer:
    return TemplateAnswer(kind=template.kind, changed_at=template.changed_at, **_terms(template))


def _terms(template: NoticeTemplate) -> dict[str, Any]:
    return {"text": template.text, "active": template.active}


ENDPOINTS = (
    get_notices,
    post_resend_notice,
    post_resend_notices,
    get_notice_templates,
    put_notice_template,
)
