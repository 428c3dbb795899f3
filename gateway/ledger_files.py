"""Reads the end of the switchboard's own record files, without reading years of them."""

import csv
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from telephony.cel import FIELDS, CelEvent, read_events
from telephony.queue_log import QueueLogLine, read_lines

BLOCK = 1 << 20

TimeOf = Callable[[str], float | None]


def queue_log_since(path: Path, since: datetime) -> list[QueueLogLine]:
    """Lines of ``path`` written at or after ``since``. Raises `OSError`."""
    lines = tail_since(path, since.timestamp(), _queue_log_time)
    return read_lines(lines).lines


def cel_since(path: Path, since: datetime) -> list[CelEvent]:
    """Channel events of ``path`` written at or after ``since``. Raises `OSError`."""
    return read_events(tail_since(path, since.timestamp(), _cel_time)).events


def tail_since(path: Path, since_s: float, time_of: TimeOf) -> list[str]:
    """The last lines of a file in order of time, from the first one at or after ``since_s``.

    ``time_of`` gives the epoch seconds of a line, ``None`` where it has none. A last line without
    its end is still being written and left out. Asterisk makes the file with its first line: while
    its directory is there, a missing file is an empty one.
    """
    if not path.exists() and path.parent.is_dir():
        return []
    with path.open("rb") as file:
        size = file.seek(0, 2)
        span = BLOCK
        while True:
            start = max(0, size - span)
            file.seek(start)
            lines = _whole_lines(file.read(size - start), from_start=start == 0)
            first = next((at for line in lines if (at := time_of(line)) is not None), None)
            if start == 0 or (first is not None and first < since_s):
                return _from(lines, since_s, time_of)
            span *= 2


def _whole_lines(data: bytes, *, from_start: bool) -> list[str]:
    lines = data.decode("utf-8", "surrogateescape").split("\n")[:-1]
    return lines if from_start else lines[1:]


def _from(lines: list[str], since_s: float, time_of: TimeOf) -> list[str]:
    for index, line in enumerate(lines):
        at = time_of(line)
        if at is not None and at >= since_s:
            return lines[index:]
    return []


def _queue_log_time(line: str) -> float | None:
    return _number(line.partition("|")[0])


def _cel_time(line: str) -> float | None:
    try:
        return _number(next(csv.reader([line]))[FIELDS.index("eventtime")])
    except (csv.Error, IndexError, StopIteration):
        return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
