"""Events on their way to a destination, and what a person does about dead letters."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import aiosql

_SQL: Any = aiosql.from_path(Path(__file__).parent / "sql" / "deliveries.sql", "asyncpg")


class DeliveryState(StrEnum):
    """Where an event is on its way to one destination."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"  # given up: a person decides
    DISCARDED = "discarded"  # a person has decided that it is not sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An event and one destination; the last six tell of the newest attempt, if there was one.

    ``behind`` later events of the same case wait for a dead one. ``due_at`` is when the case is
    tried next, none while a dead letter is in the way.
    """

    delivery_id: int
    state: DeliveryState
    attempts: int
    enqueued_at: datetime
    ended_at: datetime | None
    event_id: str
    name: str
    at: datetime
    case_no: str
    behind: int
    due_at: datetime | None
    tried_at: datetime | None
    outcome: str | None
    status: int | None
    error: str | None
    excerpt: str | None

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `of_destination`."""
        state = DeliveryState(row["state"])
        same = {name: row[name] for name in cls.__slots__ if name not in {"state", "due_at"}}
        due_at = row["due_at"] if state is DeliveryState.WAITING else None
        return cls(state=state, due_at=due_at, **same)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What a person decides about, locked until the transaction ends."""

    delivery_id: int
    destination_id: int
    state: DeliveryState
    event_id: str
    case_no: str

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `lock_delivery`."""
        same = {name: row[name] for name in cls.__slots__ if name != "state"}
        return cls(state=DeliveryState(row["state"]), **same)


async def deliveries_of(
    conn: Any, destination_id: int, state: DeliveryState, *, before: int, limit: int
) -> list[Delivery]:
    """Up to ``limit`` deliveries in that state with ids below ``before``, newest first."""
    rows = _SQL.of_destination(
        conn, destination_id=destination_id, state=state, before=before, limit=limit
    )
    return [Delivery.from_row(row) async for row in rows]


async def lock_letter(conn: Any, delivery_id: int) -> Letter | None:
    """A delivery, locked, if there is such."""
    row = await _SQL.lock_delivery(conn, delivery_id=delivery_id)
    return None if row is None else Letter.from_row(row)


async def resend(conn: Any, letter: Letter, *, now: datetime) -> None:
    """Send a dead letter again; what waits behind it follows."""
    await _SQL.revive(
        conn, destination_id=letter.destination_id, delivery_id=letter.delivery_id, now=now
    )


async def resend_all(conn: Any, destination_id: int, *, now: datetime) -> int:
    """Send all dead letters of a destination again; how many there were."""
    await _SQL.lock_dead_lanes(conn, destination_id=destination_id)
    revived = await _SQL.revive(conn, destination_id=destination_id, delivery_id=None, now=now)
    return int(revived)


async def discard(conn: Any, letter: Letter, *, now: datetime) -> None:
    """Do not send a dead letter; what waits behind it follows."""
    await _SQL.discard(conn, delivery_id=letter.delivery_id, now=now)


async def purge(conn: Any, *, before: datetime, limit: int) -> int:
    """Forget up to ``limit`` deliveries that ended, and as many events of no use; how many."""
    gone = await _SQL.purge_deliveries(conn, before=before, limit=limit)
    return int(gone) + int(await _SQL.purge_events(conn, before=before, limit=limit))
