"""Windows of time that a search for words goes back by, and what is no number (C1)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.numbers import written_number
from ticketing.search.blocks import WIDEST, marks_of, reach, window_before
from ticketing.search.word_walk import CROWDED, HEAVY, WIDENING, Walk, fitting, width_for

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
TIMES = st.datetimes(datetime(1999, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # bounds


@given(TIMES, st.integers(0, WIDEST), st.floats(0, 1, exclude_max=True))
def test_what_is_in_a_window_carries_one_of_its_marks(
    before: datetime, width: int, where: float
) -> None:
    window = window_before(before, width)
    opened_at = window.since + where * (before - window.since)
    assert window.since < before <= window.since + reach(width)
    assert before - window.since > reach(width) / 2  # wherever in a block it begins
    assert set(marks_of(min(opened_at, before - timedelta(microseconds=1)))) & set(window.marks)


@given(TIMES, TIMES, st.integers(0, WIDEST))
def test_marks_tell_blocks_apart(one: datetime, other: datetime, width: int) -> None:
    if abs(one - other) >= reach(width) / 2:
        assert marks_of(one)[width] != marks_of(other)[width]


@given(st.floats(0.001, 1e6), st.floats(1, 10_000))
def test_a_first_window_fits(per_day: float, days: float) -> None:
    width = width_for(per_day, days, 100)
    if 0 < width <= WIDEST:
        assert per_day * (reach(width) / timedelta(days=1)) <= 100.1
    if width > WIDEST:
        assert per_day * days <= 100


LIMIT = 50


def walk(width: int, per_day: float = 1.0) -> Walk:
    return Walk(NOW, NOW - timedelta(days=3000), width, per_day, LIMIT)


def test_windows_follow_what_they_hold() -> None:
    back = walk(2)
    window = back.window
    back.take(window, CROWDED + 1, [1])
    assert (back.width, back.before, back.found) == (1, NOW, [])
    back = walk(1)
    back.take(back.window, 30, list(range(30)))
    assert (back.width, len(back.found)) == (1, 30)  # as many again will do
    assert back.before < NOW
    back.take(back.window, fitting(LIMIT) // WIDENING, [])
    assert back.width == 2
    picky = walk(1)
    picky.take(picky.window, CROWDED // WIDENING, [])  # few of them are wanted: look at more
    assert picky.width == 2


def test_no_window_is_heavy_and_no_walk_long() -> None:
    frequent = HEAVY / 100  # cases a day: a hundred days are a heavy window
    back = walk(0, frequent)
    while not back.tired:
        window = back.window
        assert frequent * (back.before - window.since).days <= HEAVY
        back.take(window, 0, [])
    assert back.width == 2
    assert not back.ended
    rare = walk(0, 0.01)
    while not rare.ended:
        rare.take(rare.window, 0, [])
    assert rare.width == WIDEST + 1
    assert not rare.tired


@pytest.mark.parametrize("typed", ["", "-", "138****8000", "12", "1" * 21, "电话13800138000"])
def test_what_is_no_number(typed: str) -> None:
    assert written_number(typed) is None
