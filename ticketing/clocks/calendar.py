"""Which days are worked: the State Council's arrangement (调休) and the city's own changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

import chinese_calendar  # type: ignore[import-untyped]  # it carries no types

from ticketing.clocks.errors import CalendarUnknownError


@dataclass(frozen=True, slots=True)
class Calendar:
    """The national arrangement, changed by `days` (worked or not) of this city.

    `years` are those whose arrangement was entered here, completely: their other days are worked
    from Monday to Friday. They are for a year that the library does not know yet.
    """

    days: Mapping[date, bool] = field(default_factory=dict)
    years: frozenset[int] = frozenset()

    def is_working(self, day: date) -> bool:
        """Whether `day` is worked; raises `CalendarUnknownError` when nobody has said so."""
        if day in self.days:
            return self.days[day]
        if day.year in self.years:
            return day.weekday() < 5
        national = national_arrangement(day)
        if national is None:
            raise CalendarUnknownError(day)
        return national

    def knows(self, year: int) -> bool:
        """Whether the whole of `year` is known."""
        return year in self.years or national_arrangement(date(year, 7, 1)) is not None


@lru_cache(maxsize=4096)
def national_arrangement(day: date) -> bool | None:
    """Whether `day` is worked by the published arrangement; `None` for a year it does not have."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:  # so it refuses years; no year is added while the program runs
        return None


def national_name(day: date) -> str:
    """The holiday for which `day` is free, or worked in its place; empty for any other day."""
    try:
        _, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return ""
    return chinese_calendar.Holiday(name).chinese if name else ""
