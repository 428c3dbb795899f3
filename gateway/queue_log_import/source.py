"""What an import reads from: lines in order, and places from which to go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from telephony.queue_log import BadLineError, QueueLogLine, parse_line

_FIRST_TIME = 946_684_800.0  # the year 2000: there was no app_queue before
FUTURE_S = 86_400.0
_LONGEST_FIELD = 200  # more does not go into an index
TIME_OUT_OF_RANGE = "time out of range"
NO_LINE = "no queue_log line"
FIELD_TOO_LONG = "field too long"


@dataclass(frozen=True, slots=True)
class Place:
    """Up to where a source was read; what the parts mean is the source's own affair."""

    place: int
    mark: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next lines: each is read, or the reason why it cannot be, or ``None`` if it is empty.

    ``after`` is the place behind them, ``done`` how much of the source's ``size`` was read.
    """

    lines: Sequence[QueueLogLine | str | None]
    after: Place
    done: int


class Source(Protocol):
    """A queue_log file or table.

    ``identity`` is the same for the same source under another name, ``first_at`` the time of its
    first line (epoch), ``size`` is in the unit of `Chunk.done`, and ``remark`` says, at the end,
    what was left out of it, in words.
    """

    identity: str
    name: str
    first_at: float
    size: int
    remark: str

    async def go_to(self, place: Place | None) -> bool:
        """Go on behind ``place``, or begin; ``False`` when the place is none of this source."""

    async def read(self) -> Chunk | None:
        """The next lines, ``None`` at the end. Raises `QueueLogImportError`."""

    async def close(self) -> None:
        """Let go of it."""


def read_line(text: str, now: float) -> QueueLogLine | str | None:
    """One line of a file as in `Chunk.lines`."""
    if not text or text.isspace():
        return None
    try:
        return checked(parse_line(text), now)
    except BadLineError as error:
        return error.reason


def checked(line: QueueLogLine, now: float) -> QueueLogLine | str:
    """The line if its time and fields are possible, else the reason why not."""
    if not line.event.isalpha():
        return NO_LINE
    if not _FIRST_TIME <= line.at <= now + FUTURE_S:
        return TIME_OUT_OF_RANGE
    if max(len(line.uniqueid), len(line.queue), len(line.agent)) > _LONGEST_FIELD:
        return FIELD_TOO_LONG
    return line
