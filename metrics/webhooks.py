"""Webhooks, for Prometheus: attempts by outcome, and what waits."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from prometheus_client.core import GaugeMetricFamily, Metric

from metrics import events
from metrics.counters import Counters
from metrics.events import EventCounts
from metrics.queries import QUERIES

OUTCOMES = ("delivered", "failed", "given_up", "gone")


@dataclass(frozen=True, slots=True)
class WaitingWebhooks:
    """Events on their way to active destinations, the oldest for so long, and dead letters."""

    waiting: int
    oldest_s: float
    dead: int

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `waiting_webhooks`."""
        return cls(waiting=row["waiting"], oldest_s=row["oldest_s"], dead=row["dead"])


async def waiting_webhooks(conn: Any) -> WaitingWebhooks:
    """Count what waits."""
    return WaitingWebhooks.from_row(await QUERIES.waiting_webhooks(conn))


def webhook_metrics(
    waiting: WaitingWebhooks, counted: EventCounts, counters: Counters
) -> Iterator[Metric]:
    """Yield the metrics of one snapshot; every label value is there from the start."""
    made = counted.by_subject(events.WEBHOOK_ATTEMPTED)
    samples = [((outcome,), made.get(outcome, 0.0)) for outcome in OUTCOMES]
    text = "Attempts to deliver an event; given_up: the last one, gone: the receiver wants no more."
    yield counters.counter("hotline_webhook_attempts", text, ("outcome",), samples)
    for name, text, value in (
        ("hotline_webhooks_waiting", "Events that wait for a destination.", waiting.waiting),
        (
            "hotline_webhooks_oldest_waiting_seconds",
            "How long the oldest of them has waited.",
            waiting.oldest_s,
        ),
        ("hotline_webhooks_dead", "Dead letters that a person must see to.", waiting.dead),
    ):
        yield GaugeMetricFamily(name, text, value=value)
