"""What people do over HTTP, in the audit log."""

from collections.abc import Mapping
from typing import Any

from gateway.audit import Act, record
from gateway.http.endpoint import Inquiry


async def record_change(
    inquiry: Inquiry[Any, Any],
    connection: Any,
    action: str,
    subject: str,
    detail: Mapping[str, object],
) -> None:
    """Note that whoever asks does ``action`` to ``subject`` in the transaction of ``connection``.

    ``detail`` holds no telephone number; by custom the terms ``before`` and ``after`` a change.
    """
    act = Act(actor=inquiry.person.login, action=action, subject=subject, detail=detail)
    await record(connection, act, "done", at=inquiry.services.clock())
