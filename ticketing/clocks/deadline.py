"""When a clock ends: its allowance from its start, moved by pauses and extensions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ticketing.clocks.calendar import Calendar
from ticketing.clocks.errors import ClockInvalidError
from ticketing.clocks.working_time import CITY, Measure, WallTime, WorkingHours, WorkTime

HOUR = timedelta(hours=1)


class Unit(StrEnum):
    """What an allowance is counted in."""

    WORKING_DAYS = "working_days"  # 工作日
    WORKING_HOURS = "working_hours"  # 工作小时
    HOURS = "hours"  # 小时, by the clock on the wall


LONGEST = {Unit.WORKING_DAYS: 250, Unit.WORKING_HOURS: 2000, Unit.HOURS: 8760}


@dataclass(frozen=True, slots=True)
class Allowance:
    """How long something may take."""

    amount: int
    unit: Unit

    def __post_init__(self) -> None:
        """Raise `ClockInvalidError` for an amount below 1 or beyond a year."""
        if not 1 <= self.amount <= LONGEST[self.unit]:
            raise ClockInvalidError("amount", f"时限必须在 1 到 {LONGEST[self.unit]} 之间")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How time is counted in this city.

    A clock turns yellow when `yellow_share` of what was allowed is left, or `yellow_before`
    (in the clock's own time) where that is more. `start_day_counts`: the day of the start is the
    first of N working days; if not, the one after it is (民法典 art. 201).
    """

    hours: WorkingHours
    yellow_share: float
    yellow_before: timedelta
    start_day_counts: bool = False


class Act(StrEnum):
    """What happened to a clock; each is an entry of its history."""

    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    EXTENDED = "extended"
    REDATED = "redated"  # the calendar has changed
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a clock's history; only an extension has an allowance `by` which it extends."""

    at: datetime
    act: Act
    by: Allowance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a clock ends, and from when it is yellow."""

    deadline: datetime
    yellow_from: datetime


def measure(unit: Unit, work: WorkTime) -> Measure:
    """How the time of a clock of this unit passes."""
    return WallTime() if unit is Unit.HOURS else work


def schedule(
    allowance: Allowance, history: Iterable[Entry], *, calendar: Calendar, timing: Timing
) -> Schedule:
    """Work out a clock of this allowance from its history, which begins with its start.

    A pause moves the deadline by exactly what passed in it, in the clock's own time; so does one
    after the deadline, which leaves the clock as late as it was. An extension adds its own
    allowance to the deadline. Raises `CalendarUnknownError`.
    """
    work = WorkTime(calendar, timing.hours)
    own = measure(allowance.unit, work)
    entries = iter(history)
    started_at = next(entries).at
    deadline = first_deadline(started_at, allowance, work, timing)
    allowed = own.between(started_at, deadline)
    paused_at: datetime | None = None
    for entry in entries:
        if entry.act is Act.PAUSED:
            paused_at = entry.at
        elif entry.act is Act.RESUMED and paused_at is not None:
            deadline = own.add(deadline, own.between(paused_at, entry.at))
        elif entry.by is not None:
            later = extended(deadline, entry.by, work)
            allowed += own.between(deadline, later)
            deadline = later
    left = max(allowed * timing.yellow_share, timing.yellow_before)
    return Schedule(deadline=deadline, yellow_from=max(own.back(deadline, left), started_at))


def first_deadline(
    start: datetime, allowance: Allowance, work: WorkTime, timing: Timing
) -> datetime:
    """The deadline of something that began at `start`.

    Hours run at once. Working time begins, for a start outside of it, when work begins next; N
    working days end with the work of the N-th working day after the day on which it began: the day
    of the start is not counted (民法典 art. 201), the last day ends with its business hours
    (art. 203).
    """
    match allowance.unit:
        case Unit.HOURS:
            return WallTime().add(start, allowance.amount * HOUR)
        case Unit.WORKING_HOURS:
            return work.add(start, allowance.amount * HOUR)
        case Unit.WORKING_DAYS:
            begins_on = work.opening(start).astimezone(CITY).date()
            return work.close_of_nth_day(begins_on, allowance.amount - timing.start_day_counts)


def extended(deadline: datetime, by: Allowance, work: WorkTime) -> datetime:
    """`deadline` moved on; a working day is as much working time as a day has."""
    if by.unit is Unit.WORKING_DAYS:
        return work.add(deadline, by.amount * work.hours.length)
    return measure(by.unit, work).add(deadline, by.amount * HOUR)
