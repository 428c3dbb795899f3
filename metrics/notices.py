"""Notices to citizens, for Prometheus: attempts by outcome, and what waits."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from prometheus_client.core import GaugeMetricFamily, Metric

from metrics import events
from metrics.counters import Counters
from metrics.events import EventCounts
from metrics.queries import QUERIES

OUTCOMES = ("sent", "failed", "refused", "expired")


@dataclass(frozen=True, slots=True)
class WaitingNotices:
    """Notices on their way, the oldest told of a step so long ago, and dead ones."""

    waiting: int
    oldest_s: float
    dead: int

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `waiting_notices`."""
        return cls(waiting=row["waiting"], oldest_s=row["oldest_s"], dead=row["dead"])


async def waiting_notices(conn: Any) -> WaitingNotices:
    """Count what waits."""
    return WaitingNotices.from_row(await QUERIES.waiting_notices(conn))


def notice_metrics(
    waiting: WaitingNotices, counted: EventCounts, counters: Counters
) -> Iterator[Metric]:
    """Yield the metrics of one snapshot; every label value is there from the start."""
    made = counted.by_subject(events.NOTICE_ATTEMPTED)
    samples = [((outcome,), made.get(outcome, 0.0)) for outcome in OUTCOMES]
    text = "Attempts to send a notice; failed: it is tried again, expired: too late to be sent."
    yield counters.counter("hotline_notice_attempts", text, ("outcome",), samples)
    for name, text, value in (
        ("hotline_notices_waiting", "Notices to citizens that wait.", waiting.waiting),
        (
            "hotline_notices_oldest_waiting_seconds",
            "How long ago the oldest step was taken of which a citizen is still to be told.",
            waiting.oldest_s,
        ),
        ("hotline_notices_dead", "Notices that were refused or came too late.", waiting.dead),
    ):
        yield GaugeMetricFamily(name, text, value=value)
