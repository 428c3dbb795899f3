"""When a citizen is called again: back-off, calling window, the end of trying."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callback_survey.outcome import Outcome
from callback_survey.retry import FINAL, RetryPolicy, next_call_at, within_window

SHANGHAI = ZoneInfo("Asia/Shanghai")
POLICY = RetryPolicy(max_attempts=3)


def local(hour: int, minute: int = 0, day: int = 23) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("outcome", "attempts", "ended_at", "expected"),
    [
        (Outcome.COMPLETED, 1, local(10), None),
        (Outcome.INCOMPLETE, 1, local(10), None),
        (Outcome.BUSY, 1, local(10), local(10, 10)),
        (Outcome.BUSY, 2, local(10), local(10, 20)),
        (Outcome.BUSY, 3, local(10), None),
        (Outcome.NO_ANSWER, 1, local(10), local(12)),
        (Outcome.NO_ANSWER, 2, local(10), local(14)),
        (Outcome.NO_ANSWER, 2, local(16), local(9, day=24)),
        (Outcome.NO_ANSWER, 1, local(17, 59), local(19, 59)),
        (Outcome.NO_ANSWER, 1, local(18), local(9, day=24)),
        (Outcome.NO_INPUT, 1, local(9), local(13)),
        (Outcome.CONGESTION, 1, local(19, 58), local(9, day=24)),
        (Outcome.REJECTED, 2, local(10), local(10, 10)),
        (Outcome.UNKNOWN, 1, local(10), local(12)),
        (Outcome.NOT_DIALLED, 0, local(10), local(10, 1)),
        (Outcome.BUSY, 1, local(1), local(9)),
    ],
)
def test_next_call(
    outcome: Outcome, attempts: int, ended_at: datetime, expected: datetime | None
) -> None:
    assert next_call_at(outcome, attempts, ended_at, POLICY) == expected


@given(
    outcome=st.sampled_from(Outcome),
    attempts=st.integers(0, 10),
    ended_at=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # hypothesis adds the zone
)
def test_never_outside_the_window_never_too_early(
    outcome: Outcome, attempts: int, ended_at: datetime
) -> None:
    again = next_call_at(outcome, attempts, ended_at, POLICY)
    if outcome in FINAL or attempts >= POLICY.max_attempts:
        assert again is None
        return
    assert again is not None
    assert again.utcoffset() == timedelta(0)
    assert again >= ended_at + timedelta(minutes=1)
    assert POLICY.opens <= again.astimezone(SHANGHAI).time() < POLICY.closes
    assert within_window(again, POLICY) == again
