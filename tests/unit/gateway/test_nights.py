"""Which days a nightly comparison is due for."""

from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.reconciliation.nights import CATCH_UP, bounds, nights_due

HOUR = 3


def at(day: int, hour: int) -> datetime:
    """A time of the city in November 2026."""
    return datetime(2026, 11, day, hour, tzinfo=UTC) - timedelta(hours=8)


def days(*numbers: int) -> list[date]:
    return [date(2026, 11, number) for number in numbers]


@pytest.mark.parametrize(
    ("now", "done", "due"),
    [
        (at(23, 3), [], [22]),  # the first run ever
        (at(23, 2), [], [21]),
        (at(23, 3), [21], [22]),
        (at(23, 2), [21], []),  # not yet
        (at(23, 3), [21, 22], []),
        (at(23, 23), [21, 22], []),
        (at(24, 2), [22], []),
        (at(24, 3), [22], [23]),
        (at(23, 3), [18], [19, 20, 21, 22]),  # nights that were missed
        (at(23, 3), [18, 20, 21], [19, 22]),
        (at(23, 3), [1], [22]),  # away for too long: what the start of the gateway compared
    ],
)
def test_due(now: datetime, done: list[int], due: list[int]) -> None:
    assert nights_due(now, HOUR, days(*done)) == days(*due)


def test_no_more_than_a_week_is_caught_up() -> None:
    assert len(nights_due(at(23, 3), HOUR, days(22 - CATCH_UP))) == CATCH_UP


@pytest.mark.parametrize("hour", range(24))
def test_every_day_once_whatever_the_hour(hour: int) -> None:
    done: list[date] = []
    for minute in range(0, 10 * 24 * 60, 10):
        done += nights_due(at(1, 0) + timedelta(minutes=minute), hour, done)
    assert done == [done[0] + timedelta(days=number) for number in range(len(done))]
    assert len(done) in {10, 11}


def test_bounds_are_midnights_of_the_city() -> None:
    start, end = bounds(date(2026, 11, 22))
    assert start == datetime(2026, 11, 21, 16, tzinfo=UTC)
    assert end - start == timedelta(days=1)
