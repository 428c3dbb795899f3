"""When, if at all, a citizen is called again. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from types import MappingProxyType
from typing import Protocol
from zoneinfo import ZoneInfo

from callback_survey.outcome import Outcome

LOCAL_TIME = ZoneInfo("Asia/Shanghai")

FINAL = frozenset({Outcome.COMPLETED, Outcome.INCOMPLETE})
"""After these nobody is called again: who has answered once is not to be troubled twice."""

FREE = frozenset({Outcome.NOT_DIALLED})
"""These do not count against the number of attempts: no telephone rang."""

_FIRST_DELAYS: Mapping[Outcome, timedelta] = MappingProxyType(
    {
        Outcome.BUSY: timedelta(minutes=10),
        Outcome.NO_ANSWER: timedelta(hours=2),
        Outcome.NO_INPUT: timedelta(hours=4),
        Outcome.CONGESTION: timedelta(minutes=5),
        Outcome.REJECTED: timedelta(minutes=5),
        Outcome.UNKNOWN: timedelta(hours=2),
        Outcome.NOT_DIALLED: timedelta(minutes=1),
    }
)


class CallingHours(Protocol):
    """Calls are made from ``opens`` up to ``closes``, Asia/Shanghai."""

    @property
    def opens(self) -> time:
        """No call before."""

    @property
    def closes(self) -> time:
        """No call from then on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """``first_delays`` double with each attempt; calls are made from ``opens`` up to ``closes``.

    Times of day are Asia/Shanghai.
    """

    max_attempts: int = 3
    opens: time = time(9)
    closes: time = time(20)
    first_delays: Mapping[Outcome, timedelta] = field(default_factory=lambda: _FIRST_DELAYS)


def next_call_at(
    outcome: Outcome, attempts: int, ended_at: datetime, policy: RetryPolicy
) -> datetime | None:
    """When to call again after the last of ``attempts`` counted ones; ``None`` to give up.

    ``ended_at`` is an aware time; the result is UTC and within the calling window.
    """
    if outcome in FINAL or attempts >= policy.max_attempts:
        return None
    delay = policy.first_delays[outcome] * 2 ** max(0, attempts - 1)
    return within_window(ended_at + delay, policy)


def within_window(at: datetime, hours: CallingHours) -> datetime:
    """Return ``at``, or the next opening of the calling window when it is closed then."""
    local = at.astimezone(LOCAL_TIME)
    if local.time() >= hours.closes:
        local = datetime.combine(local.date() + timedelta(days=1), hours.opens, LOCAL_TIME)
    elif local.time() < hours.opens:
        local = datetime.combine(local.date(), hours.opens, LOCAL_TIME)
    return local.astimezone(ZoneInfo("UTC"))
