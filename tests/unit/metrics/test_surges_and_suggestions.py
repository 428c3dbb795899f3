"""C10, C12: metrics of warnings and suggestions; every label value is there from the start."""

from datetime import UTC, datetime, timedelta

from metrics.counters import Counters
from metrics.dispatch_suggestion import ServedModel, suggestion_metrics
from metrics.events import EventCounts
from metrics.surges import surge_metrics

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_surges() -> None:
    counted = EventCounts({("surge.started", "cluster", ""): 3.0})
    values = {
        (sample.name, sample.labels["level"]): sample.value
        for metric in surge_metrics({"class": 2}, counted, Counters())
        for sample in metric.samples
    }
    assert values == {
        ("hotline_surges_open", "class"): 2,
        ("hotline_surges_open", "subclass"): 0,
        ("hotline_surges_open", "cluster"): 0,
        ("hotline_surges_started_total", "class"): 0,
        ("hotline_surges_started_total", "subclass"): 0,
        ("hotline_surges_started_total", "cluster"): 3,
    }


def test_suggestions() -> None:
    counted = EventCounts({("suggestion.chosen", "category", "first"): 5.0})
    held_out = {"cases": 10.0, "first": 8.0, "among": 9.0}
    model = ServedModel(
        NOW - timedelta(hours=6), 100, dict.fromkeys(("category", "department"), held_out)
    )
    found = {
        (sample.name, sample.labels.get("target"), sample.labels.get("place")): sample.value
        for metric in suggestion_metrics(model, counted, Counters(), now=NOW)
        for sample in metric.samples
    }
    chosen = "hotline_dispatch_suggestions_chosen_total"
    assert found[chosen, "category", "first"] == 5
    assert found[chosen, "department", "other"] == 0
    assert found["hotline_dispatch_suggestion_held_out_cases", "department", "among"] == 9
    assert found["hotline_dispatch_suggestion_model_age_seconds", None, None] == 6 * 3600
    assert found["hotline_dispatch_suggestion_model_cases", None, None] == 100
    without = list(suggestion_metrics(None, counted, Counters(), now=NOW))
    assert [metric.name for metric in without] == ["hotline_dispatch_suggestions_chosen"]
