"""A day of the switchboard's own records made of short real ones: queue_log and CEL of many calls.

``python -m tests.load.ledger_day DIRECTORY [CALLS]``. The recorded calls are said again and again
as in `tests.load.capture`, each time by others, evenly over one day.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from heapq import merge
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.load.capture import CHANNELS, SEATS
from tests.load.template import Shift, Template

SOURCE = Path(__file__).parents[1] / "wire" / "mixed.queue_log"
CALLS = 23  # in the source
LANES = 60
DAY_S = 86_000  # the last copy ends before midnight
CITY = ZoneInfo("Asia/Shanghai")

Line = tuple[float, int, bytes]


@dataclass(frozen=True, slots=True)
class LedgerDay:
    """Files and size of a day."""

    day: date
    queue_log: Path
    cel_csv: Path
    calls: int


def write_day(directory: Path, day: date, calls: int) -> LedgerDay:
    """Write at least ``calls`` calls that arrive on ``day``, Asia/Shanghai."""
    copies = -(-calls // CALLS)
    cel = SOURCE.with_name("mixed.cel.csv").read_bytes().splitlines(keepends=True)
    queue_log = SOURCE.read_bytes().splitlines(keepends=True)
    # Each copy would restart the switchboard.
    queue_log = [line for line in queue_log if b"QUEUESTART" not in line]
    first_at = float(queue_log[0].partition(b"|")[0])
    offset_s = _midnight(day) + 10 - first_at
    shifts = [
        Shift(
            round(offset_s + copy * DAY_S / copies),
            copy * CHANNELS,
            copy % LANES * SEATS,
            copy,
        )
        for copy in range(copies)
    ]
    found = LedgerDay(day, directory / "queue_log", directory / "Master.csv", copies * CALLS)
    _write(found.queue_log, [(float(line.partition(b"|")[0]), line) for line in queue_log], shifts)
    _write(found.cel_csv, [(float(line.split(b'"', 6)[5]), line) for line in cel], shifts)
    return found


def _write(path: Path, lines: list[tuple[float, bytes]], shifts: list[Shift]) -> None:
    """All copies of ``lines`` in order of time."""
    templates = [(at, Template(line)) for at, line in lines]
    with path.open("wb") as file:
        file.writelines(line for _, _, line in merge(*(_said(templates, s) for s in shifts)))


def _said(templates: list[tuple[float, Template]], shift: Shift) -> Iterator[Line]:
    latest = 0.0
    for at, template in templates:
        latest = max(latest, at + shift.seconds)
        yield latest, shift.callers, template.render(shift)


def _midnight(day: date) -> float:
    return datetime.combine(day, time(), CITY).timestamp()


def yesterday() -> date:
    """Of the city."""
    return (datetime.now(CITY) - timedelta(days=1)).date()


if __name__ == "__main__":
    made = write_day(
        Path(sys.argv[1]), yesterday(), int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    )
    sys.stdout.write(f"{made.calls} calls of {made.day}\n")
