"""Counts of calls by queue, line, its mode and district, from the running totals."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

from metrics.counts import CallCounts
from metrics.queries import QUERIES

SHORT_ABANDON_S = 5.0
SHORT_ABANDON_MAX_S = 60.0  # longer waits are not kept by the second


class CallGroup(NamedTuple):
    """What is counted together.

    ``queue`` is empty where none was entered, ``line_mode`` where nobody had defined the line when
    the call arrived, ``district`` where neither line nor switchboard has one.
    """

    queue: str
    line: str
    line_mode: str
    district: str


async def call_counts(
    conn: Any, first_day: date, last_day: date, *, short_abandon_s: float = SHORT_ABANDON_S
) -> dict[CallGroup, CallCounts]:
    """Calls that arrived from `first_day` to `last_day` included (Asia/Shanghai).

    Waits of abandoned calls are known by the second begun: a fraction in `short_abandon_s` is cut
    off. Raises `ValueError` when it is above `SHORT_ABANDON_MAX_S`.
    """
    if not 0 <= short_abandon_s <= SHORT_ABANDON_MAX_S:
        raise ValueError(f"a short abandon lasts 0 to {SHORT_ABANDON_MAX_S} s")
    days = {"first_day": first_day, "last_day": last_day}
    short = {
        _group(row): row["calls"]
        async for row in QUERIES.short_abandons(conn, **days, limit_s=short_abandon_s)
    }
    return {
        _group(row): CallCounts.from_row(row, short_abandoned=short.get(_group(row), 0))
        async for row in QUERIES.call_counts(conn, **days)
    }


def _group(row: Any) -> CallGroup:
    return CallGroup(*(row[name] for name in CallGroup._fields))


def split(
    calls: Mapping[CallGroup, CallCounts], by: Callable[[CallGroup], str]
) -> dict[str, CallCounts]:
    """The same calls, added up by what ``by`` takes of a group."""
    sums: dict[str, CallCounts] = defaultdict(CallCounts)
    for group, counts in calls.items():
        sums[by(group)] += counts
    return dict(sums)
