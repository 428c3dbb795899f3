"""When an event is sent again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.settings import Settings
from gateway.webhooks.back_off import DELAYS_S, JITTER, GiveUp, delay_s, next_try
from gateway.webhooks.courier import give_up_of

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LIMIT = GiveUp(attempts=5, after=timedelta(hours=2))


def test_the_table() -> None:
    assert [delay_s(n, 0.5) for n in (1, 2, 3, 9, 10, 50)] == [5, 30, 120, 28800, 28800, 28800]


@given(st.integers(1, 100), st.floats(0, 1, exclude_max=True))
def test_jitter_stays_near_the_table(failures: int, chance: float) -> None:
    planned = DELAYS_S[min(failures, len(DELAYS_S)) - 1]
    assert planned * (1 - JITTER) <= delay_s(failures, chance) <= planned * (1 + JITTER)


def test_receiver_may_ask_for_more_time_but_not_for_ever() -> None:
    assert delay_s(1, 0.5, asked_s=600) == 600
    assert delay_s(6, 0.5, asked_s=600) == 3600
    assert delay_s(1, 0.5, asked_s=10**7) == 3600


def test_given_up_by_attempts_or_by_hours() -> None:
    def tried(failures: int, since: timedelta) -> datetime | None:
        return next_try(failures, tried_since=NOW - since, now=NOW, limit=LIMIT, chance=0.5)

    assert tried(4, timedelta(hours=1)) == NOW + timedelta(minutes=10)
    assert tried(5, timedelta(hours=1)) is None
    assert tried(1, timedelta(hours=2)) is None


def test_default_goes_on_for_days() -> None:
    limit, now, failures = give_up_of(Settings()), NOW, 0
    while True:
        failures += 1
        again = next_try(failures, tried_since=NOW, now=now, limit=limit, chance=0.5)
        if again is None:
            break
        now = again
    assert timedelta(days=2) < now - NOW <= timedelta(days=4)
