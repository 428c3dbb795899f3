"""Time of seats: intervals cut at the borders of a period, and their sums."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
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


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPeriod:
    """What a seat did from `start` to `end`, both borders of the asked-for steps.

    `not_ready_by_reason` parts `seconds.not_ready_s`; the reason is empty where none was given.
    """

    switchboard: str
    agent: str
    start: datetime
    end: datetime
    seconds: SeatSeconds
    not_ready_by_reason: Mapping[str, float]


async def agent_periods(
    conn: Any, borders: Sequence[datetime], *, now: datetime
) -> list[AgentPeriod]:
    """What each seat did between each two of `borders` (ascending), by seat and period.

    An interval is cut at every border that it crosses; an open one counts up to `now`. Periods in
    which an agent had no seat are left out. The database adds up: a week of a city's seats is half
    a million intervals.
    """
    rows = [row async for row in QUERIES.time_by_period(conn, borders=list(borders), now=now)]
    return [
        _period(own)
        for own in (list(group) for _, group in groupby(rows, _PERIOD_OF))
        if any(row["state"] != SeatState.LOGGED_OUT for row in own)
    ]


_PERIOD_OF = itemgetter("switchboard", "agent", "period_start")


def _period(rows: Sequence[Any]) -> AgentPeriod:
    by_state: dict[SeatState, float] = defaultdict(float)
    by_reason: dict[str, float] = {}
    for row in rows:
        by_state[SeatState(row["state"])] += row["seconds"]
        if row["state"] == SeatState.NOT_READY:
            by_reason[row["reason"]] = row["seconds"]
    return AgentPeriod(
        switchboard=rows[0]["switchboard"],
        agent=rows[0]["agent"],
        start=rows[0]["period_start"],
        end=rows[0]["period_end"],
        seconds=SeatSeconds.of_states(by_state),
        not_ready_by_reason=by_reason,
    )


async def seconds_of_call(conn: Any, call_id: str, *, now: datetime) -> dict[SeatId, SeatSeconds]:
    """What a call took of each seat: ringing, talk, hold, and the wrap-up (话后处理) after it."""
    rows = [SeatInterval.from_row(row) async for row in QUERIES.intervals_of(conn, call_id=call_id)]
    if not rows:
        return {}
    start = min(row.started_at for row in rows)
    return seconds_by_agent(rows, start, max(now, start), now=now)


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
