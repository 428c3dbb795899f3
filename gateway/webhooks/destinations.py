"""Destinations of webhooks, as rows; their secrets leave the database only to sign with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

import aiosql

_SQL: Any = aiosql.from_path(Path(__file__).parent / "sql" / "destinations.sql", "asyncpg")

FORMER_SECRET_LASTS = timedelta(hours=24)
BY_PERSON = "person"
GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an administrator decides; ``events`` empty: all of them."""

    name: str
    url: str
    events: tuple[str, ...]
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A destination without its secret, and what waits for it.

    ``inactive_reason`` is `BY_PERSON` or `GONE`, empty while it is active; ``oldest_at`` says since
    when the oldest event waits; ``dead`` events have been given up.
    """

    destination_id: int
    terms: Terms
    inactive_reason: str
    created_at: datetime
    waiting: int
    oldest_at: datetime | None
    dead: int

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of ``sql/destinations.sql``."""
        return cls(
            destination_id=row["destination_id"],
            terms=Terms(
                name=row["name"],
                url=row["url"],
                events=tuple(row["events"]),
                active=row["active"],
            ),
            inactive_reason=row["inactive_reason"],
            created_at=row["created_at"],
            waiting=row["waiting"],
            oldest_at=row["oldest_at"],
            dead=row["dead"],
        )


async def all_destinations(conn: Any) -> list[Destination]:
    """Every destination, by name."""
    rows = _SQL.destinations(conn, destination_id=None)
    return [Destination.from_row(row) async for row in rows]


async def find(conn: Any, destination_id: int) -> Destination | None:
    """One destination, if there is such."""
    rows = _SQL.destinations(conn, destination_id=destination_id)
    found = [Destination.from_row(row) async for row in rows]
    return found[0] if found else None


async def lock(conn: Any) -> None:
    """Let nobody else change destinations until the transaction ends."""
    await _SQL.lock_destinations(conn)


async def is_name_taken(conn: Any, name: str, *, by_other_than: int | None = None) -> bool:
    """Whether another destination has that name; call it after `lock`."""
    return bool(await _SQL.name_is_taken(conn, name=name, except_id=by_other_than))


async def add(conn: Any, terms: Terms, *, secret: str, at: datetime) -> int:
    """Store an active destination; its id."""
    wanted = _columns(terms, ("name", "url", "events"))
    return int(await _SQL.insert_destination(conn, **wanted, secret=secret, created_at=at))


async def save(conn: Any, before: Destination, terms: Terms) -> None:
    """Change a destination; one that is active again goes on with what waited for it."""
    reason = "" if terms.active else before.inactive_reason or BY_PERSON
    wanted = _columns(terms, ("name", "url", "events", "active"))
    await _SQL.update_destination(
        conn, **wanted, destination_id=before.destination_id, inactive_reason=reason
    )
    if terms.active and not before.terms.active:
        await _SQL.forgive(conn, destination_id=before.destination_id)


async def change_secret(conn: Any, destination_id: int, secret: str, *, at: datetime) -> None:
    """Sign with ``secret`` from now on, for `FORMER_SECRET_LASTS` with the one before, too."""
    await _SQL.change_secret(
        conn, destination_id=destination_id, secret=secret, former_until=at + FORMER_SECRET_LASTS
    )


async def remove(conn: Any, destination_id: int) -> None:
    """Forget a destination and all that waits for it."""
    await _SQL.delete_destination(conn, destination_id=destination_id)


def _columns(terms: Terms, names: Sequence[str]) -> dict[str, Any]:
    values = {name: getattr(terms, name) for name in names}
    return {**values, "events": list(terms.events)}
