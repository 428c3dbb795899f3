"""C5: deadlines over the real holidays of 2024 to 2026 (notices of the State Council)."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from ticketing.clocks.calendar import Calendar
from ticketing.clocks.deadline import Act, Allowance, Entry, Timing, Unit, schedule
from ticketing.clocks.errors import CalendarUnknownError, ClockInvalidError
from ticketing.clocks.working_time import CITY, WorkingHours, WorkTime

HOURS = WorkingHours.parse("09:00-12:00,13:00-17:30")
TIMING = Timing(hours=HOURS, yellow_share=0.25, yellow_before=timedelta(0))
NATIONAL = Calendar()
DAYS, WORKING, WALL = Unit.WORKING_DAYS, Unit.WORKING_HOURS, Unit.HOURS


def at(text: str) -> datetime:
    """A moment in the city."""
    return datetime.fromisoformat(text).replace(tzinfo=CITY)


def ends(
    start: str, allowance: Allowance, *later: Entry, calendar: Calendar = NATIONAL, **other: bool
) -> str:
    timing = Timing(hours=HOURS, yellow_share=0.25, yellow_before=timedelta(0), **other)
    history = [Entry(at(start), Act.STARTED), *later]
    found = schedule(allowance, history, calendar=calendar, timing=timing)
    assert found.deadline.tzinfo is UTC
    return found.deadline.astimezone(CITY).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-23 10:00", 7, "2026-12-02 17:30"),  # an ordinary week
        ("2026-11-23 00:00", 1, "2026-11-24 17:30"),
        ("2026-11-23 17:29", 1, "2026-11-24 17:30"),
        ("2026-11-23 17:30", 1, "2026-11-25 17:30"),  # after work: as if it came on the 24th
        ("2026-11-21 10:00", 1, "2026-11-24 17:30"),  # Saturday: as if it came on Monday
        ("2026-11-23 12:30", 1, "2026-11-24 17:30"),  # lunch is no other day
        ("2024-09-27 10:00", 7, "2024-10-12 17:30"),  # 国庆: Sun 29 and Sat 12 are worked
        ("2024-09-29 10:00", 1, "2024-09-30 17:30"),  # a Sunday that is worked
        ("2025-09-26 10:00", 7, "2025-10-13 17:30"),  # 国庆 and 中秋 1–8; 9-28 and 10-11 worked
        ("2026-09-18 10:00", 2, "2026-09-21 17:30"),  # Sunday 9-20 is worked
        ("2026-09-30 10:00", 3, "2026-10-10 17:30"),  # Saturday 10-10 is worked
        ("2024-02-09 10:00", 1, "2024-02-18 17:30"),  # 除夕 2024 was worked; Sun 18 too
        ("2024-02-04 10:00", 7, "2024-02-19 17:30"),  # a Sunday that is worked
        ("2025-01-24 10:00", 7, "2025-02-10 17:30"),  # 春节: Sun 1-26 and Sat 2-8 worked
        ("2026-02-13 10:00", 3, "2026-02-25 17:30"),  # 春节 15–23; Sat 2-14 worked
        ("2024-02-28 10:00", 1, "2024-02-29 17:30"),  # leap day
        ("2024-02-29 10:00", 1, "2024-03-01 17:30"),
        ("2025-12-31 10:00", 2, "2026-01-05 17:30"),  # 元旦 1–3, Sunday 1-4 worked
    ],
)
def test_working_days(start: str, days: int, end: str) -> None:
    assert ends(start, Allowance(days, DAYS)) == end


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-23 09:00", 3, "2026-11-23 12:00"),
        ("2026-11-23 10:00", 3, "2026-11-23 14:00"),  # over lunch
        ("2026-11-23 16:30", 2, "2026-11-24 10:00"),
        ("2026-11-22 16:30", 1, "2026-11-23 10:00"),  # Sunday
        ("2026-09-30 17:00", 1, "2026-10-08 09:30"),  # over 国庆
        ("2026-11-23 10:00", 15, "2026-11-25 10:00"),  # two days of 7.5 h
    ],
)
def test_working_hours(start: str, hours: int, end: str) -> None:
    assert ends(start, Allowance(hours, WORKING)) == end


def test_hours_run_by_the_clock_on_the_wall() -> None:
    assert ends("2026-10-01 23:00", Allowance(2, WALL)) == "2026-10-02 01:00"
    assert ends("2024-02-28 12:00", Allowance(48, WALL)) == "2024-03-01 12:00"
    assert ends("2031-01-01 12:00", Allowance(24, WALL)) == "2031-01-02 12:00"  # needs no calendar


def test_day_of_start_counts_where_that_is_set() -> None:
    assert ends("2026-11-23 10:00", Allowance(1, DAYS), start_day_counts=True) == "2026-11-23 17:30"
    assert ends("2026-11-21 10:00", Allowance(7, DAYS), start_day_counts=True) == "2026-12-01 17:30"


def test_year_that_nobody_knows_is_not_guessed() -> None:
    with pytest.raises(CalendarUnknownError, match="缺少2027年") as raised:
        ends("2026-12-28 10:00", Allowance(7, DAYS))
    assert raised.value.year == 2027
    assert ends("2026-12-30 10:00", Allowance(1, DAYS)) == "2026-12-31 17:30"
    with pytest.raises(CalendarUnknownError):
        ends("2026-12-31 17:30", Allowance(1, WORKING))
    with pytest.raises(CalendarUnknownError):
        ends("2003-12-30 10:00", Allowance(1, DAYS))


def test_year_that_was_entered_here() -> None:
    days = {date(2027, 1, 1): False, date(2027, 1, 3): True}
    calendar = Calendar(days, frozenset({2027}))
    assert ends("2026-12-31 10:00", Allowance(2, DAYS), calendar=calendar) == "2027-01-04 17:30"
    single = Calendar({date(2027, 1, 1): False, date(2027, 1, 4): True})
    with pytest.raises(CalendarUnknownError):  # one day does not tell of the next
        ends("2026-12-31 10:00", Allowance(1, DAYS), calendar=single)


def test_local_days_override_the_national_ones() -> None:
    typhoon = Calendar({date(2026, 11, 24): False, date(2026, 11, 28): True})
    assert ends("2026-11-23 10:00", Allowance(4, DAYS), calendar=typhoon) == "2026-11-28 17:30"


def test_pauses_and_extensions() -> None:
    pause = [Entry(at("2026-11-24 16:30"), Act.PAUSED), Entry(at("2026-11-25 10:30"), Act.RESUMED)]
    assert ends("2026-11-23 10:00", Allowance(7, DAYS), *pause) == "2026-12-03 11:30"
    assert ends("2026-11-23 10:00", Allowance(24, WALL), *pause) == "2026-11-25 04:00"
    more = Entry(at("2026-11-26 10:00"), Act.EXTENDED, Allowance(2, DAYS))
    assert ends("2026-11-23 10:00", Allowance(7, DAYS), more) == "2026-12-04 17:30"
    assert ends("2026-11-23 10:00", Allowance(7, DAYS), *pause, more) == "2026-12-07 11:30"
    hours = Entry(at("2026-11-26 10:00"), Act.EXTENDED, Allowance(24, WALL))
    assert ends("2026-11-23 10:00", Allowance(2, WALL), hours) == "2026-11-24 12:00"
    rest = [Entry(at("2026-11-28 10:00"), Act.PAUSED), Entry(at("2026-11-29 20:00"), Act.RESUMED)]
    assert ends("2026-11-23 10:00", Allowance(7, DAYS), *rest) == "2026-12-02 17:30"


def test_still_paused() -> None:
    paused = Entry(at("2026-11-24 16:30"), Act.PAUSED)
    assert ends("2026-11-23 10:00", Allowance(7, DAYS), paused) == "2026-12-02 17:30"


@pytest.mark.parametrize("text", ["", "9-12", "12:00-09:00", "09:00-12:00,11:00-17:00", "09:00"])
def test_hours_that_are_none(text: str) -> None:
    with pytest.raises(ClockInvalidError):
        WorkingHours.parse(text)


@pytest.mark.parametrize("allowance", [(0, DAYS), (251, DAYS), (2001, WORKING), (8761, WALL)])
def test_allowances_that_are_none(allowance: tuple[int, Unit]) -> None:
    with pytest.raises(ClockInvalidError):
        Allowance(*allowance)


def test_time_between() -> None:
    work = WorkTime(NATIONAL, HOURS)
    assert HOURS.length == timedelta(hours=7.5)
    assert HOURS.spans[0] == (time(9), time(12))
    friday, monday = at("2026-11-20 17:00"), at("2026-11-23 09:15")
    assert work.between(friday, monday) == timedelta(minutes=45)
    assert work.between(monday, friday) == -timedelta(minutes=45)
    assert work.between(at("2026-11-23 12:00"), at("2026-11-23 13:00")) == timedelta(0)
    last = at("2026-12-31 23:00")  # what comes after it is not asked for
    assert work.between(at("2026-12-31 16:30"), last) == timedelta(hours=1)
    assert work.between(last, last) == timedelta(0)
