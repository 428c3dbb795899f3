"""M3: intervals are cut at the borders of the period, not attributed to their start."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.counts import SeatSeconds
from metrics.seats import SeatInterval, clipped_s, seconds_by_agent
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
