"""Counts of topics by day: made once when a day is over, read for any period of them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import aiosql

from ticketing.clocks.working_time import CITY
from ticketing.supervision.periods import ListKind, Period
from ticketing.topics.counting import Told, Topic, count

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "topics.sql", "asyncpg")
BATCH = 500
KEPT = timedelta(days=62)
CATCH_UP = 14  # days that are counted when they were missed
_DAY = timedelta(days=1)
_LAST = 2**63 - 1


async def days_due(conn: Any, *, now: datetime) -> list[date]:
    """Days that are over and not counted, the oldest first."""
    today = now.astimezone(CITY).date()
    wanted = [today - number * _DAY for number in range(CATCH_UP, 0, -1)]
    counted = {row["day"] async for row in _QUERIES.counted_days(conn, since=wanted[0])}
    return [day for day in wanted if day not in counted]


async def count_day(conn: Any, day: date, *, now: datetime) -> int | None:
    """Count the cases that were opened on a day, in the caller's transaction.

    How many; ``None`` when somebody else has counted them. Words are cut in a thread, so that other
    work goes on.
    """
    if await _QUERIES.claim_day(conn, day=day, at=now) is None:
        return None
    counts: Counter[Topic] = Counter()
    total = 0
    async for batch in _batches(conn, day):
        total += len(batch)
        counts.update(await asyncio.to_thread(count, batch))
    if counts:
        await _save(conn, day, counts)
    await _QUERIES.save_total(conn, day=day, cases=total)
    await _QUERIES.forget_before(conn, day=day - KEPT)
    return total


async def _batches(conn: Any, day: date) -> AsyncIterator[list[Told]]:
    start, until = Period(ListKind.DAY, day, day).bounds
    after_at, after_id = until, _LAST
    while True:
        found = _QUERIES.cases_of_day(
            conn, start=start, until=until, after_at=after_at, after_id=after_id, limit=BATCH
        )
        rows = [row async for row in found]
        if rows:
            yield [Told.from_row(row) for row in rows]
        if len(rows) < BATCH:
            return
        after_at, after_id = rows[-1]["opened_at"], rows[-1]["case_id"]


async def _save(conn: Any, day: date, counts: Counter[Topic]) -> None:
    kinds, texts, categories = zip(*counts, strict=True)
    await _QUERIES.save_counts(
        conn,
        day=day,
        kinds=list(kinds),
        texts=list(texts),
        categories=list(categories),
        counts=list(counts.values()),
    )
