"""M3: intervals are cut at the borders of the period, not attributed to their start."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.counts import SeatSeconds
from metrics.seats import SeatInterval, by_period, clipped_s, seconds_by_agent
from telephony.events import SeatState

EIGHT = datetime(2026, 11, 23, 8, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return EIGHT + timedelta(minutes=minutes)


def interval(
    start: float,
    end: float | None,
    state: SeatState = SeatState.READY,
    switchboard: str = "sb1",
) -> SeatInterval:
    return SeatInterval(
        switchboard=switchboard,
        agent="1001",
        state=state,
        started_at=at(start),
        ended_at=None if end is None else at(end),
    )


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        (10, 20, 600),  # inside
        (-30, 10, 600),  # over the beginning
        (50, 90, 600),  # over the end
        (-30, 90, 3600),  # over both
        (-30, 0, 0),  # before
        (60, 90, 0),  # after
        (15, None, 1800),  # still going on at 45
        (50, None, 0),  # begun, by another clock, after now
    ],
)
def test_cut_at_the_borders(start: float, end: float | None, seconds: float) -> None:
    assert clipped_s(interval(start, end), at(0), at(60), now=at(45)) == seconds


MINUTES = st.integers(0, 3000)


@given(st.lists(MINUTES, min_size=2, max_size=2).map(sorted), st.lists(MINUTES, max_size=6))
def test_parts_of_a_period_add_up(ends: list[int], cuts: list[int]) -> None:
    seat = interval(*ends)
    borders = sorted([0, *cuts, 3000])
    parts = [clipped_s(seat, at(start), at(end), now=at(3000)) for start, end in pairwise(borders)]
    assert sum(parts) == (ends[1] - ends[0]) * 60


def test_sums_of_an_agent() -> None:
    found = seconds_by_agent(
        [
            interval(0, 10),
            interval(10, 12, SeatState.RINGING),
            interval(12, 20, SeatState.TALKING),
            interval(20, 21, SeatState.HOLD),
            interval(21, 25, SeatState.WRAP_UP),
            interval(25, 40, SeatState.NOT_READY),
            interval(40, None, SeatState.LOGGED_OUT),
            interval(0, 30, switchboard="sb2"),
        ],
        at(0),
        at(60),
        now=at(60),
    )
    assert found == {
        ("sb2", "1001"): SeatSeconds(ready_s=1800),
        ("sb1", "1001"): SeatSeconds(
            ready_s=600,
            ringing_s=120,
            talking_s=480,
            hold_s=60,
            wrap_up_s=240,
            not_ready_s=900,
        ),
    }
    seat = found["sb1", "1001"]
    assert (seat.busy_s, seat.logged_in_s) == (780, 2400)


SHANGHAI_MIDNIGHT = datetime(2026, 11, 23, 16, tzinfo=UTC)


def test_a_night_shift_is_cut_at_midnight_of_the_city() -> None:
    borders = [SHANGHAI_MIDNIGHT + timedelta(days=day) for day in (-1, 0, 1)]
    shift = SeatInterval(
        switchboard="sb1",
        agent="1001",
        state=SeatState.TALKING,
        started_at=SHANGHAI_MIDNIGHT - timedelta(minutes=10),
        ended_at=SHANGHAI_MIDNIGHT + timedelta(minutes=20),
    )
    found = by_period([shift], borders, now=SHANGHAI_MIDNIGHT + timedelta(days=2))
    assert [(one.start, one.seconds.talking_s) for one in found] == [
        (borders[0], 600),
        (borders[1], 1200),
    ]


def test_an_open_interval_of_days_fills_every_hour_up_to_now() -> None:
    borders = [at(60 * hour) for hour in range(50)]
    one = interval(30, None, SeatState.READY)
    found = by_period([one], borders, now=at(60 * 30 + 15))
    assert [period.seconds.ready_s for period in found] == [1800, *[3600] * 29, 900]


def test_who_was_logged_out_all_the_time_is_left_out() -> None:
    assert by_period([interval(0, 30, SeatState.LOGGED_OUT)], [at(0), at(60)], now=at(60)) == []


@given(
    st.lists(st.integers(0, 3000), min_size=2, max_size=20, unique=True).map(sorted),
    st.lists(st.integers(-10, 3010), min_size=2, max_size=9, unique=True).map(sorted),
)
def test_periods_together_are_the_whole(ends: list[int], cuts: list[int]) -> None:
    """Whatever the borders: nothing is lost or counted twice at them."""
    intervals = [interval(one, other) for one, other in pairwise(ends)]
    borders = [at(cut) for cut in cuts]
    now = at(4000)
    pieces = by_period(intervals, borders, now=now)
    whole = seconds_by_agent(intervals, borders[0], borders[-1], now=now)
    assert sum(piece.seconds.ready_s for piece in pieces) == whole["sb1", "1001"].ready_s
