"""Counts of calls by queue and line, from the running totals."""

from datetime import date
from typing import Any

from metrics.counts import CallCounts
from metrics.queries import QUERIES

SHORT_ABANDON_S = 5.0
SHORT_ABANDON_MAX_S = 60.0  # longer waits are not kept by the second

QueueAndLine = tuple[str, str]
"""Queue (empty: none was entered) and line of a call."""


async def call_counts(
    conn: Any, first_day: date, last_day: date, *, short_abandon_s: float = SHORT_ABANDON_S
) -> dict[QueueAndLine, CallCounts]:
    """Calls that arrived from `first_day` to `last_day` included (Asia/Shanghai).

    Waits of abandoned calls are known by the second begun: a fraction in `short_abandon_s` is cut
    off. Raises `ValueError` when it is above `SHORT_ABANDON_MAX_S`.
    """
    if not 0 <= short_abandon_s <= SHORT_ABANDON_MAX_S:
        raise ValueError(f"a short abandon lasts 0 to {SHORT_ABANDON_MAX_S} s")
    days = {"first_day": first_day, "last_day": last_day}
    short = {
        (row["queue"], row["line"]): row["calls"]
        async for row in QUERIES.short_abandons(conn, **days, limit_s=short_abandon_s)
    }
    return {
        (row["queue"], row["line"]): CallCounts.from_row(
            row, short_abandoned=short.get((row["queue"], row["line"]), 0)
        )
        async for row in QUERIES.call_counts(conn, **days)
    }
