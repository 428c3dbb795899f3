"""Asterisk's ``queue_log`` file: one line per thing that happened in a queue.

``epoch|uniqueid|queue|agent|event|data|…`` (ast_queue_log in logger.c, the data in app_queue.c:
`telephony.queue_log_forms`). Whole seconds; refusals at the queue are not in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from telephony.events import Outcome
from telephony.queue_log_forms import (
    ENDINGS,
    agent_number,
    caller_number,
    seconds_at,
    talk_s,
)


class BadLineError(ValueError):
    """A line that is no queue_log line; ``reason`` says why without quoting it."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class QueueLogLine:
    """One line."""

    at: float
    uniqueid: str
    queue: str
    agent: str
    event: str
    data: tuple[str, ...]

    def seconds(self, position: int) -> float:
        """Data field ``position`` (negative: from the end) as seconds, 0 when it is none."""
        return seconds_at(self.data, position) or 0.0


def parse_line(line: str) -> QueueLogLine:
    """Read one line. Raises `BadLineError`."""
    fields = line.rstrip("\r\n").split("|")
    if len(fields) < 5 or not fields[4].isalpha():
        raise BadLineError("no queue_log line", f"{len(fields)} fields")
    try:
        at = float(fields[0])
    except ValueError as error:
        raise BadLineError("no time", repr(fields[0][:20])) from error
    _, uniqueid, queue, agent, event, *data = fields
    return QueueLogLine(at, uniqueid, queue, agent, event, tuple(data))


@dataclass(slots=True)
class ReadLines:
    """Lines that could be read, and the numbers (from 1) of those that could not."""

    lines: list[QueueLogLine] = field(default_factory=list)
    bad: list[int] = field(default_factory=list)


def read_lines(lines: Iterable[str]) -> ReadLines:
    """Read a file's lines; bad ones are counted, never fatal."""
    result = ReadLines()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            result.lines.append(parse_line(line))
        except BadLineError:
            result.bad.append(number)
    return result


class Exit(StrEnum):
    """How a stay in a queue ended."""

    ANSWERED = "CONNECT"
    ABANDONED = "ABANDON"
    TIMED_OUT = "EXITWITHTIMEOUT"
    EMPTIED = "EXITEMPTY"
    KEY = "EXITWITHKEY"


_EXITS = {one.value: one for one in Exit}
_OUTCOMES = {
    Exit.ANSWERED: Outcome.ANSWERED,
    Exit.ABANDONED: Outcome.ABANDONED_QUEUE,
    Exit.TIMED_OUT: Outcome.TIMED_OUT,
    Exit.EMPTIED: Outcome.LEFT_NO_STAFF,
    Exit.KEY: Outcome.ABANDONED_QUEUE,
}


@dataclass(slots=True)
class Stay:
    """One stay of one caller in one queue. ``exit`` is ``None`` while it lasts."""

    queue: str
    entered_at: float
    left_at: float | None = None
    exit: Exit | None = None
    ringing: bool = False  # a seat rang when it ended
    agent: str = ""
    leg: str = ""  # Uniqueid of the agent's channel
    interface: str = ""  # of that channel, which queue_log does not tell
    talk_s: float | None = None
    end_event: str = ""
    released_at: float | None = None  # when the conversation ended

    @property
    def over(self) -> bool:
        """Left without an answer, or the conversation has ended."""
        return bool(self.end_event if self.exit is Exit.ANSWERED else self.exit)


@dataclass(slots=True)
class QueueRecord:
    """What queue_log says of one caller, by Uniqueid."""

    uniqueid: str
    stays: list[Stay] = field(default_factory=list)
    caller: str = ""

    def take(self, line: QueueLogLine) -> None:
        """Note a line of this caller; the first is an ENTERQUEUE."""
        if line.event == "ENTERQUEUE":
            self.caller = self.caller or caller_number(line.data)
            self.stays.append(Stay(line.queue, line.at))
        else:
            _continue(self.stays[-1], line)

    @property
    def outcome(self) -> Outcome | None:
        """Outcome by queue_log alone, ``None`` while the last stay lasts."""
        if any(stay.exit is Exit.ANSWERED for stay in self.stays):
            return Outcome.ANSWERED
        last = self.stays[-1]
        if last.exit is Exit.ABANDONED and last.ringing:
            return Outcome.ABANDONED_RINGING
        return _OUTCOMES[last.exit] if last.exit else None

    @property
    def first_answer(self) -> Stay | None:
        """The stay that first ended with an agent."""
        return next((stay for stay in self.stays if stay.exit is Exit.ANSWERED), None)

    @property
    def queue(self) -> str:
        """The queue that answered, else the last one."""
        return (self.first_answer or self.stays[-1]).queue

    @property
    def wait_s(self) -> float | None:
        """First entry to the first answer, else to the last exit; ``None`` while waiting."""
        left_at = (self.first_answer or self.stays[-1]).left_at
        return None if left_at is None else max(0.0, left_at - self.stays[0].entered_at)

    @property
    def talks(self) -> dict[str, float | None]:
        """Talk seconds (hold included) by agent in order; ``None`` while it lasts."""
        talks: dict[str, float | None] = {}
        for stay in self.stays:
            if stay.agent:
                before = talks.get(stay.agent) or 0.0
                talks[stay.agent] = None if stay.talk_s is None else before + stay.talk_s
        return talks


def fold(lines: Iterable[QueueLogLine]) -> dict[str, QueueRecord]:
    """One record per caller, in order of entering."""
    records: dict[str, QueueRecord] = {}
    for line in lines:
        if line.event == "ENTERQUEUE":
            records.setdefault(line.uniqueid, QueueRecord(line.uniqueid)).take(line)
        elif line.uniqueid in records:
            records[line.uniqueid].take(line)
    return records


def _continue(stay: Stay, line: QueueLogLine) -> None:
    if exit_ := _EXITS.get(line.event):
        if stay.exit is not Exit.ANSWERED:  # an ABANDON after the conversation is none
            stay.exit, stay.left_at = exit_, line.at
        if exit_ is Exit.ANSWERED:
            stay.agent = agent_number(line.agent)
            stay.leg = line.data[1] if len(line.data) > 1 else ""
            stay.ringing = False
    elif line.event == "RINGCANCELED":
        stay.ringing = True
    elif line.event == "RINGNOANSWER":
        stay.ringing = False
    elif line.event in ENDINGS and stay.exit is Exit.ANSWERED:
        told = talk_s(line.event, line.data)
        since = stay.left_at if stay.left_at is not None else line.at
        stay.talk_s = max(0.0, line.at - since) if told is None else told
        stay.end_event, stay.released_at = line.event, line.at
