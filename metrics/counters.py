"""Counters that never go down while the program runs.

Prometheus takes a counter that goes down for one that began anew and adds its whole value once
more. Ours can go down: a call that leaves one queue for the next is counted under the last one, the
ledger can correct an outcome, and the change that ends a seat's state can reach us late. What was
published then stands until the count has caught up.
"""

from collections.abc import Iterable, Sequence

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

Labels = tuple[str, ...]


class Counters:
    """Builds metric families out of counts, remembering the highest value of each series."""

    def __init__(self) -> None:
        self._highest: dict[tuple[str, Labels], float] = {}

    def counter(
        self, name: str, text: str, labels: Sequence[str], samples: Iterable[tuple[Labels, float]]
    ) -> Metric:
        """A counter, without the suffix ``_total`` in `name`."""
        family = CounterMetricFamily(name, text, labels=labels)
        for values, count in samples:
            family.add_metric(values, self._never_down(name, values, count))
        return family

    def histogram(
        self,
        name: str,
        text: str,
        labels: Sequence[str],
        samples: Iterable[tuple[Labels, Sequence[tuple[str, float]], float]],
    ) -> Metric:
        """A histogram out of labels, cumulative (le, count) buckets and sum."""
        family = HistogramMetricFamily(name, text, labels=labels)
        for values, buckets, total in samples:
            family.add_metric(
                values,
                [(le, self._never_down(name, (*values, le), count)) for le, count in buckets],
                sum_value=self._never_down(f"{name}_sum", values, total),
            )
        return family

    def _never_down(self, name: str, values: Labels, count: float) -> float:
        highest = max(count, self._highest.get((name, values), 0.0))
        self._highest[name, values] = highest
        return highest
