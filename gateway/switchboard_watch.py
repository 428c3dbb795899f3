"""What is wrong with a switchboard's own account of itself, for Prometheus to alert on."""

from collections.abc import Collection, Iterator

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

log = structlog.get_logger(__name__)


class SwitchboardWatch(Collector):
    """Phantom channels (listed although they have ended) and wrap-ups that nobody would end."""

    def __init__(self) -> None:
        self.phantoms: frozenset[str] = frozenset()
        self.forsaken_wrap_ups = 0

    def saw(self, phantoms: Collection[str], forsaken: int) -> None:
        """A snapshot has shown these channels, by Uniqueid, and so many paused members."""
        fresh = frozenset(phantoms) - self.phantoms
        self.phantoms = frozenset(phantoms)
        self.forsaken_wrap_ups += forsaken
        if fresh:
            log.error("channels_quarantined", uniqueids=sorted(fresh))

    def describe(self) -> Iterator[Metric]:
        """Name nothing in advance, so that registering does not collect."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        yield GaugeMetricFamily(
            "hotline_phantom_channels",
            "Channels that the switchboard lists although they have ended; they count as ended.",
            value=len(self.phantoms),
        )
        yield CounterMetricFamily(
            "hotline_wrap_ups_forsaken",
            "Members found paused for a wrap-up without its timer, and made ready.",
            value=self.forsaken_wrap_ups,
        )
