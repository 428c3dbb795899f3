"""Ring-back (漏接回拨) and callers reached, for Prometheus; label values are bounded."""

from collections.abc import Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric

from metrics import events
from metrics.counters import Counters
from metrics.snapshot import Snapshot

VERDICTS = ("missed", "short", "unasked", "withheld", "invalid")
ENDS = ("reached", "dropped", "given_up", "expired")


def ringback_metrics(snapshot: Snapshot, counters: Counters) -> Iterator[Metric]:
    """Yield the metrics of one snapshot."""
    counted = snapshot.events
    yield counters.counter(
        "hotline_ringback_missed_calls",
        "Calls that failed; all but the missed ones make no ring-back task, for that reason.",
        ("verdict",),
        _by_label(counted.by_subject(events.RINGBACK_MISSED), VERDICTS),
    )
    yield counters.counter(
        "hotline_ringback_tasks_opened",
        "Ring-back tasks: callers who did not get through.",
        (),
        [((), counted.total(events.RINGBACK_OPENED))],
    )
    yield counters.counter(
        "hotline_ringback_tasks_closed",
        "Ring-back tasks that are over, by how.",
        ("state",),
        _by_label(counted.by_subject(events.RINGBACK_CLOSED), ENDS),
    )
    yield counters.counter(
        "hotline_ringback_attempts",
        "Ended attempts to ring back.",
        ("outcome",),
        [((end,), count) for end, count in counted.by_detail(events.RINGBACK_TRIED).items()],
    )
    yield from _gauges(snapshot)


def _gauges(snapshot: Snapshot) -> Iterator[Metric]:
    live, callers = snapshot.ringbacks, snapshot.callers
    tasks = GaugeMetricFamily(
        "hotline_ringback_tasks", "Ring-back tasks that are not over, by state.", labels=("state",)
    )
    tasks.add_metric(("open",), live.open)
    tasks.add_metric(("in_hand",), live.in_hand)
    yield tasks
    waited = snapshot.taken_at - live.oldest_at if live.oldest_at else None
    yield GaugeMetricFamily(
        "hotline_ringback_oldest_seconds",
        "Since the first missed call of the oldest ring-back task that is not over; 0 without one.",
        value=max(0.0, waited.total_seconds()) if waited else 0.0,
    )
    yield GaugeMetricFamily(
        "hotline_callers_asked",
        "Callers who asked for a person, of the day (Asia/Shanghai) so far.",
        value=callers.asked,
    )
    reached = GaugeMetricFamily(
        "hotline_callers_reached",
        "Of these, answered or rung back and reached.",
        labels=("by",),
    )
    reached.add_metric(("answer",), callers.answered)
    reached.add_metric(("ring_back",), callers.rung_back)
    yield reached


def _by_label(
    counts: Mapping[str, float], known: tuple[str, ...]
) -> list[tuple[tuple[str], float]]:
    """Every known value, so that each series exists from the start."""
    by_label = dict.fromkeys(known, 0.0) | dict(counts)
    return [((value,), count) for value, count in by_label.items()]
