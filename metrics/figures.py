"""The figures of a day or a range of days, from the running totals."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from metrics import events, rates
from metrics.calls import SHORT_ABANDON_S, CallGroup, call_counts
from metrics.counts import CallCounts, SeatSeconds
from metrics.events import EventCounts
from metrics.rates import Rate
from metrics.seats import open_intervals, seconds_by_state
from telephony.events import SeatState

CITY = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All counts of the days from `first_day` to `last_day`, both included (Asia/Shanghai).

    ``calls`` are all of them, ``groups`` the same apart.
    """

    first_day: date
    last_day: date
    calls: CallCounts
    groups: Mapping[CallGroup, CallCounts]
    seats: SeatSeconds
    events: EventCounts

    def ratings(self, scale: str) -> dict[str, int]:
        """After-call ratings on a scale that count, by answer."""
        return self.events.by_detail(events.RATING_GIVEN, scale)

    @property
    def survey_outcomes(self) -> dict[str, int]:
        """Ended survey attempts by outcome."""
        return self.events.by_detail(events.SURVEY_ENDED)

    def survey_answers(self, question: str) -> dict[str, int]:
        """Answers to a question of the callback survey that count."""
        return self.events.by_detail(events.SURVEY_ANSWERED, question)

    @property
    def excluded(self) -> tuple[int, int]:
        """After-call ratings and answers of callbacks that do not count (C6)."""
        total = self.events.total
        return total(events.RATING_EXCLUDED), total(events.SURVEY_EXCLUDED)


async def figures(
    conn: Any,
    day: date,
    last_day: date | None = None,
    *,
    short_abandon_s: float = SHORT_ABANDON_S,
    now: datetime | None = None,
) -> Figures:
    """Read the figures of `day`, or of `day` to `last_day` included.

    Seats that are in a state now count up to `now` (default: the clock). For `short_abandon_s` see
    `metrics.calls.call_counts`. The parts agree with each other when `conn` is in a transaction of
    isolation `repeatable_read`.
    """
    days = (day, last_day or day)
    calls = await call_counts(conn, *days, short_abandon_s=short_abandon_s)
    counted = await events.event_counts(conn, *days)
    return Figures(
        first_day=days[0],
        last_day=days[1],
        calls=sum(calls.values(), CallCounts()),
        groups=calls,
        seats=await _seats(conn, counted, *days, now=now or datetime.now(UTC)),
        events=counted,
    )


async def _seats(
    conn: Any, counted: EventCounts, first_day: date, last_day: date, *, now: datetime
) -> SeatSeconds:
    start = midnight(first_day)
    end = midnight(last_day + timedelta(days=1))
    seconds = seconds_by_state(await open_intervals(conn), start, end, now=now)
    for state, ended_s in counted.by_subject(events.SEAT_TIME).items():
        seconds[SeatState(state)] = seconds.get(SeatState(state), 0.0) + ended_s
    return SeatSeconds.of_states(seconds)


def midnight(day: date) -> datetime:
    """The start of a day in the city."""
    return datetime.combine(day, time(), tzinfo=CITY)


def period_s(found: Figures, *, now: datetime) -> float:
    """How much of the figures' days is over, in seconds."""
    end = min(now, midnight(found.last_day + timedelta(days=1)))
    return max(0.0, (end - midnight(found.first_day)).total_seconds())


def named_rates(found: Figures, *, planned_seats: int, now: datetime) -> Mapping[str, Rate]:
    """Every rate of the figures under the name by which it is published."""
    calls, seats, counted = found.calls, found.seats, found.events
    return {
        "connection_rate": rates.connection_rate(calls),
        "connection_rate_without_short_abandons": rates.connection_rate_without_short_abandons(
            calls
        ),
        "rate_15s_of_offered": rates.rate_15s_of_offered(calls),
        "rate_15s_of_answered": rates.rate_15s_of_answered(calls),
        "abandonment": rates.abandonment(calls),
        "asa_s": rates.speed_of_answer(calls),
        "aht_s": rates.handling_time(calls, seats),
        "occupancy": rates.occupancy(seats),
        "seat_utilization": rates.seat_utilization(seats),
        "staffing": rates.staffing(
            seats, planned_seats=planned_seats, period_s=period_s(found, now=now)
        ),
        "immediate_answer": immediate_answer(counted),
    }


def immediate_answer(counted: EventCounts) -> Rate:
    """即时答复率 of what was counted."""
    return rates.immediate_answer(
        answered_at_once=counted.total(events.CASE_ANSWERED_AT_ONCE),
        opened_from_call=counted.total(events.CASE_OPENED_FROM_CALL),
    )
