"""The audit log (审计) as administrators read it."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from gateway.audit_trail import AuditRow, Filter, Order, known_actions, list_acts
from gateway.auth.roles import ADMINISTRATORS
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import PLAIN, Instant

Name = Annotated[str, Field(min_length=1, max_length=80), PLAIN]


class AuditPage(Strict):
    """Up to ``limit`` rows, going on from the row ``cursor``; of these all that is given holds.

    ``until`` is not included. ``order`` is that of their times.
    """

    actor: Name | None = None
    action: Name | None = None
    subject: Name | None = None
    since: Instant | None = None
    until: Instant | None = None
    order: Order = Order.NEWEST
    cursor: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class AuditAnswer(Answer):
    """Who did what to whom; ``detail`` holds what came of it (``outcome``) and no number."""

    audit_id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: dict[str, Any]


@endpoint("GET", "/api/v1/audit", access=ADMINISTRATORS, query=AuditPage, answer=list[AuditAnswer])
async def list_audit(inquiry: Inquiry[Nothing, AuditPage]) -> list[AuditAnswer]:
    """Rows of the audit log."""
    page = inquiry.query
    wanted = Filter(**page.model_dump(exclude={"order", "cursor", "limit"}))
    async with inquiry.services.database() as connection:
        rows = await list_acts(connection, wanted, page.order, cursor=page.cursor, limit=page.limit)
    return [_answer(row) for row in rows]


@endpoint("GET", "/api/v1/audit/actions", access=ADMINISTRATORS, answer=list[str])
async def list_actions(inquiry: Inquiry[Nothing, Nothing]) -> list[str]:
    """Every kind of act that the log has."""
    async with inquiry.services.database() as connection:
        return await known_actions(connection)


def _answer(row: AuditRow) -> AuditAnswer:
    return AuditAnswer(
        audit_id=row.audit_id,
        at=row.at,
        actor=row.actor,
        action=row.action,
        subject=row.subject,
        detail=dict(row.detail),
    )


ENDPOINTS = (list_audit, list_actions)
