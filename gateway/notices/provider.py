"""What carries notices to citizens' telephones: the interface of a provider."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class NoticeKind(StrEnum):
    """What a citizen is told."""

    ACCEPTED = "accepted"  # 受理: a department has accepted his case
    CLOSED = "closed"  # 办结


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One notice as it is sent; the same at every attempt.

    ``key`` names it: what was accepted under it is not to be sent again. ``number`` is a mobile
    number in its national form.
    """

    key: UUID
    kind: NoticeKind
    case_no: str
    number: str
    text: str
    at: datetime


class Verdict(StrEnum):
    """What a provider says of a message."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # this message will never be taken
    LATER = "later"  # nobody knows, or not now: the same message is to be tried again


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What came of handing a message over.

    ``error`` is a word for what went wrong, ``status`` and ``excerpt`` what the provider answered,
    without anything like a number. ``asked_s``: how long it asks to be left alone.
    """

    verdict: Verdict
    error: str = ""
    status: int | None = None
    excerpt: str = ""
    asked_s: float = 0
    duration_s: float = 0


class NoticeProvider(Protocol):
    """Hands messages over to whoever reaches telephones."""

    @property
    def timeout_s(self) -> float:
        """After so many seconds at most `send` has returned."""

    async def send(self, message: Message, *, now: datetime) -> Receipt:
        """Hand one message over; never raises for what the other side does."""
