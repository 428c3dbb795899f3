"""Which lists are due: of today, of the week before, of the month before. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from ticketing.clocks.working_time import CITY

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

    @property
    def before(self) -> "Period":
        """The month before a month."""
        last = self.first_day - _DAY
        return Period(self.kind, last.replace(day=1), last)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CITY)


def periods_due(
    now: datetime, hour: int, made: Collection[tuple[ListKind, date]]
) -> tuple[Period, ...]:
    """Lists that are due and not among those ``made`` (by kind and first day).

    The list of a day is made on that day from ``hour`` on, never afterwards: what was open then
    cannot be told later. That of a week is due from the Monday after it on, that of a month from
    the first day after it; both wait for the list of their day.
    """
    local = now.astimezone(CITY)
    today = local.date()
    monday = today - timedelta(days=today.weekday())
    first = today.replace(day=1)
    month = Period(ListKind.MONTH, first, first).before
    wanted = (
        (Period(ListKind.DAY, today, today), today),
        (Period(ListKind.WEEK, monday - 7 * _DAY, monday - _DAY), monday),
        (month, first),
    )
    return tuple(
        period
        for period, from_day in wanted
        if (period.kind, period.first_day) not in made
        and local >= datetime.combine(from_day, time(hour), CITY)
    )
