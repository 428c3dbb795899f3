"""The newest attempt to tell others something, as the API tells it."""

from datetime import datetime

from gateway.http.endpoint import Answer
from gateway.notices.outbox import Notice
from gateway.webhooks.deliveries import Delivery


class LastAttemptAnswer(Answer):
    """The newest attempt: ``status`` of the answer, if there was one, and how that began."""

    at: datetime
    outcome: str
    status: int | None
    error: str
    excerpt: str


def last_attempt(tried: Delivery | Notice) -> LastAttemptAnswer | None:
    """The newest attempt to send something, if there was one."""
    if tried.tried_at is None:
        return None
    return LastAttemptAnswer(
        at=tried.tried_at,
        outcome=tried.outcome or "",
        status=tried.status,
        error=tried.error or "",
        excerpt=tried.excerpt or "",
    )
