"""Surge warnings (C10), for Prometheus: by level, never by the name of a category or a place."""

from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric

from metrics import events
from metrics.counters import Counters
from metrics.events import EventCounts
from metrics.queries import QUERIES

LEVELS = ("class", "subclass", "cluster")

OpenSurges = Mapping[str, int]
"""Warnings that are not over, by level; levels without one are absent."""


async def open_surges(conn: Any) -> OpenSurges:
    """Count them."""
    return {row["level"]: row["surges"] async for row in QUERIES.open_surges(conn)}


def surge_metrics(
    going_on: OpenSurges, counted: EventCounts, counters: Counters
) -> Iterator[Metric]:
    """Yield the metrics of one snapshot; every level is there from the start."""
    gauge = GaugeMetricFamily(
        "hotline_surges_open", "Surge warnings that are not over.", labels=("level",)
    )
    for level in LEVELS:
        gauge.add_metric((level,), going_on.get(level, 0))
    yield gauge
    begun = counted.by_subject(events.SURGE_STARTED)
    samples = [((level,), begun.get(level, 0.0)) for level in LEVELS]
    yield counters.counter("hotline_surges_started", "Surge warnings.", ("level",), samples)
