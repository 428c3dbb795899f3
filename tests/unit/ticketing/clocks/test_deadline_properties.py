"""C5: what holds for every clock, over holidays, worked weekends, leap day and year's end."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ticketing.clocks.calendar import Calendar
from ticketing.clocks.deadline import (
    Act,
    Allowance,
    Entry,
    Schedule,
    Timing,
    Unit,
    measure,
    schedule,
)
from ticketing.clocks.errors import CalendarUnknownError
from ticketing.clocks.working_time import CITY, WorkingHours, WorkTime

patient = settings(deadline=None)  # the machine may be busy with other things

HOURS = WorkingHours.parse("09:00-12:00,13:00-17:30")
TIMING = Timing(hours=HOURS, yellow_share=0.25, yellow_before=timedelta(0))
CALENDAR = Calendar({date(2024, 7, 25): False, date(2025, 5, 24): True})
WORK = WorkTime(CALENDAR, HOURS)

_FIRST, _LAST = datetime(2024, 1, 1), datetime(2026, 6, 30)  # noqa: DTZ001  # in the city, below
# Any time, and often around the long holidays, 29 February and the borders of the years.
_NEAR = st.sampled_from(
    [
        datetime(*day)  # noqa: DTZ001  # as above
        for day in (
            (2024, 2, 8),
            (2024, 2, 28),
            (2024, 9, 27),
            (2024, 12, 30),
            (2025, 1, 25),
            (2025, 9, 26),
            (2025, 12, 30),
            (2026, 2, 12),
        )
    ]
)
_MINUTES = st.integers(0, 12 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
MOMENTS = st.one_of(st.datetimes(_FIRST, _LAST), st.builds(lambda a, b: a + b, _NEAR, _MINUTES))
STARTS = MOMENTS.map(lambda moment: moment.replace(tzinfo=CITY).astimezone(UTC))
SPANS = st.timedeltas(timedelta(0), timedelta(days=20))
AMOUNTS = st.integers(1, 20)
UNITS = st.sampled_from(Unit)
ALLOWANCES = st.builds(Allowance, AMOUNTS, UNITS)


def of(start: datetime, allowance: Allowance, *later: Entry) -> Schedule:
    history = [Entry(start, Act.STARTED), *later]
    return schedule(allowance, history, calendar=CALENDAR, timing=TIMING)


@patient
@given(STARTS, SPANS, ALLOWANCES)
def test_later_start_ends_no_earlier(start: datetime, by: timedelta, allowance: Allowance) -> None:
    assert of(start, allowance).deadline <= of(start + by, allowance).deadline


@patient
@given(STARTS, UNITS, AMOUNTS, AMOUNTS)
def test_more_takes_longer(start: datetime, unit: Unit, amount: int, more: int) -> None:
    shorter, longer = Allowance(amount, unit), Allowance(amount + more, unit)
    assert of(start, shorter).deadline < of(start, longer).deadline


@patient
@given(STARTS, ALLOWANCES)
def test_ends_while_work_goes_on(start: datetime, allowance: Allowance) -> None:
    found = of(start, allowance)
    assert start < found.deadline
    assert start <= found.yellow_from < found.deadline
    if allowance.unit is not Unit.HOURS:
        end = found.deadline.astimezone(CITY)
        assert CALENDAR.is_working(end.date())
        assert any(a < end.time() <= b for a, b in HOURS.spans)


@patient
@given(STARTS, st.integers(1, 60))
def test_working_days_are_counted(start: datetime, number: int) -> None:
    deadline = of(start, Allowance(number, Unit.WORKING_DAYS)).deadline
    begun = WORK.opening(start).astimezone(CITY).date()
    end = deadline.astimezone(CITY).date()
    days = [begun + timedelta(days=n + 1) for n in range((end - begun).days)]
    assert sum(map(CALENDAR.is_working, days)) == number


@patient
@given(STARTS, ALLOWANCES, SPANS, SPANS)
def test_pause_moves_by_the_time_it_took(
    start: datetime, allowance: Allowance, before: timedelta, pause: timedelta
) -> None:
    paused, resumed = start + before, start + before + pause
    whole = of(start, allowance)
    moved = of(start, allowance, Entry(paused, Act.PAUSED), Entry(resumed, Act.RESUMED))
    own = measure(allowance.unit, WORK)
    assert own.between(whole.deadline, moved.deadline) == own.between(paused, resumed)
    # So what is left is the same before and after the pause.
    assert own.between(paused, whole.deadline) == own.between(resumed, moved.deadline)


@patient
@given(STARTS, ALLOWANCES, ALLOWANCES, ALLOWANCES)
def test_extension_adds(
    start: datetime, allowance: Allowance, first: Allowance, second: Allowance
) -> None:
    entries = [Entry(start, Act.EXTENDED, by) for by in (first, second)]
    whole, longer = of(start, allowance), of(start, allowance, *entries)
    if first.unit is second.unit and first.unit is not Unit.WORKING_DAYS:
        own = measure(first.unit, WORK)
        hours = timedelta(hours=first.amount + second.amount)
        assert own.between(whole.deadline, longer.deadline) == hours
    if allowance.unit is first.unit is second.unit is Unit.WORKING_DAYS:
        at_once = Allowance(allowance.amount + first.amount + second.amount, allowance.unit)
        assert longer == Schedule(
            deadline=of(start, at_once).deadline, yellow_from=longer.yellow_from
        )
    assert whole.deadline < longer.deadline


@patient
@given(STARTS, st.timedeltas(timedelta(0), timedelta(hours=100)))
def test_back_undoes_add(start: datetime, amount: timedelta) -> None:
    assert WORK.between(start, WORK.add(start, amount)) == amount
    assert WORK.between(WORK.back(start, amount), start) == amount


@patient
@given(STARTS, SPANS, SPANS)
def test_time_between_adds_up(start: datetime, first: timedelta, second: timedelta) -> None:
    middle, end = start + first, start + first + second
    assert WORK.between(start, middle) + WORK.between(middle, end) == WORK.between(start, end)


@patient
@given(st.datetimes(datetime(2026, 12, 1), datetime(2027, 3, 1)), ALLOWANCES)  # noqa: DTZ001
def test_year_without_calendar(moment: datetime, allowance: Allowance) -> None:
    """Either it ends in the year that is known, or the year that is missing is named."""
    start = moment.replace(tzinfo=CITY).astimezone(UTC)
    if allowance.unit is Unit.HOURS:
        assert of(start, allowance).deadline == start + timedelta(hours=allowance.amount)
        return
    weekdays = Calendar(years=frozenset({2027}))
    history = [Entry(start, Act.STARTED)]
    deadline = schedule(allowance, history, calendar=weekdays, timing=TIMING).deadline
    if deadline.astimezone(CITY).year == 2026:
        assert of(start, allowance).deadline == deadline
    else:
        with pytest.raises(CalendarUnknownError) as raised:
            of(start, allowance)
        assert raised.value.year == 2027


def test_calendar_knows() -> None:
    assert Calendar().knows(2026)
    assert not Calendar().knows(2027)
    assert Calendar(years=frozenset({2027})).knows(2027)
    with pytest.raises(CalendarUnknownError):
        Calendar().is_working(date(2027, 1, 1))
