"""Notices on their way: leased, sent, written down; and what a person sends again."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import aiosql

from gateway.notices.provider import Message, NoticeKind, Receipt

_SQL: Any = aiosql.from_path(Path(__file__).parent / "sql" / "outbox.sql", "asyncpg")


class NoticeState(StrEnum):
    """Where a notice is on its way."""

    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"  # the provider will never take it
    EXPIRED = "expired"  # too late to be of use


DEAD = frozenset({NoticeState.REFUSED, NoticeState.EXPIRED})


class Outcome(StrEnum):
    """What came of an attempt."""

    SENT = "sent"
    FAILED = "failed"  # it is tried again
    REFUSED = "refused"
    EXPIRED = "expired"  # not tried any more


# How a notice stands after it; the next attempt is decided with `Outcome.FAILED`.
ENDS = {
    Outcome.SENT: NoticeState.SENT,
    Outcome.FAILED: NoticeState.WAITING,
    Outcome.REFUSED: NoticeState.REFUSED,
    Outcome.EXPIRED: NoticeState.EXPIRED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """A notice that is leased to whoever knows ``lease``."""

    notice_id: int
    lease: UUID
    attempts: int
    expires_at: datetime
    message: Message

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `claim`."""
        message = Message(
            key=row["key"],
            kind=NoticeKind(row["kind"]),
            case_no=row["case_no"],
            number=row["number"],
            text=row["text"],
            at=row["at"],
        )
        same = {name: row[name] for name in cls.__slots__ if name != "message"}
        return cls(message=message, **same)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice as administrators see it, without its number; the last five tell of its newest
    attempt, if there was one."""

    notice_id: int
    state: NoticeState
    kind: NoticeKind
    case_no: str
    text: str
    at: datetime
    expires_at: datetime
    ended_at: datetime | None
    attempts: int
    tried_at: datetime | None
    outcome: str | None
    status: int | None
    error: str | None
    excerpt: str | None

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `in_state`."""
        same = {name: row[name] for name in cls.__slots__ if name not in {"state", "kind"}}
        return cls(state=NoticeState(row["state"]), kind=NoticeKind(row["kind"]), **same)


async def claim(
    conn: Any, *, limit: int, now: datetime, until: datetime, lease: UUID
) -> list[Leased]:
    """Lease up to ``limit`` notices that are due at ``now``; of a case the older one first.

    Whoever has let ``until`` pass has lost them.
    """
    rows = _SQL.claim(conn, free=limit, now=now, until=until, lease=lease)
    return [Leased.from_row(row) async for row in rows]


async def note(
    conn: Any, leased: Leased, receipt: Receipt, outcome: Outcome, *, due_at: datetime, at: datetime
) -> None:
    """Write down what came of an attempt, in a transaction.

    What was sent was sent, whoever holds the notice or has given it up; of what was not, its
    holder decides.
    """
    await _SQL.end(
        conn,
        notice_id=leased.notice_id,
        lease=leased.lease,
        state=ENDS[outcome],
        sent=outcome is Outcome.SENT,
        tried=outcome is not Outcome.EXPIRED,
        due_at=due_at,
        at=at,
    )
    await _SQL.add_attempt(
        conn,
        notice_id=leased.notice_id,
        at=at,
        outcome=outcome,
        status=receipt.status,
        error=receipt.error,
        excerpt=receipt.excerpt,
        duration_s=receipt.duration_s,
    )


async def in_state(conn: Any, state: NoticeState, *, before: int, limit: int) -> list[Notice]:
    """Up to ``limit`` notices in that state with ids below ``before``, newest first."""
    rows = _SQL.in_state(conn, state=state, before=before, limit=limit)
    return [Notice.from_row(row) async for row in rows]


async def lock(conn: Any, notice_id: int) -> tuple[NoticeState, str] | None:
    """State and case number of a notice, locked, if there is such."""
    row = await _SQL.lock_notice(conn, notice_id=notice_id)
    return None if row is None else (NoticeState(row["state"]), row["case_no"])


async def resend(conn: Any, notice_id: int, *, now: datetime) -> None:
    """Send a dead notice again, under the key that it had; it has another day for it."""
    await _SQL.revive(conn, notice_id=notice_id, now=now)


async def resend_all(
    conn: Any, state: NoticeState, *, limit: int, now: datetime
) -> tuple[int, bool]:
    """Send up to ``limit`` notices of a dead state again as `resend` does, the longest dead first.

    How many there were, and whether more are left.
    """
    resent = int(await _SQL.revive_all(conn, state=state, now=now, limit=limit))
    return resent, bool(await _SQL.any_in(conn, state=state))


async def purge(conn: Any, *, before: datetime, limit: int) -> int:
    """Forget up to ``limit`` notices that ended before then; how many."""
    return int(await _SQL.purge(conn, before=before, limit=limit))
