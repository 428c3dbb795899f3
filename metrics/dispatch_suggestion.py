"""The dispatch suggestion (C12), for Prometheus: what people chose, the model that is served."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from prometheus_client.core import GaugeMetricFamily, Metric

from metrics import events
from metrics.counters import Counters
from metrics.events import EventCounts
from metrics.queries import QUERIES

TARGETS = ("category", "department")
PLACES = ("first", "among", "other")


@dataclass(frozen=True, slots=True)
class ServedModel:
    """The newest model: when it was made, from how many cases, and its held-out figures."""

    trained_at: datetime
    case_count: int
    measured: Mapping[str, Mapping[str, float]]

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Read a row of `served_model`."""
        return cls(row["trained_at"], row["case_count"], json.loads(row["measured"]))


async def served_model(conn: Any) -> ServedModel | None:
    """The newest model, if there is one."""
    rows = [ServedModel.from_row(row) async for row in QUERIES.served_model(conn)]
    return rows[0] if rows else None


def suggestion_metrics(
    model: ServedModel | None, counted: EventCounts, counters: Counters, *, now: datetime
) -> Iterator[Metric]:
    """Yield the metrics of one snapshot; those of the model only when there is one."""
    chosen = counted.by_both(events.SUGGESTION_CHOSEN)
    yield counters.counter(
        "hotline_dispatch_suggestions_chosen",
        "Choices where something was offered: the first proposal, another one shown, or neither.",
        ("target", "place"),
        [((t, place), chosen.get((t, place), 0.0)) for t in TARGETS for place in PLACES],
    )
    if model is not None:
        yield from _of_model(model, now)


def _of_model(model: ServedModel, now: datetime) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "hotline_dispatch_suggestion_model_age_seconds",
        "Since the model that is served was made.",
        value=max(0.0, (now - model.trained_at).total_seconds()),
    )
    yield GaugeMetricFamily(
        "hotline_dispatch_suggestion_model_cases",
        "Cases that the model was made from and measured with.",
        value=model.case_count,
    )
    held_out = GaugeMetricFamily(
        "hotline_dispatch_suggestion_held_out_cases",
        "Cases the model had not seen: all, the first proposal right, one of the three right.",
        labels=("target", "place"),
    )
    for target in TARGETS:
        for place, name in (("all", "cases"), ("first", "first"), ("among", "among")):
            held_out.add_metric((target, place), model.measured[target][name])
    yield held_out
