"""Imports cases of the system that was there before, set by set: a hundred thousand at a time.

Each becomes a case with one entry in its history, `imported`. Nothing follows from it: no callback,
no notice, no event. Closed ones have no clocks; those of open ones run from their own dates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ticketing.clocks.days import load_calendar
from ticketing.clocks.deadline import Timing
from ticketing.clocks.imported import Running, run_clocks
from ticketing.clocks.rules import ClockKind, Urgency
from ticketing.imports import staging
from ticketing.imports.staging import QUERIES, Import
from ticketing.lifecycle import CaseState

BATCH = 1000
LAST_LINE = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Applying:
    """Who imports, when, and how time is counted."""

    user_id: int
    login: str
    timing: Timing
    now: datetime


async def dry_run(conn: Any, import_id: int) -> None:
    """Find everything that is wrong with rows that are right by themselves."""
    await QUERIES.complain_repeated(conn, import_id=import_id)
    await check(conn, import_id, await unknown_years(conn, import_id))
    await staging.mark_bad(conn, import_id)


async def unknown_years(conn: Any, import_id: int) -> list[int]:
    """Years without a calendar in which open cases of the sheet were registered or dispatched."""
    calendar = await load_calendar(conn)
    rows = QUERIES.years_of_open_cases(conn, import_id=import_id)
    years = [row["year"] async for row in rows]
    return [year for year in years if not calendar.knows(year)]


async def check(
    conn: Any, import_id: int, unknown: Sequence[int], *, above: int = 0, upto: int = LAST_LINE
) -> int:
    """Find what is wrong with the good rows of these lines as things are now; how much it is."""
    problems = await QUERIES.complain_cases(
        conn, import_id=import_id, above=above, upto=upto, unknown_years=list(unknown)
    )
    if problems:
        await staging.mark_bad(conn, import_id)
    return int(problems)


async def next_lines(conn: Any, import_id: int, above: int) -> list[int]:
    """The next good rows behind a line, in order; none: all are applied."""
    rows = QUERIES.next_lines(conn, import_id=import_id, above=above, most=BATCH)
    return [row["line"] async for row in rows]


async def good_lines(conn: Any, import_id: int, lines: Sequence[int]) -> list[int]:
    """Those of these rows that are good still."""
    rows = QUERIES.good_lines(conn, import_id=import_id, lines=list(lines))
    return [row["line"] async for row in rows]


async def apply(conn: Any, imported: Import, lines: Sequence[int], by: Applying) -> None:
    """Store the cases of these rows, in a transaction of the caller's."""
    await QUERIES.tell_nobody(conn)
    rows = QUERIES.apply_cases(
        conn,
        import_id=imported.import_id,
        lines=list(lines),
        opened_by=by.user_id,
        actor=by.login,
        now=by.now,
    )
    running = [each async for row in rows for each in _clocks(row)]
    await run_clocks(conn, running, timing=by.timing, actor=by.login, now=by.now)
    await staging.count_applied(conn, imported.import_id, lines)


def _clocks(row: Any) -> list[Running]:
    common = {
        "case_id": row["case_id"],
        "category": row["category"],
        "urgency": Urgency(row["urgency"]),
    }
    clocks = [Running(kind=ClockKind.CLOSING, started_at=row["opened_at"], **common)]
    if row["state"] == CaseState.DISPATCHED:
        at = row["dispatched_at"] or row["opened_at"]
        clocks.append(Running(kind=ClockKind.SIGNING, started_at=at, **common))
    return clocks
