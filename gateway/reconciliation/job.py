"""What is to be compared, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from gateway.reconciliation.opinions import Opinion
from telephony.events import CallRecord
from telephony.ledger import Seating
from telephony.lines import Line
from telephony.repair import Repair


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Which calls of one switchboard to compare, with which records.

    The records are read from ``since`` until ``until``. Calls that ended after ``settled_before``
    are let be, but for the ``lost`` ones, of which it is known that nobody saw their end. With
    ``only`` nothing else is compared. ``arrived_from`` and ``arrived_before`` limit it to calls
    that arrived then, and have recorded calls found that the records do not know. An ``urgent`` one
    takes its share of the processor. ``ami_heard_at``: when AMI was last heard before the present
    connection, the switchboard's epoch seconds.
    """

    switchboard: str
    queue_log: Path | None
    cel_csv: Path | None
    inbound_contexts: tuple[str, ...]
    since: datetime
    until: datetime | None = None
    settled_before: datetime
    lost: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    arrived_from: datetime | None = None
    arrived_before: datetime | None = None
    seats: tuple[Seating, ...] = ()
    lines: tuple[Line, ...] = ()
    district: str = ""
    urgent: bool = False
    ami_heard_at: float | None = None

    def takes(self, call: CallRecord) -> bool:
        """Whether a call that ended is to be compared."""
        if self.only is not None:
            return call.uniqueid in self.only
        if call.uniqueid in self.lost:
            return True
        settled = call.ended_at is not None and call.ended_at < self.settled_before
        return settled and self.is_of_period(call)

    def is_of_period(self, call: CallRecord) -> bool:
        """Whether a call arrived in the time to be compared."""
        late = self.arrived_before is not None and call.arrived_at >= self.arrived_before
        return not late and (self.arrived_from is None or call.arrived_at >= self.arrived_from)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The end of a comparison: how many calls were compared.

    ``told``: those of ``only`` whose end the records tell; ``still_up``, ``vanished``: those of
    ``lost`` that the records show as up, or do not know.
    """

    compared: int
    told: frozenset[str]
    still_up: frozenset[str]
    vanished: frozenset[str]


@dataclass(slots=True, kw_only=True)
class Findings:
    """A batch; the last one has the summary.

    ``unexplained`` are recorded calls that the records, which cover their time, do not know.
    """

    repairs: list[Repair] = field(default_factory=list)
    unexplained: list[CallRecord] = field(default_factory=list)
    opinions: list[Opinion] = field(default_factory=list)
    summary: Summary | None = None

    def __len__(self) -> int:
        return len(self.repairs) + len(self.unexplained) + len(self.opinions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What the database has for a job."""

    calls: Mapping[str, CallRecord]
    opinions: frozenset[str]
