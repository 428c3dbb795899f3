"""When an event that did not arrive is sent again, and when that is given up."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# Seconds after the n-th failure: soon for a hiccup, seldom for an outage; the last one repeats.
DELAYS_S = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800)
JITTER = 0.2
ASKED_MAX_S = 3600


@dataclass(frozen=True, slots=True)
class GiveUp:
    """An event is given up after so many attempts, or so long after the first of them."""

    attempts: int
    after: timedelta


def delay_s(failures: int, chance: float, *, asked_s: float = 0) -> float:
    """Seconds to wait after the ``failures``-th failure in a row (from 1 on).

    ``chance`` in [0, 1) spreads them by ±`JITTER`, so that not everything comes back at once.
    ``asked_s`` is what the receiver asked for (``Retry-After``): not earlier, up to an hour.
    """
    planned = DELAYS_S[min(failures, len(DELAYS_S)) - 1]
    spread = planned * (1 + JITTER * (2 * chance - 1))
    return max(spread, min(asked_s, ASKED_MAX_S))


def next_try(
    failures: int,
    *,
    tried_since: datetime,
    now: datetime,
    limit: GiveUp,
    chance: float,
    asked_s: float = 0,
) -> datetime | None:
    """When to try again after the ``failures``-th failure; ``None``: it is given up."""
    if failures >= limit.attempts or now - tried_since >= limit.after:
        return None
    return now + timedelta(seconds=delay_s(failures, chance, asked_s=asked_s))
