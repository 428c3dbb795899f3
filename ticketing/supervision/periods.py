"""Which lists are due: of today, of the week before, of the month before. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from ticketing.clocks.working_time import CITY

MADE_UP_DAYS = 7
_DAY = timedelta(days=1)


class ListKind(StrEnum):
    """Of how long a list is."""

    DAY = "day"  # 日签批
    WEEK = "week"  # 周调度
    MONTH = "month"  # 月分析


@dataclass(frozen=True, slots=True)
class Period:
    """The days of a list, both included."""

    kind: ListKind
    first_day: date
    last_day: date

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """Its beginning and its end, in the city's time."""
        return _midnight(self.first_day), _midnight(self.last_day + _DAY)

    def moment(self, now: datetime, hour: int) -> datetime:
        """What a list made ``now`` shows: of a day that is over its ``hour``, else now."""
        over = self.kind is ListKind.DAY and now >= self.bounds[1]
        return _at_hour(self.first_day, hour) if over else now

    @property
    def before(self) -> "Period":
        """The month before a month."""
        last = self.first_day - _DAY
        return Period(self.kind, last.replace(day=1), last)


def _midnight(day: date) -> datetime:
    return _at_hour(day, 0)


def _at_hour(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), CITY)


def periods_due(
    now: datetime, hour: int, made: Collection[tuple[ListKind, date]]
) -> tuple[Period, ...]:
    """Lists that are due and not among those ``made`` (by kind and first day), in this order.

    The list of a day is due from ``hour`` of that day on, and is made up for up to `MADE_UP_DAYS`
    days later, but not for days before the first one ever made. That of a week is due from the
    Monday after it on, that of a month from the first day after it; both wait for the list of
    their day, and a week comes behind the days that it is made of.
    """
    local = now.astimezone(CITY)
    today = local.date()
    monday = today - timedelta(days=today.weekday())
    first = today.replace(day=1)
    month = Period(ListKind.MONTH, first, first).before
    wanted = (
        *((Period(ListKind.DAY, day, day), day) for day in _days(today, made)),
        (Period(ListKind.WEEK, monday - 7 * _DAY, monday - _DAY), monday),
        (month, first),
    )
    return tuple(
        period
        for period, from_day in wanted
        if (period.kind, period.first_day) not in made and local >= _at_hour(from_day, hour)
    )


def _days(today: date, made: Collection[tuple[ListKind, date]]) -> list[date]:
    """Today behind the days of which a list may have been missed."""
    earliest = min([today, *(day for kind, day in made if kind is ListKind.DAY)])
    since = max(earliest, today - MADE_UP_DAYS * _DAY)
    return [since + number * _DAY for number in range((today - since).days + 1)]
