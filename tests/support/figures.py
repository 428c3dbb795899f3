"""What tests of figures share: a clock, a scrape, a sum over the samples."""

from datetime import date, datetime, timedelta
from typing import Any

import asyncpg
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from metrics.exporter import FiguresCollector
from metrics.figures import midnight
from metrics.snapshot import SnapshotKeeper

TODAY, TOMORROW = date(2026, 11, 23), date(2026, 11, 24)
MIDNIGHT = midnight(TODAY)
NOW = MIDNIGHT + timedelta(hours=40)


def hour(hours: float) -> datetime:
    """Hours after `MIDNIGHT`."""
    return MIDNIGHT + timedelta(hours=hours)


Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def keeper(pool: asyncpg.Pool, **options: Any) -> SnapshotKeeper:
    return SnapshotKeeper(pool, clock=lambda: NOW, **options)


def registry_of(source: SnapshotKeeper) -> CollectorRegistry:
    """A registry as the program has it, with two queues."""
    registry = CollectorRegistry()
    registry.register(FiguresCollector(source, queues=("12345", "expert"), planned_seats=171))
    return registry


def exposition(registry: CollectorRegistry) -> str:
    """What Prometheus reads."""
    return generate_latest(registry).decode()


def scrape(registry: CollectorRegistry) -> Samples:
    """What Prometheus reads, by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(exposition(registry))
        for sample in family.samples
    }


def total(samples: Samples, name: str, **labels: str) -> float:
    return sum(
        value
        for (known, found), value in samples.items()
        if known == name and labels.items() <= dict(found).items()
    )
