"""The city's own days (工作日历): kept in PostgreSQL, on a connection of the caller."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self

from ticketing.clocks.calendar import Calendar
from ticketing.clocks.queries import QUERIES


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalDay:
    """A day on which this city works, or rests, otherwise than the national arrangement says."""

    day: date
    working: bool
    name: str
    set_by: str
    set_at: datetime

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `calendar_days`."""
        return cls(**dict(row))


async def local_days(conn: Any) -> list[LocalDay]:
    """Every day that was set, the earliest first."""
    return [LocalDay.from_row(row) async for row in QUERIES.calendar_days(conn)]


async def declared_years(conn: Any) -> list[int]:
    """Years whose arrangement was entered here."""
    return [row["year"] async for row in QUERIES.calendar_years(conn)]


async def load_calendar(conn: Any) -> Calendar:
    """The calendar as it is now."""
    days = {each.day: each.working for each in await local_days(conn)}
    return Calendar(days, frozenset(await declared_years(conn)))


async def save_day(conn: Any, day: LocalDay) -> LocalDay | None:
    """Set a day; what was set for it before, if anything."""
    before = await QUERIES.lock_day(conn, day=day.day)
    await QUERIES.save_day(
        conn,
        day=day.day,
        working=day.working,
        name=day.name,
        set_by=day.set_by,
        set_at=day.set_at,
    )
    return None if before is None else LocalDay.from_row(before)


async def remove_day(conn: Any, day: date) -> LocalDay | None:
    """Let a day be as the national arrangement says; what was set for it, if anything."""
    before = await QUERIES.lock_day(conn, day=day)
    if before is None:
        return None
    await QUERIES.remove_day(conn, day=day)
    return LocalDay.from_row(before)


async def declare_year(conn: Any, year: int, *, actor: str, at: datetime) -> bool:
    """Say that the days set for `year` are all of its arrangement; `False` if that was said."""
    return await QUERIES.declare_year(conn, year=year, set_by=actor, set_at=at) is not None


async def withdraw_year(conn: Any, year: int) -> bool:
    """Take that back; `False` if it was not said."""
    return await QUERIES.withdraw_year(conn, year=year) is not None
