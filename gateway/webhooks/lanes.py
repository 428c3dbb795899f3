"""Lanes: what waits of one case for one destination, in the order in which it happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import aiosql

from gateway.webhooks.destinations import GONE
from gateway.webhooks.sending import Reply
from gateway.webhooks.signing import key_of

_SQL: Any = aiosql.from_path(Path(__file__).parent / "sql" / "courier.sql", "asyncpg")


class Outcome(StrEnum):
    """What came of an attempt."""

    DELIVERED = "delivered"
    FAILED = "failed"  # it is tried again
    GIVEN_UP = "given_up"  # it is among the dead letters now
    GONE = "gone"  # the receiver wants nothing any more (410): the destination is disabled


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane that is leased to whoever knows ``lease``."""

    destination_id: int
    case_id: int
    lease: UUID

    @property
    def key(self) -> dict[str, Any]:
        """As the queries take it."""
        return {
            "destination_id": self.destination_id,
            "case_id": self.case_id,
            "lease": self.lease,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The oldest event of a lane that has not arrived, and where it goes."""

    delivery_id: int
    event_id: str
    body: bytes
    attempts: int
    tried_since: datetime | None
    url: str
    secret: str
    former_secret: str | None
    former_until: datetime | None

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `head`."""
        return cls(
            delivery_id=row["delivery_id"],
            event_id=row["event_id"],
            body=row["body"].encode(),
            attempts=row["attempts"],
            tried_since=row["tried_since"],
            url=row["url"],
            secret=row["secret"],
            former_secret=row["former_secret"],
            former_until=row["former_until"],
        )

    def keys(self, now: datetime) -> list[bytes]:
        """What to sign with: the secret, and the former one for a day after a change."""
        keys = [key_of(self.secret)]
        if self.former_secret and self.former_until and now < self.former_until:
            keys.append(key_of(self.former_secret))
        return keys


async def active_destinations(conn: Any) -> list[int]:
    """Ids of the destinations that are sent to."""
    return [row["destination_id"] async for row in _SQL.active_destinations(conn)]


async def claim(
    conn: Any, room: Mapping[int, int], *, now: datetime, until: datetime, lease: UUID
) -> list[Lane]:
    """Lease lanes that are due at ``now``: of each destination as many as there is ``room`` for.

    A lane is leased to one at a time; whoever has let ``until`` pass has lost it.
    """
    rows = _SQL.claim_lanes(
        conn,
        destinations=list(room),
        free=list(room.values()),
        now=now,
        until=until,
        lease=lease,
    )
    return [Lane(row["destination_id"], row["case_id"], lease) async for row in rows]


async def head(conn: Any, lane: Lane, *, now: datetime) -> Head | None:
    """What to send next; ``None`` when the lease is lost, or nothing is to be sent now.

    Then the lane is given back: removed when it is empty, shut when a dead letter is in the way.
    ``conn`` is in a transaction.
    """
    row = await _SQL.head(conn, **lane.key)
    if row is None:
        return None
    if row["delivery_id"] is None:
        await _leave_empty(conn, lane, now=now)
    elif row["state"] == "dead":
        await _SQL.set_lane(conn, **lane.key, due_at=None, keep=False)
    elif not row["active"]:
        await _SQL.set_lane(conn, **lane.key, due_at=now, keep=False)
    else:
        return Head.from_row(row)
    return None


async def _leave_empty(conn: Any, lane: Lane, *, now: datetime) -> None:
    """Remove a lane, unless something was enqueued in it since it was looked at."""
    if await _SQL.lock_lane(conn, **lane.key):
        await _SQL.remove_empty_lane(conn, destination_id=lane.destination_id, case_id=lane.case_id)
        await _SQL.set_lane(conn, **lane.key, due_at=now, keep=False)


async def note(
    conn: Any,
    lane: Lane,
    sent: Head,
    reply: Reply,
    outcome: Outcome,
    *,
    due_at: datetime | None,
    keep: bool,
    now: datetime,
) -> bool:
    """Write down what came of an attempt; whether the lane was still ours.

    What arrived has arrived, whoever holds the lane; of what did not, its holder decides. ``conn``
    is in a transaction.
    """
    held = bool(await _SQL.set_lane(conn, **lane.key, due_at=due_at, keep=keep))
    if outcome is Outcome.DELIVERED:
        await _SQL.mark_delivered(conn, delivery_id=sent.delivery_id, at=now)
    elif held and outcome is not Outcome.GONE:
        dead = outcome is Outcome.GIVEN_UP
        await _SQL.mark_failed(conn, delivery_id=sent.delivery_id, at=now, dead=dead)
    if outcome is Outcome.GONE:
        await _SQL.disable(conn, destination_id=lane.destination_id, reason=GONE)
    await _SQL.add_attempt(
        conn,
        delivery_id=sent.delivery_id,
        at=now,
        outcome=outcome,
        status=reply.status,
        error=reply.failure,
        excerpt=reply.excerpt,
        duration_s=reply.duration_s,
    )
    return held
