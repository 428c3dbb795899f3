"""What is on its way to others, for Prometheus: attempts by outcome, and what waits."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self

from prometheus_client.core import GaugeMetricFamily, Metric

from metrics import events
from metrics.counters import Counters
from metrics.events import EventCounts
from metrics.queries import QUERIES


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits, for how long the oldest of it, and what a person must see to."""

    waiting: int
    oldest_s: float
    dead: int

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `waiting_webhooks` or `waiting_notices`."""
        return cls(waiting=row["waiting"], oldest_s=row["oldest_s"], dead=row["dead"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """One way to tell others: its ``name`` in metrics, and what they are.

    ``attempted`` are counted by outcome; ``count`` asks what waits. The rest is what the metrics
    say of themselves.
    """

    name: str
    attempted: str
    outcomes: tuple[str, ...]
    count: Callable[[Any], Awaitable[Any]]
    attempts_help: str
    waiting_help: str
    oldest_help: str
    dead_help: str

    async def waiting(self, conn: Any) -> Waiting:
        """Count what waits."""
        return Waiting.from_row(await self.count(conn))

    def metrics(
        self, waiting: Waiting, counted: EventCounts, counters: Counters
    ) -> Iterator[Metric]:
        """Yield the metrics of one snapshot; every label value is there from the start."""
        made = counted.by_subject(self.attempted)
        samples = [((outcome,), made.get(outcome, 0.0)) for outcome in self.outcomes]
        attempts = f"hotline_{self.name}_attempts"
        yield counters.counter(attempts, self.attempts_help, ("outcome",), samples)
        for name, text, value in (
            ("waiting", self.waiting_help, waiting.waiting),
            ("oldest_waiting_seconds", self.oldest_help, waiting.oldest_s),
            ("dead", self.dead_help, waiting.dead),
        ):
            yield GaugeMetricFamily(f"hotline_{self.name}s_{name}", text, value=value)


WEBHOOKS = Outbox(
    name="webhook",
    attempted=events.WEBHOOK_ATTEMPTED,
    outcomes=("delivered", "failed", "given_up", "gone"),
    count=QUERIES.waiting_webhooks,
    attempts_help=(
        "Attempts to deliver an event; given_up: the last one, gone: the receiver wants no more."
    ),
    waiting_help="Events that wait for a destination.",
    oldest_help="How long the oldest of them has waited.",
    dead_help="Dead letters that a person must see to.",
)
NOTICES = Outbox(
    name="notice",
    attempted=events.NOTICE_ATTEMPTED,
    outcomes=("sent", "failed", "refused", "expired"),
    count=QUERIES.waiting_notices,
    attempts_help=(
        "Attempts to send a notice; failed: it is tried again, expired: too late to be sent."
    ),
    waiting_help="Notices to citizens that wait.",
    oldest_help="How long ago the oldest step was taken of which a citizen is still to be told.",
    dead_help="Notices that were refused or came too late.",
)
