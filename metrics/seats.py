"""Time of seats: intervals cut at the borders of a period, and their sums."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from metrics.counts import SeatSeconds
from metrics.queries import QUERIES
from telephony.events import SeatState

SeatId = tuple[str, str]
"""Switchboard and agent number (工号), which is the switchboard's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatInterval:
    """A seat was in one state from `started_at` to `ended_at`; `None`: it still is."""

    switchboard: str
    agent: str
    state: SeatState
    started_at: datetime
    ended_at: datetime | None

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `seat_intervals`."""
        return cls(
            switchboard=row["switchboard"],
            agent=row["agent"],
            state=SeatState(row["state"]),
            started_at=row["started_at"],
            ended_at=row["ended_at"],
        )


def clipped_s(interval: SeatInterval, start: datetime, end: datetime, *, now: datetime) -> float:
    """Seconds of the interval inside ``[start, end)``; an open one counts up to `now`."""
    until = min(interval.ended_at or now, end)
    since = max(interval.started_at, start)
    return max(0.0, (until - since).total_seconds())


def seconds_by_state(
    intervals: Iterable[SeatInterval], start: datetime, end: datetime, *, now: datetime
) -> dict[SeatState, float]:
    """Seconds inside ``[start, end)`` by state, over all seats."""
    seconds: dict[SeatState, float] = defaultdict(float)
    for interval in intervals:
        seconds[interval.state] += clipped_s(interval, start, end, now=now)
    return dict(seconds)


def seconds_by_agent(
    intervals: Iterable[SeatInterval], start: datetime, end: datetime, *, now: datetime
) -> dict[SeatId, SeatSeconds]:
    """Seconds inside ``[start, end)`` of each seat."""
    of_seat: dict[SeatId, list[SeatInterval]] = defaultdict(list)
    for interval in intervals:
        of_seat[interval.switchboard, interval.agent].append(interval)
    return {
        seat: SeatSeconds.of_states(seconds_by_state(own, start, end, now=now))
        for seat, own in of_seat.items()
    }


async def seat_seconds(
    conn: Any, start: datetime, end: datetime, *, now: datetime
) -> dict[SeatId, SeatSeconds]:
    """Seconds inside ``[start, end)`` of each seat that somebody had then, from the database."""
    rows = QUERIES.intervals_between(conn, period_start=start, period_end=end)
    intervals = [SeatInterval.from_row(row) async for row in rows]
    return seconds_by_agent(intervals, start, end, now=now)


async def open_intervals(conn: Any) -> list[SeatInterval]:
    """What every seat is in now."""
    return [SeatInterval.from_row(row) async for row in QUERIES.open_intervals(conn)]
