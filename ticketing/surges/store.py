"""Rows of warnings: read and written. Nothing is decided here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import aiosql

from ticketing.errors import ConflictError, NotFoundError
from ticketing.surges.clusters import ClusterCase
from ticketing.surges.shares import CategoryCount, SurgeLevel
from ticketing.surges.surge import Surge

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "surges.sql", "asyncpg")
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
_TURN = 0x5350_5247_4553  # any number that no other advisory lock has
MEMBERS_SHOWN = 50
OPEN_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A surge as it is found now: what a warning begins with, or goes on with."""

    level: SurgeLevel
    window_minutes: int
    category_id: int | None
    place: str | None = None
    words: tuple[str, ...] = ()
    cases: int
    total: int
    members: tuple[int, ...] = ()

    def is_worse_than(self, cases: int, total: int) -> bool:
        """Whether the share, of a cluster the number of cases, is larger."""
        if self.level is SurgeLevel.CLUSTER:
            return self.cases > cases
        return self.cases * total > cases * self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSurge:
    """What is to be known of a warning that is not over."""

    surge_id: int
    level: SurgeLevel
    window_minutes: int
    category_id: int | None
    seen_at: datetime
    peak_cases: int
    peak_total: int
    peak_at: datetime
    members: frozenset[int]

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `open_surges`."""
        taken = dict(row) | {"members": frozenset(row["members"])}
        return cls(**taken | {"level": SurgeLevel(row["level"])})


async def take_turn(conn: Any) -> bool:
    """Whether nobody else looks for surges now; holds until the transaction ends."""
    return bool(await _QUERIES.try_turn(conn, key=_TURN))


async def window_counts(conn: Any, since: datetime) -> tuple[list[CategoryCount], int]:
    """Cases since then by category, and all of them."""
    rows = [row async for row in _QUERIES.counts_of_window(conn, since=since)]
    counts = [CategoryCount(**dict(row)) for row in rows if row["category_id"] is not None]
    return counts, sum(row["cases"] for row in rows)


async def window_cases(conn: Any, since: datetime, limit: int) -> list[ClusterCase]:
    """The newest cases since then."""
    rows = _QUERIES.cases_of_window(conn, since=since, limit=limit)
    return [ClusterCase(**dict(row)) async for row in rows]


async def open_surges(conn: Any) -> list[OpenSurge]:
    """Warnings that are not over, locked until the transaction ends."""
    return [OpenSurge.from_row(row) async for row in _QUERIES.open_surges(conn)]


async def begin(conn: Any, found: Sighting, *, at: datetime) -> int:
    """Store a new warning; its id."""
    row = _row_of(found) | {
        "level": found.level,
        "window_minutes": found.window_minutes,
        "place": found.place,
    }
    surge_id: int = await _QUERIES.insert_surge(conn, at=at, **row)
    await _add_members(conn, surge_id, found.members)
    return surge_id


async def go_on(conn: Any, surge: OpenSurge, found: Sighting, *, at: datetime) -> None:
    """Store how a warning stands now."""
    peak = (surge.peak_cases, surge.peak_total, surge.peak_at)
    if found.is_worse_than(surge.peak_cases, surge.peak_total):
        peak = (found.cases, found.total, at)
    await _QUERIES.update_surge(
        conn,
        surge_id=surge.surge_id,
        at=at,
        peak_cases=peak[0],
        peak_total=peak[1],
        peak_at=peak[2],
        **_row_of(found),
    )
    await _add_members(conn, surge.surge_id, sorted(set(found.members) - surge.members))


async def end(conn: Any, surge_ids: Sequence[int]) -> None:
    """Store that warnings are over, since they were found for the last time."""
    if surge_ids:
        await _QUERIES.end_surges(conn, surge_ids=list(surge_ids))


async def by_ids(conn: Any, surge_ids: Sequence[int]) -> list[Surge]:
    """Warnings, newest first."""
    if not surge_ids:
        return []
    rows = _QUERIES.surges_by_ids(conn, surge_ids=list(surge_ids), cases=MEMBERS_SHOWN)
    return [Surge.from_row(row) async for row in rows]


async def list_open(conn: Any) -> list[Surge]:
    """The newest warnings that are not over."""
    rows = _QUERIES.open_ids(conn, limit=OPEN_SHOWN)
    return await by_ids(conn, [row["surge_id"] async for row in rows])


async def list_ended(conn: Any, *, before: datetime | None, limit: int) -> list[Surge]:
    """Warnings that are over, by when they began, newest first."""
    rows = _QUERIES.ended_ids(conn, before=before or _END_OF_TIME, limit=limit)
    return await by_ids(conn, [row["surge_id"] async for row in rows])


async def acknowledge(conn: Any, surge_id: int, *, login: str, at: datetime) -> Surge:
    """Note who has taken notice of a warning; the same person may do so again.

    Raises `NotFoundError`, or `ConflictError` when somebody else has.
    """
    await _QUERIES.acknowledge(conn, surge_id=surge_id, login=login, at=at)
    found = await by_ids(conn, [surge_id])
    if not found:
        raise NotFoundError("没有这条预警")
    if found[0].acknowledged_by != login:
        raise ConflictError(f"{found[0].acknowledged_by}已确认这条预警")
    return found[0]


def _row_of(found: Sighting) -> dict[str, Any]:
    return {
        "category_id": found.category_id,
        "words": list(found.words),
        "cases": found.cases,
        "total": found.total,
    }


async def _add_members(conn: Any, surge_id: int, members: Sequence[int]) -> None:
    if members:
        await _QUERIES.add_members(conn, surge_id=surge_id, case_ids=list(members))
