"""Reads the switchboard's own record files from a time on, without reading years of them.

logrotate and Asterisk's ``rotatestrategy`` put older lines aside under the same name with a number
or a date behind it, perhaps compressed; those are read first.
"""

import bz2
import gzip
import lzma
import re
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, suppress
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import IO, cast

from telephony.cel import FIELDS, CelEvent, parse_events
from telephony.queue_log import BadLineError, QueueLogLine, parse_line

BLOCK = 1 << 16
COMPRESSION = 12  # records shrink about so much
_ROTATED = re.compile(r"([.-]\d+)+(?:\.(?:gz|bz2|xz))?")
_EARLIEST, _LATEST = 946_684_800.0, 1e11  # from the year 2000 on
_TIME_AT = FIELDS.index("eventtime")

TimeOf = Callable[[str], float | None]


def queue_log_since(path: Path, since: datetime) -> Iterator[QueueLogLine]:
    """Lines of a queue_log written at or after ``since``; those that are none are left out.

    Raises `OSError`.
    """
    for text in lines_since(path, since.timestamp(), queue_log_time):
        with suppress(BadLineError):
            yield parse_line(text)


def cel_since(path: Path, since: datetime, names: Collection[str] = ()) -> Iterator[CelEvent]:
    """Channel events written at or after ``since``, with ``names`` only those called so.

    Raises `OSError`.
    """
    return parse_events(lines_since(path, since.timestamp(), cel_time), names=names)


def size_since(path: Path, since: datetime, time_of: TimeOf) -> int:
    """About how many bytes `lines_since` would read. Raises `OSError`."""
    return sum(_size(file, since.timestamp(), time_of) for file in _files(path, since.timestamp()))


def lines_since(path: Path, since_s: float, time_of: TimeOf) -> Iterator[str]:
    """Lines of a file and of those rotated from it, from the first one at or after ``since_s``.

    ``time_of`` gives the epoch seconds of a line, ``None`` where it has none. A last line without
    its end is still being written and left out. Asterisk makes the file with its first line: while
    its directory is there, a missing file is an empty one. Raises `OSError`.
    """
    found = []
    for file in _files(path, since_s):
        lines = _lines_of(file, since_s, time_of)
        if (first := next(lines, None)) is not None:
            found.append((time_of(first) or 0.0, first, lines))
    for _, first, rest in sorted(found, key=itemgetter(0)):
        yield first
        yield from rest


def queue_log_time(line: str) -> float | None:
    """When a line of queue_log was written."""
    return _number(line.partition("|")[0])


def cel_time(line: str) -> float | None:
    """When a line of CEL was written; the columns before that hold nothing of a caller's."""
    values = line.split('","', _TIME_AT + 1)
    return _number(values[_TIME_AT]) if len(values) > _TIME_AT + 1 else None


def _files(path: Path, since_s: float) -> list[Path]:
    """The file and those rotated from it that were written to since then."""
    older = {
        one
        for one in path.parent.iterdir()
        if one.name.startswith(path.name) and _ROTATED.fullmatch(one.name, len(path.name))
    }
    # While a file is being compressed both are there.
    older = {one for one in older if one.suffix not in _OPENERS or one.with_suffix("") not in older}
    written = [one for one in older if one.stat().st_mtime >= since_s]
    return [*written, path] if path.exists() else written


_OPENERS: dict[str, Callable[[Path], object]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}


def _lines_of(path: Path, since_s: float, time_of: TimeOf) -> Iterator[str]:
    with ExitStack() as stack:
        if opener := _OPENERS.get(path.suffix):
            file = stack.enter_context(cast("IO[bytes]", opener(path)))
        else:
            file = stack.enter_context(path.open("rb"))
            _go_to(file, since_s, time_of)
        lines = _whole_lines(file)
        for line in lines:
            at = time_of(line)
            if at is not None and at >= since_s:
                yield line
                break
        yield from lines


def _whole_lines(file: IO[bytes]) -> Iterator[str]:
    for raw in file:
        if raw.endswith(b"\n"):
            yield raw[:-1].decode("utf-8", "surrogateescape")


def _size(path: Path, since_s: float, time_of: TimeOf) -> int:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        if path.suffix in _OPENERS:
            return size * COMPRESSION
        _go_to(file, since_s, time_of)
        return size - file.tell()


def _go_to(file: IO[bytes], since_s: float, time_of: TimeOf) -> None:
    """To the beginning of a line not far before the first one at or after ``since_s``."""
    low, high = 0, file.seek(0, 2)
    while high - low > BLOCK:
        middle = (low + high) // 2
        at = _first_time(file, middle, high, time_of)
        if at is None or at >= since_s:
            high = middle
        else:
            low = middle
    file.seek(low)
    if low:
        file.readline()


def _first_time(file: IO[bytes], start: int, end: int, time_of: TimeOf) -> float | None:
    """The time of the first whole line that begins between two places and has one."""
    file.seek(start)
    file.readline()
    while file.tell() < end:
        raw = file.readline()
        at = time_of(raw.decode("utf-8", "surrogateescape"))
        if at is not None and raw.endswith(b"\n"):
            return at
    return None


def _number(text: str) -> float | None:
    """A time; a number that is none would lead the search astray."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if _EARLIEST <= number < _LATEST else None
