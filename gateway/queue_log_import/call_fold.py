"""Calls out of a stream of ``queue_log`` lines, in bounded memory.

A caller who left one queue may enter another, so a call is kept until nothing more can come of it.
How long that is depends on the caller's own lines alone: the calls are the same however the stream
is cut into pieces.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from telephony.queue_log import Exit, QueueLogLine, QueueRecord, Stay
from telephony.queue_log_forms import ENDINGS, TRANSFERS

CALL_EVENTS = ENDINGS | {one.value for one in Exit} | {"ENTERQUEUE", "RINGNOANSWER", "RINGCANCELED"}
NO_ENTRY = "no ENTERQUEUE seen for this call"
CAPACITY = 100_000


class Stage(StrEnum):
    """What may still come of a call."""

    UP = "up"  # the caller waits, talks, or was transferred
    LEFT = "left"  # he is out of the queue; the dialplan may send him into another
    GONE = "gone"  # he hung up


CLOCK_STEP_S = 60.0  # by so much a line may be earlier than the one before
_PATIENCE_S = {Stage.UP: 6 * 3600.0, Stage.LEFT: 600.0, Stage.GONE: 5.0}


@dataclass(frozen=True, slots=True)
class FinishedCall:
    """A call of which nothing more will come.

    ``last_at`` is the time of its last line; ``cut_at`` is set when Asterisk was restarted under
    it. It is ``complete`` when its end is known; a later import may know more of it otherwise.
    """

    record: QueueRecord
    last_at: float
    cut_at: float | None = None

    @property
    def complete(self) -> bool:
        """Whether the end of the call is known."""
        return self.cut_at is not None or self.record.stays[-1].over


class CallFold:
    """Takes lines in order and gives up each call once, when it is finished."""

    def __init__(self) -> None:
        # In order of their last lines, so that the oldest is found without looking at the others.
        self._stages: dict[Stage, dict[str, tuple[float, QueueRecord]]] = {
            stage: {} for stage in Stage
        }
        self._finished: list[FinishedCall] = []

    def __len__(self) -> int:
        return sum(map(len, self._stages.values()))

    def take(self, line: QueueLogLine) -> str | None:
        """Note a line of `CALL_EVENTS`; returns what is wrong with it, ``None`` when nothing is."""
        record = self._known(line)
        if line.event == "ENTERQUEUE":
            if record is None:
                self._make_room(line.at)
                record = QueueRecord(line.uniqueid)
            elif _repeated(record.stays[-1], line):
                self._put(record, line.at)
                return None
        elif record is None:
            return NO_ENTRY
        record.take(line)
        self._put(record, line.at)
        return None

    def _known(self, line: QueueLogLine) -> QueueRecord | None:
        for stage, calls in self._stages.items():
            if line.uniqueid in calls:
                last_at, record = calls.pop(line.uniqueid)
                if line.at - last_at <= _PATIENCE_S[stage]:
                    return record
                self._finished.append(FinishedCall(record, last_at))
        return None

    def _put(self, record: QueueRecord, at: float) -> None:
        self._stages[_stage(record.stays[-1])][record.uniqueid] = (at, record)

    def _make_room(self, at: float) -> None:
        if len(self) >= CAPACITY:
            self.sweep(at)
        if len(self) >= CAPACITY:
            calls = max(self._stages.values(), key=len)
            last_at, record = calls.pop(next(iter(calls)))
            self._finished.append(FinishedCall(record, last_at))

    def sweep(self, now: float) -> None:
        """Finish the calls of which nothing more will come after ``now``, to free memory."""
        for stage, calls in self._stages.items():
            while calls:
                uniqueid = next(iter(calls))
                last_at, record = calls[uniqueid]
                if now - last_at <= _PATIENCE_S[stage] + CLOCK_STEP_S:
                    break
                del calls[uniqueid]
                self._finished.append(FinishedCall(record, last_at))

    def cut(self, at: float) -> None:
        """Asterisk was restarted after ``at``: nothing that was up then goes on."""
        for stage, last_at, record in self._all():
            cut = not record.stays[-1].over and at - last_at <= _PATIENCE_S[stage]
            self._finished.append(FinishedCall(record, last_at, at if cut else None))
        for calls in self._stages.values():
            calls.clear()

    def unfinished(self) -> list[FinishedCall]:
        """What would be finished if no line followed; they stay here all the same."""
        return [FinishedCall(record, last_at) for _, last_at, record in self._all()]

    def _all(self) -> Iterator[tuple[Stage, float, QueueRecord]]:
        for stage, calls in self._stages.items():
            for last_at, record in calls.values():
                yield stage, last_at, record

    def drain(self) -> list[FinishedCall]:
        """Hand over, and forget, the calls finished since the last time."""
        finished, self._finished = self._finished, []
        return finished

    def to_json(self) -> list[Any]:
        """The calls that are not finished."""
        return [
            [stage, last_at, record.uniqueid, record.caller, [_values(one) for one in record.stays]]
            for stage, last_at, record in self._all()
        ]

    @classmethod
    def from_json(cls, calls: list[Any]) -> "CallFold":
        """Inverse of `to_json`."""
        fold = cls()
        for stage, last_at, uniqueid, caller, stays in calls:
            record = QueueRecord(uniqueid, [_stay(values) for values in stays], caller)
            fold._stages[Stage(stage)][uniqueid] = (last_at, record)
        return fold


def _stage(stay: Stay) -> Stage:
    if not stay.over or stay.end_event in TRANSFERS:
        return Stage.UP
    if stay.exit is Exit.ABANDONED or stay.end_event == "COMPLETECALLER":
        return Stage.GONE
    return Stage.LEFT


def _repeated(stay: Stay, line: QueueLogLine) -> bool:
    return stay.exit is None and (stay.queue, stay.entered_at) == (line.queue, line.at)


_FIELDS = tuple(Stay.__dataclass_fields__)


def _values(stay: Stay) -> list[Any]:
    return [getattr(stay, name) for name in _FIELDS]


def _stay(values: list[Any]) -> Stay:
    stay = Stay(*values)
    stay.exit = Exit(stay.exit) if stay.exit else None
    return stay
