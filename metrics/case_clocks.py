"""The clocks of cases, for Prometheus: what runs, by light, and the notices made of them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric

from metrics import events
from metrics.counters import Counters
from metrics.events import EventCounts
from metrics.queries import QUERIES

CLOCKS = ("signing", "closing")
NOTICED = (*CLOCKS, "joint")
LIGHTS = ("green", "yellow", "red", "paused", "undated")

RunningClocks = Mapping[tuple[str, str], int]
"""Clocks by kind and light; those that do not occur are absent."""


async def running_clocks(conn: Any, *, now: datetime) -> RunningClocks:
    """Count the clocks that run."""
    rows = QUERIES.running_clocks(conn, now=now)
    return {(row["kind"], row["light"]): row["clocks"] async for row in rows}


def clock_metrics(
    running: RunningClocks, counted: EventCounts, counters: Counters
) -> Iterator[Metric]:
    """Yield the metrics of one snapshot; every label value is there from the start."""
    gauge = GaugeMetricFamily(
        "hotline_case_clocks",
        "Running clocks of cases by light; undated: the working calendar of their year is missing.",
        labels=("clock", "light"),
    )
    for kind in CLOCKS:
        for light in LIGHTS:
            gauge.add_metric((kind, light), running.get((kind, light), 0))
    yield gauge
    for name, text, event in (
        ("hotline_case_clocks_reminded", "Reminders before a deadline.", events.CLOCK_REMINDED),
        ("hotline_case_clocks_overdue", "Deadlines that passed.", events.CLOCK_OVERDUE),
    ):
        made = counted.by_subject(event)
        samples = [((kind,), made.get(kind, 0.0)) for kind in NOTICED]
        yield counters.counter(name, text, ("clock",), samples)
