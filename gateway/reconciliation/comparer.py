"""Compares the calls of a database with those of the switchboard's records. Blocks."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import takewhile

from gateway.ledger_files import cel_since, queue_log_since
from gateway.reconciliation.job import Findings, Job, Recorded, Summary
from gateway.reconciliation.opinions import OPINIONS, Opinion, OpinionKind, opinion_of
from telephony.cel import CelEvent
from telephony.events import CallRecord
from telephony.ledger import EVENTS, Reconstruction, Seating
from telephony.lines import LineBook
from telephony.repair import GUESSED_TOLERANCE_S, TOLERANCE_S, repair_of

BATCH = 200
MOMENT_S = 0.1  # AMI and CEL tell of the same bridge, not in the same millisecond


def find(job: Job, recorded: Recorded) -> Iterator[Findings]:
    """Compare; the last batch has the summary. Raises `OSError`."""
    return _Comparer(job, recorded).run()


class _Comparer:
    def __init__(self, job: Job, recorded: Recorded) -> None:
        self._job = job
        self._recorded = recorded
        self._opinions = set(recorded.opinions)
        self._findings = Findings()
        self._known: set[str] = set()  # calls that the records saw end
        self._ratings: dict[
            str, Opinion
        ] = {}  # until their calls have ended, so that those come first
        self._compared = 0
        self._first_at: float | None = None

    def run(self) -> Iterator[Findings]:
        job = self._job
        lines = queue_log_since(job.queue_log, job.since) if job.queue_log else iter(())
        if job.until is not None:
            end_s = job.until.timestamp()
            lines = takewhile(lambda line: line.at <= end_s, lines)
        told = Reconstruction(
            job.switchboard,
            lines,
            inbound_contexts=job.inbound_contexts,
            seats=self._seats(),
            lines=LineBook(job.district, job.lines),
            ami_heard_at=job.ami_heard_at,
        )
        for truth in told.calls(self._events()):
            self._compare(truth)
            if len(self._findings) >= BATCH:
                yield self._hand_over()
        for call in self._unexplained(told.still_up):
            self._findings.unexplained.append(call)
            if len(self._findings) >= BATCH:
                yield self._hand_over()
        yield self._end(told.still_up)

    def _hand_over(self) -> Findings:
        findings, self._findings = self._findings, Findings()
        return findings

    def _events(self) -> Iterator[CelEvent]:
        job = self._job
        end_s = job.until.timestamp() if job.until else float("inf")
        names = EVENTS | OPINIONS
        for event in cel_since(job.cel_csv, job.since, names) if job.cel_csv else ():
            if event.at > end_s:
                return
            if self._first_at is None:
                self._first_at = event.at
            if event.name in OPINIONS:
                self._hear(event)
            else:
                yield event

    def _hear(self, event: CelEvent) -> None:
        opinion = opinion_of(event)
        if opinion is None or opinion.at >= self._job.settled_before or self._job.only is not None:
            return
        if opinion.identity in self._opinions:
            return
        self._opinions.add(opinion.identity)
        if opinion.kind is OpinionKind.RATING:
            self._ratings[opinion.uniqueid] = opinion
        else:
            self._findings.opinions.append(opinion)

    def _seats(self) -> Iterator[Seating]:
        """Who sat where: as recorded, and as the switchboard tells now."""
        for call in self._recorded.calls.values():
            for part in call.agents:
                at = part.answered_at.timestamp() - MOMENT_S
                yield Seating(at, part.interface, part.agent)
        yield from self._job.seats

    def _compare(self, truth: CallRecord) -> None:
        job, ours = self._job, self._recorded.calls.get(truth.uniqueid)
        self._known.add(truth.uniqueid)
        if job.takes(truth):
            self._compared += 1
            tolerance_s = TOLERANCE_S if job.only is None else GUESSED_TOLERANCE_S
            if repair := repair_of(ours, truth, tolerance_s):
                self._findings.repairs.append(repair)
        if rating := self._ratings.pop(truth.uniqueid, None):
            self._findings.opinions.append(rating)

    def _unexplained(self, still_up: frozenset[str]) -> Iterator[CallRecord]:
        """Recorded, ended or not, and unknown to the records, which began before it arrived."""
        if self._job.arrived_from is None or self._first_at is None:
            return
        covered_from = datetime.fromtimestamp(self._first_at, UTC)
        for uniqueid, call in self._recorded.calls.items():
            if uniqueid in self._known or uniqueid in still_up or call.arrived_at < covered_from:
                continue
            if self._job.takes(call) or (call.ended_at is None and self._job.is_of_period(call)):
                yield call

    def _end(self, still_up: frozenset[str]) -> Findings:
        job = self._job
        recorded = self._recorded.calls
        vanished = frozenset(
            uniqueid
            for uniqueid in job.lost - self._known - still_up
            if uniqueid in recorded and recorded[uniqueid].ended_at is None
        )
        findings = self._hand_over()
        findings.opinions += [
            rating for rating in self._ratings.values() if rating.uniqueid not in still_up
        ]
        findings.summary = Summary(
            compared=self._compared,
            told=(job.only or frozenset()) & self._known,
            still_up=job.lost & still_up,
            vanished=vanished,
        )
        return findings
