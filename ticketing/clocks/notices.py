"""Reminders before a deadline and supervision after it: each exactly once for a term of a clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from ticketing import case_store
from ticketing.clocks.queries import QUERIES
from ticketing.clocks.working_time import CITY
from ticketing.lifecycle import Step

_WORDS = {"signing": "签收", "closing": "办结", "joint": "联办"}


class NoticeKind(StrEnum):
    """What is told of a deadline."""

    REMINDED = "reminded"  # it has turned yellow
    OVERDUE = "overdue"  # it has turned red


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice that is to be made, by whoever has claimed it and by nobody else.

    ``clock`` is the kind of a clock, or ``joint`` for a joint deadline; ``subject`` is which one,
    and of which term.
    """

    subject: str
    notice: NoticeKind
    clock: str
    deadline: datetime
    case_id: int
    case_no: str
    call_id: str | None
    opened_by: str

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `claim_due` or `claim_joint`."""
        return cls(**{**row, "notice": NoticeKind(row["notice"])})


async def claim_due(conn: Any, *, now: datetime, limit: int) -> list[Notice]:
    """Claim up to `limit` notices that are due, the longest due first.

    The claim holds when the caller's transaction does; so what is done about a notice belongs in
    that transaction. A clock that is past its deadline unreminded is told of once, as overdue.
    """
    return [Notice.from_row(row) async for row in QUERIES.claim_due(conn, now=now, limit=limit)]


async def supervise(conn: Any, notices: Iterable[Notice], *, now: datetime) -> None:
    """Enter the automatic supervision (督办) of each overdue notice in its case's history."""
    overdue = [notice for notice in notices if notice.notice is NoticeKind.OVERDUE]
    notes = [(notice.case_id, _reason(notice)) for notice in overdue]
    await case_store.note_by_system(conn, Step.SUPERVISED, notes, now=now)


def _reason(notice: Notice) -> str:
    until = notice.deadline.astimezone(CITY)
    return f"{_WORDS[notice.clock]}时限（{until:%Y-%m-%d %H:%M}）已过，系统自动督办"
