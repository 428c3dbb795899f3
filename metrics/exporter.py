"""Publishes the newest snapshot to Prometheus, under the prefix ``hotline_``.

Label values are bounded: queues that are not configured and lines that are not defined become
``other``, a call without a queue has ``none``. Modes are a fixed set; districts are those of lines
and switchboards.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from metrics import events
from metrics.calls import CallGroup
from metrics.case_clocks import clock_metrics
from metrics.counters import Counters
from metrics.counts import WAIT_BUCKETS_S, CallCounts
from metrics.dispatch_suggestion import suggestion_metrics
from metrics.events import EventCounts
from metrics.outboxes import NOTICES, WEBHOOKS
from metrics.reconciliation import CAUSES, DIFFERENCES, NewestRun
from metrics.ringback_metrics import ringback_metrics
from metrics.snapshot import LineInfo, Snapshot, SnapshotKeeper
from metrics.surges import surge_metrics

QueueAndLine = tuple[str, str]

OTHER = "other"
NONE = "none"

_CALLS: Mapping[str, tuple[str, Callable[[CallCounts], float]]] = {
    "hotline_calls_offered": ("Calls that asked for a person (人工请求量).", lambda c: c.offered),
    "hotline_calls_answered": ("Offered calls bridged to an agent (接通量).", lambda c: c.answered),
    "hotline_calls_self_served": (
        "Told by the machine what they asked for, without a person (自助查询).",
        lambda c: c.self_served,
    ),
    "hotline_calls_short_abandoned": (
        "Given up in queue or while ringing within the limit of a short abandon.",
        lambda c: c.short_abandoned,
    ),
    "hotline_calls_timed_out": ("Sent out of the queue by its time limit.", lambda c: c.timed_out),
    "hotline_calls_refused": ("Refused: queue full or nobody logged in.", lambda c: c.refused),
    "hotline_calls_left_no_staff": (
        "Sent out of the queue when the last agent left.",
        lambda c: c.left_no_staff,
    ),
    "hotline_calls_interrupted": (
        "Cut off by a restart of the switchboard.",
        lambda c: c.interrupted,
    ),
    "hotline_call_talk_seconds": ("Talk time of calls.", lambda c: c.talk_s),
    "hotline_call_hold_seconds": ("Hold time of calls.", lambda c: c.hold_s),
}
_PLACES: Mapping[str, tuple[str, Callable[[CallCounts], float]]] = {
    "hotline_place_calls_arrived": (
        "Calls that arrived, by mode and district of their line then.",
        lambda c: c.arrived,
    ),
    "hotline_place_calls_offered": (
        "Calls that asked for a person, by mode and district.",
        lambda c: c.offered,
    ),
    "hotline_place_calls_answered": (
        "Offered calls bridged to an agent, by mode and district.",
        lambda c: c.answered,
    ),
    "hotline_place_calls_answered_15s": (
        "Answered after waiting 15 s or less, by mode and district.",
        lambda c: c.answered_15s,
    ),
}
_STAGES: Mapping[str, Callable[[CallCounts], int]] = {
    "greeting": lambda c: c.abandoned_greeting,
    "queue": lambda c: c.abandoned_queue,
    "ringing": lambda c: c.abandoned_ringing,
}
_CASES: Mapping[str, tuple[str, str]] = {
    "hotline_cases_opened": ("Cases opened.", events.CASE_OPENED),
    "hotline_cases_opened_from_call": ("Cases opened from a call.", events.CASE_OPENED_FROM_CALL),
    "hotline_cases_answered_at_once": (
        "Cases from calls that the agent closed himself (即时答复).",
        events.CASE_ANSWERED_AT_ONCE,
    ),
    "hotline_cases_closed": ("Cases closed.", events.CASE_CLOSED),
}
EXCLUSION_REASONS = ("separated", "nuisance")
_EXCLUDED: Mapping[str, tuple[str, str]] = {
    "hotline_ratings_excluded": (
        "Ratings after calls that do not count in satisfaction, by why.",
        events.RATING_EXCLUDED,
    ),
    "hotline_survey_answers_excluded": (
        "Answers to the callback survey that do not count in satisfaction, by why.",
        events.SURVEY_EXCLUDED,
    ),
}
_RUNS: Mapping[str, tuple[str, Callable[[NewestRun], float]]] = {
    "hotline_reconciliation_last_run_timestamp_seconds": (
        "When the newest comparison with the switchboard's own records ended.",
        lambda run: run.ended_at.timestamp(),
    ),
    "hotline_reconciliation_last_run_duration_seconds": (
        "How long it took.",
        lambda run: run.duration_s,
    ),
    "hotline_reconciliation_last_run_calls": ("Calls it compared.", lambda run: run.compared),
}


class FiguresCollector(Collector):
    """Collector over the snapshots of `keeper`; collecting touches no database."""

    def __init__(
        self,
        keeper: SnapshotKeeper,
        *,
        queues: Collection[str],
        planned_seats: int,
    ) -> None:
        self._keeper = keeper
        self._queues = tuple(queues)
        self._planned_seats = planned_seats
        self._counters = Counters()

    def describe(self) -> Iterator[Metric]:
        """Name nothing in advance, so that registering does not collect."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics; before the first snapshot only those about the snapshot itself."""
        yield _gauge("hotline_figures_up", "Whether the figures could be read.", self._keeper.up)
        yield _gauge("hotline_seats_planned", "Planned seats.", self._planned_seats)
        snapshot, age_s = self._keeper.latest, self._keeper.age_s
        if snapshot is None or age_s is None:
            return
        yield _gauge("hotline_figures_age_seconds", "Age of the figures shown.", age_s)
        yield _line_info(snapshot.lines)
        yield from self._places(snapshot.calls)
        yield from self._calls(self._bounded(snapshot))
        yield from self._seats(snapshot)
        yield from self._cases(snapshot.events)
        yield from clock_metrics(snapshot.clocks, snapshot.events, self._counters)
        yield from surge_metrics(snapshot.surges, snapshot.events, self._counters)
        yield from suggestion_metrics(
            snapshot.suggestion_model, snapshot.events, self._counters, now=snapshot.taken_at
        )
        yield from WEBHOOKS.metrics(snapshot.webhooks, snapshot.events, self._counters)
        yield from NOTICES.metrics(snapshot.notices, snapshot.events, self._counters)
        yield from self._opinions(snapshot.events)
        yield from ringback_metrics(snapshot, self._counters)
        yield self._counters.counter(
            "hotline_recordings_removed",
            "Recordings removed because they were older than is kept.",
            (),
            [((), snapshot.events.total(events.RECORDING_REMOVED))],
        )
        yield from self._reconciliation(snapshot)

    def _bounded(self, snapshot: Snapshot) -> dict[QueueAndLine, CallCounts]:
        """The calls by label values; what is configured starts at zero."""
        lines = {line.number for line in snapshot.lines}
        by_label: dict[QueueAndLine, CallCounts] = defaultdict(CallCounts)
        for queue in self._queues:
            for line in lines:
                by_label[queue, line] = CallCounts()
        for group, counts in snapshot.calls.items():
            by_label[_label(group.queue, self._queues), _label(group.line, lines)] += counts
        return dict(by_label)

    def _places(self, calls: Mapping[CallGroup, CallCounts]) -> Iterator[Metric]:
        """Calls by mode and district; a mode that a line had once counts for ever."""
        by_place: dict[tuple[str, str], CallCounts] = defaultdict(CallCounts)
        for group, counts in calls.items():
            by_place[group.line_mode or NONE, group.district or NONE] += counts
        for name, (text, value) in _PLACES.items():
            samples = [(labels, value(counts)) for labels, counts in by_place.items()]
            yield self._counters.counter(name, text, ("line_mode", "district"), samples)

    def _calls(self, calls: Mapping[QueueAndLine, CallCounts]) -> Iterator[Metric]:
        # Without a queue: a call arrives before it enters one.
        arrived: dict[str, int] = defaultdict(int)
        for (_queue, line), counts in calls.items():
            arrived[line] += counts.arrived
        yield self._counters.counter(
            "hotline_calls_arrived",
            "Calls that arrived.",
            ("line",),
            [((line,), count) for line, count in arrived.items()],
        )
        for name, (text, value) in _CALLS.items():
            samples = [(labels, value(counts)) for labels, counts in calls.items()]
            yield self._counters.counter(name, text, ("queue", "line"), samples)
        yield self._counters.counter(
            "hotline_calls_abandoned",
            "Calls given up, by stage.",
            ("queue", "line", "stage"),
            [
                ((*labels, stage), value(counts))
                for labels, counts in calls.items()
                for stage, value in _STAGES.items()
            ],
        )
        yield self._counters.histogram(
            "hotline_call_wait_seconds",
            "Queue entry to bridge, of answered calls.",
            ("queue", "line"),
            [(labels, _buckets(counts), counts.wait_s) for labels, counts in calls.items()],
        )

    def _seats(self, snapshot: Snapshot) -> Iterator[Metric]:
        seats = GaugeMetricFamily("hotline_seats", "Seats by state now.", labels=("state",))
        for state, count in snapshot.seats.items():
            seats.add_metric((state,), count)
        yield seats
        yield self._counters.counter(
            "hotline_seat_seconds",
            "Time of seats by state.",
            ("state",),
            [((state,), spent_s) for state, spent_s in snapshot.seat_seconds.items()],
        )

    def _cases(self, counts: EventCounts) -> Iterator[Metric]:
        for name, (text, event) in _CASES.items():
            samples = [((kind,), count) for kind, count in counts.by_subject(event).items()]
            yield self._counters.counter(name, text, ("kind",), samples)

    def _opinions(self, counts: EventCounts) -> Iterator[Metric]:
        yield self._counters.counter(
            "hotline_ratings",
            "Ratings after calls that count in satisfaction.",
            ("scale", "answer"),
            counts.by_both(events.RATING_GIVEN).items(),
        )
        yield self._counters.counter(
            "hotline_survey_attempts",
            "Ended callback attempts.",
            ("outcome",),
            [((end,), count) for end, count in counts.by_detail(events.SURVEY_ENDED).items()],
        )
        yield self._counters.counter(
            "hotline_survey_answers",
            "Answers to the callback survey that count in satisfaction.",
            ("question", "answer"),
            counts.by_both(events.SURVEY_ANSWERED).items(),
        )
        for name, (text, event) in _EXCLUDED.items():
            left_out = counts.by_subject(event)
            samples = [((reason,), left_out.get(reason, 0.0)) for reason in EXCLUSION_REASONS]
            yield self._counters.counter(name, text, ("reason",), samples)

    def _reconciliation(self, snapshot: Snapshot) -> Iterator[Metric]:
        found: dict[str, float] = snapshot.events.by_subject(events.RECONCILED_DIFFERENCE)
        yield self._counters.counter(
            "hotline_reconciliation_differences",
            "Differences between records and the switchboard's own, by kind.",
            ("kind",),
            [((kind,), found.get(kind, 0.0)) for kind in DIFFERENCES],
        )
        runs = snapshot.events.by_subject(events.RECONCILIATION_RUN)
        yield self._counters.counter(
            "hotline_reconciliation_runs",
            "Comparisons begun, by cause; reconnect: the link to the switchboard was lost.",
            ("cause",),
            [((cause,), runs.get(cause, 0.0)) for cause in CAUSES],
        )
        state = snapshot.reconciliation
        for name, (text, value) in _RUNS.items():
            family = GaugeMetricFamily(name, text, labels=("switchboard", "cause"))
            for run in state.runs:
                family.add_metric((run.switchboard, run.cause), value(run))
            yield family
        unexplained = GaugeMetricFamily(
            "hotline_reconciliation_unexplained_differences",
            "Calls in which something differs that could not be mended, found within a day.",
            labels=("switchboard",),
        )
        for switchboard, calls in state.unexplained.items():
            unexplained.add_metric((switchboard,), calls)
        yield unexplained


def _line_info(lines: Iterable[LineInfo]) -> Metric:
    info = GaugeMetricFamily(
        "hotline_line_info",
        "Lines as defined now; always 1.",
        labels=("line", "line_mode", "district"),
    )
    for line in lines:
        info.add_metric((line.number, line.mode, line.district or NONE), 1)
    return info


def _label(value: str, known: Collection[str]) -> str:
    if not value:
        return NONE
    return value if value in known else OTHER


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _buckets(counts: CallCounts) -> list[tuple[str, float]]:
    bounded = [
        (str(float(bound)), float(getattr(counts, f"answered_{bound}s")))
        for bound in WAIT_BUCKETS_S
    ]
    return [*bounded, ("+Inf", counts.answered)]
