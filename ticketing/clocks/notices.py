"""Reminders before a deadline and supervision after it: each exactly once for a term of a clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from ticketing.clocks.case_clocks import SYSTEM
from ticketing.clocks.queries import QUERIES
from ticketing.clocks.rules import ClockKind
from ticketing.clocks.working_time import CITY
from ticketing.lifecycle import Step

_WORDS = {ClockKind.SIGNING: "签收", ClockKind.CLOSING: "办结"}


class NoticeKind(StrEnum):
    """What is told of a clock."""

    REMINDED = "reminded"  # it has turned yellow
    OVERDUE = "overdue"  # it has turned red


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice that is to be made, by whoever has claimed it and by nobody else."""

    clock_id: int
    term: int
    notice: NoticeKind
    kind: ClockKind
    deadline: datetime
    case_id: int
    case_no: str
    call_id: str | None
    opened_by: str

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `claim_due`."""
        return cls(
            clock_id=row["clock_id"],
            term=row["term"],
            notice=NoticeKind(row["notice"]),
            kind=ClockKind(row["kind"]),
            deadline=row["deadline"],
            case_id=row["case_id"],
            case_no=row["case_no"],
            call_id=row["call_id"],
            opened_by=row["opened_by_login"],
        )


async def claim_due(conn: Any, *, now: datetime, limit: int) -> list[Notice]:
    """Claim up to `limit` notices that are due, the longest due first.

    The claim holds when the caller's transaction does; so what is done about a notice belongs in
    that transaction. A clock that is past its deadline unreminded is told of once, as overdue.
    """
    return [Notice.from_row(row) async for row in QUERIES.claim_due(conn, now=now, limit=limit)]


async def supervise(conn: Any, notices: Iterable[Notice], *, now: datetime) -> None:
    """Enter the automatic supervision (督办) of each overdue notice in its case's history."""
    entries = [
        {
            "case_id": notice.case_id,
            "at": now,
            "actor": SYSTEM,
            "step": Step.SUPERVISED,
            "note": _reason(notice),
        }
        for notice in notices
        if notice.notice is NoticeKind.OVERDUE
    ]
    if entries:
        await QUERIES.insert_supervision(conn, entries)


def _reason(notice: Notice) -> str:
    until = notice.deadline.astimezone(CITY)
    return f"{_WORDS[notice.kind]}时限（{until:%Y-%m-%d %H:%M}）已过，系统自动督办"
