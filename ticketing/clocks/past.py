"""Clocks of cases as they stood at a moment that is over, worked out from their histories."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ticketing.clocks.calendar import Calendar
from ticketing.clocks.case_clocks import Clock, dated, entries_of
from ticketing.clocks.days import load_calendar
from ticketing.clocks.deadline import Act, Entry, Timing
from ticketing.clocks.queries import QUERIES


async def moved_since(
    conn: Any, case_ids: Sequence[int], *, at: datetime, timing: Timing
) -> list[Clock]:
    """Clocks of these cases that ran at ``at`` and were moved since, as they stood then.

    All others that ran then stood as they do now. The calendar is the one of now: it tells which
    days were worked, whenever it came.
    """
    rows = QUERIES.moved_since(conn, case_ids=list(case_ids), at=at)
    clocks = [Clock.from_row(row) async for row in rows]
    if not clocks:
        return []
    entries, calendar = await entries_of(conn, clocks), await load_calendar(conn)
    return [_at(at, clock, entries[clock.clock_id], calendar, timing) for clock in clocks]


def _at(
    at: datetime, clock: Clock, entries: Sequence[Entry], calendar: Calendar, timing: Timing
) -> Clock:
    until = [entry for entry in entries if entry.at <= at]
    paused_at: datetime | None = None
    for entry in until:
        if entry.act in (Act.PAUSED, Act.RESUMED):
            paused_at = entry.at if entry.act is Act.PAUSED else None
    return dated(replace(clock, paused_at=paused_at), until, calendar, timing)
