"""C5: red, yellow, green."""

from datetime import datetime, timedelta

import pytest

from ticketing.clocks.calendar import Calendar
from ticketing.clocks.deadline import Act, Allowance, Entry, Timing, Unit, schedule
from ticketing.clocks.lights import Light, Standing
from ticketing.clocks.working_time import CITY, WorkingHours, WorkTime

HOURS = WorkingHours.parse("09:00-12:00,13:00-17:30")
WORK = WorkTime(Calendar(), HOURS)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=CITY)


def timing(share: float = 0.25, hours: float = 0) -> Timing:
    return Timing(hours=HOURS, yellow_share=share, yellow_before=timedelta(hours=hours))


@pytest.mark.parametrize(
    ("now", "paused", "shown"),
    [
        ("11-23 10:00", None, Light.GREEN),
        ("11-30 17:29", None, Light.GREEN),
        ("12-02 17:29", None, Light.YELLOW),
        ("12-02 17:30", None, Light.RED),
        ("12-24 10:00", None, Light.RED),
        ("12-24 10:00", "11-24 10:00", Light.PAUSED),
    ],
)
def test_lights(now: str, paused: str | None, shown: Light) -> None:
    history = [Entry(at("11-23 10:00"), Act.STARTED)]  # seven working days: until 12-02 17:30
    week = Allowance(7, Unit.WORKING_DAYS)
    found = schedule(week, history, calendar=Calendar(), timing=timing())
    standing = Standing(
        unit=week.unit,
        deadline=found.deadline,
        yellow_from=found.yellow_from,
        paused_at=at(paused) if paused else None,
    )
    assert standing.light(at(now)) is shown


def test_without_a_deadline() -> None:
    standing = Standing(unit=Unit.WORKING_DAYS, deadline=None, yellow_from=None, paused_at=None)
    assert standing.light(at("12-28 10:00")) is Light.UNDATED
    assert standing.time_left(at("12-28 10:00"), WORK) is None


@pytest.mark.parametrize(
    ("allowance", "setting", "yellow"),
    [
        (Allowance(2, Unit.HOURS), timing(), "11-23 11:30"),
        (Allowance(24, Unit.HOURS), timing(), "11-24 04:00"),
        (Allowance(24, Unit.HOURS), timing(hours=8), "11-24 02:00"),
        (Allowance(24, Unit.HOURS), timing(share=0, hours=8), "11-24 02:00"),
        (Allowance(2, Unit.HOURS), timing(hours=8), "11-23 10:00"),  # no earlier than it began
        (Allowance(7, Unit.WORKING_DAYS), timing(share=0, hours=7.5), "12-02 09:00"),
        (Allowance(10, Unit.WORKING_HOURS), timing(share=0.1), "11-24 11:30"),
    ],
)
def test_yellow_from(allowance: Allowance, setting: Timing, yellow: str) -> None:
    history = [Entry(at("11-23 10:00"), Act.STARTED)]
    found = schedule(allowance, history, calendar=Calendar(), timing=setting)
    assert found.yellow_from == at(yellow)


def test_extension_makes_it_green_again() -> None:
    history = [
        Entry(at("11-23 10:00"), Act.STARTED),
        Entry(at("12-02 10:00"), Act.EXTENDED, Allowance(7, Unit.WORKING_DAYS)),
    ]
    week = Allowance(7, Unit.WORKING_DAYS)
    found = schedule(week, history, calendar=Calendar(), timing=timing())
    assert found.deadline == at("12-11 17:30")
    assert found.yellow_from > at("12-02 10:00")


@pytest.mark.parametrize(
    ("now", "paused", "unit", "left"),
    [
        ("12-02 16:30", None, Unit.WORKING_DAYS, 1),
        ("12-01 17:00", None, Unit.WORKING_DAYS, 8),
        ("12-03 09:30", None, Unit.WORKING_DAYS, -0.5),
        ("12-24 10:00", "12-02 15:30", Unit.WORKING_DAYS, 2),
        ("12-01 17:30", None, Unit.HOURS, 24),
        ("12-03 17:30", None, Unit.HOURS, -24),
    ],
)
def test_time_left(now: str, paused: str | None, unit: Unit, left: float) -> None:
    standing = Standing(
        unit=unit,
        deadline=at("12-02 17:30"),
        yellow_from=at("12-01 10:00"),
        paused_at=at(paused) if paused else None,
    )
    assert standing.time_left(at(now), WORK) == timedelta(hours=left)


def test_time_left_that_nobody_knows() -> None:
    deadline = at("12-02 17:30")
    days, wall = (
        Standing(unit=unit, deadline=deadline, yellow_from=deadline, paused_at=None)
        for unit in (Unit.WORKING_DAYS, Unit.HOURS)
    )
    later = datetime(2027, 1, 5, 17, 30, tzinfo=CITY)
    assert days.time_left(later, WORK) is None
    assert wall.time_left(later, WORK) == -timedelta(days=34)
