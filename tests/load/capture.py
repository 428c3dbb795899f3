"""A long capture made of a short real one: the same calls over and over, each time by others.

``python -m tests.load.capture FILE [MESSAGES]``. The copies overlap as the calls of a busy hotline
do: `LANES` of them run at any time, each with seats of its own, and their messages are mixed by
their times.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from telephony.clock import timestamp
from tests.load.template import BLANK_LINE, Shift, Template

SOURCE = Path(__file__).parents[1] / "wire" / "mixed.ami"
LANES = 40
SEATS = 3  # in the source
CHANNELS = 0x100  # room for those of one copy


def copies_for(messages: int, source: Path = SOURCE) -> int:
    """How often ``source`` must be said for at least so many messages."""
    return -(-messages // len(_messages(source)[1]))


def long_capture(copies: int, source: Path = SOURCE) -> Iterator[bytes]:
    """The greeting, then the messages of all copies in order of time, each with its blank line."""
    greeting, messages = _messages(source)
    yield greeting
    templates = [Template(raw) for raw in messages]
    times = _times(messages)
    step_s = max(1, int(times[-1] - times[0]) // LANES)
    order = [
        (time + copy * step_s, copy, index)
        for copy in range(copies)
        for index, time in enumerate(times)
    ]
    shifts = [
        Shift(copy * step_s, copy * CHANNELS, copy % (LANES + 1) * SEATS, copy)
        for copy in range(copies)
    ]
    for _, copy, index in sorted(order):
        yield templates[index].render(shifts[copy])


def _messages(source: Path) -> tuple[bytes, list[bytes]]:
    """The greeting and the messages of a capture, each with its blank line."""
    greeting, _, rest = source.read_bytes().partition(b"\r\n")
    return greeting + b"\r\n", [raw + BLANK_LINE for raw in rest.split(BLANK_LINE)[:-1]]


def _times(messages: list[bytes]) -> list[float]:
    """When each was said; a message without a time is as old as the one before it."""
    found = [timestamp(raw) for raw in messages]
    latest = next(time for time in found if time is not None)
    times = []
    for time in found:
        latest = max(latest, time or latest)
        times.append(latest)
    return times


def write_capture(path: Path, messages: int) -> None:
    """Write at least ``messages`` messages."""
    with path.open("wb") as file:
        file.writelines(long_capture(copies_for(messages)))


if __name__ == "__main__":
    write_capture(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 200_000)
