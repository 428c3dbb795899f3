"""Arithmetic in working time, and in the time of the wall clock, with the same three operations."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Protocol
from zoneinfo import ZoneInfo

from ticketing.clocks.calendar import Calendar
from ticketing.clocks.errors import ClockInvalidError

CITY = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
NONE = timedelta(0)

Span = tuple[datetime, datetime]


class Measure(Protocol):
    """A way in which time passes. Moments are aware, results in UTC."""

    def add(self, at: datetime, amount: timedelta) -> datetime:
        """The first moment by which `amount` has passed since `at`."""

    def back(self, at: datetime, amount: timedelta) -> datetime:
        """The last moment from which `amount` passes until `at`."""

    def between(self, since: datetime, until: datetime) -> timedelta:
        """How much passes from `since` to `until`; negative where `until` is earlier."""


class WallTime:
    """Time that always passes."""

    def add(self, at: datetime, amount: timedelta) -> datetime:
        """See `Measure`."""
        return (at + amount).astimezone(UTC)

    def back(self, at: datetime, amount: timedelta) -> datetime:
        """See `Measure`."""
        return (at - amount).astimezone(UTC)

    def between(self, since: datetime, until: datetime) -> timedelta:
        """See `Measure`."""
        return until - since


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """From when to when a working day is worked, in the city: spans in order, apart."""

    spans: tuple[tuple[time, time], ...]

    def __post_init__(self) -> None:
        """Raise `ClockInvalidError` for spans that are none, empty, or not in order."""
        ends = [end for span in self.spans for end in span]
        if not ends or any(earlier >= later for earlier, later in pairwise(ends)):
            raise ClockInvalidError("hours", "工作时段必须按先后排列、互不重叠")

    @classmethod
    def parse(cls, text: str) -> "WorkingHours":
        """Read ``09:00-12:00,13:00-17:30``; raises `ClockInvalidError`."""
        try:
            spans = [part.strip().split("-") for part in text.split(",")]
            return cls(tuple((time.fromisoformat(a), time.fromisoformat(b)) for a, b in spans))
        except ValueError:
            raise ClockInvalidError("hours", "工作时段的格式是 09:00-12:00,13:00-17:30") from None

    def of(self, day: date) -> list[Span]:
        """The spans of a working day."""
        return [(_in_city(day, start), _in_city(day, end)) for start, end in self.spans]

    @property
    def length(self) -> timedelta:
        """Working time of a day."""
        return sum((end - start for start, end in self.of(date(2000, 1, 3))), NONE)


def _in_city(day: date, at: time) -> datetime:
    return datetime.combine(day, at, CITY).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class WorkTime:
    """Time that passes in the working hours of working days.

    Every operation raises `CalendarUnknownError` when it meets a day that the calendar does not
    know.
    """

    calendar: Calendar
    hours: WorkingHours

    def add(self, at: datetime, amount: timedelta) -> datetime:
        """See `Measure`: ends at the close of a day rather than at the opening of the next."""
        left = amount
        if left <= NONE:
            return at.astimezone(UTC)
        for start, end in self._spans_from(at):
            begin = max(start, at)
            if left <= end - begin:
                return (begin + left).astimezone(UTC)
            left -= end - begin
        raise AssertionError("working days do not end")

    def back(self, at: datetime, amount: timedelta) -> datetime:
        """See `Measure`: ends at the opening of a day rather than at an earlier close."""
        left = amount
        if left <= NONE:
            return at.astimezone(UTC)
        for start, end in self._spans_before(at):
            finish = min(end, at)
            if left <= finish - start:
                return (finish - left).astimezone(UTC)
            left -= finish - start
        raise AssertionError("working days do not begin")

    def between(self, since: datetime, until: datetime) -> timedelta:
        """See `Measure`."""
        if until < since:
            return -self.between(until, since)
        passed = NONE
        for start, end in self._spans_from(since, until):
            passed += max(NONE, min(end, until) - max(start, since))
        return passed

    def opening(self, at: datetime) -> datetime:
        """`at` where it is worked then, else the next moment from which it is."""
        start, _ = next(self._spans_from(at))
        return max(start, at).astimezone(UTC)

    def close_of_nth_day(self, day: date, number: int) -> datetime:
        """The end of work on the `number`-th working day after `day`, which is 0 itself."""
        while number > 0:
            day += DAY
            number -= self.calendar.is_working(day)
        return self.hours.of(day)[-1][1]

    def _spans_from(self, at: datetime, until: datetime | None = None) -> Iterator[Span]:
        """Spans that end after `at`, of all days that begin before `until`, or for ever."""
        day = at.astimezone(CITY).date()
        while until is None or self.hours.of(day)[0][0] < until:
            # A span in the past needs no calendar: a moment after work belongs to the next day.
            spans = [span for span in self.hours.of(day) if span[1] > at]
            if spans and self.calendar.is_working(day):
                yield from spans
            day += DAY

    def _spans_before(self, at: datetime) -> Iterator[Span]:
        day = at.astimezone(CITY).date()
        while True:
            spans = [span for span in self.hours.of(day) if span[0] < at]
            if spans and self.calendar.is_working(day):
                yield from reversed(spans)
            day -= DAY
