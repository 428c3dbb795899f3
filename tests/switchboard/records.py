"""What a test reads from the switchboard's own records, by the caller's number."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class QueueLogLine:
    """One line of ``queue_log``: time in seconds, unique id of the call, queue, agent, event."""

    time_s: int
    uniqueid: str
    queue: str
    agent: str
    event: str
    data: tuple[str, ...]


def queue_log_of(file: Path, number: str) -> list[QueueLogLine]:
    """The lines of the calls that entered a queue with this caller number."""
    lines = [_line(text) for text in file.read_text("utf-8").splitlines()]
    calls = {line.uniqueid for line in lines if line.event == "ENTERQUEUE" and number in line.data}
    return [line for line in lines if line.uniqueid in calls]


def arrival_s(cel: Path, number: str) -> float:
    """When a call from this number arrived, in seconds since the epoch, from CEL."""
    with cel.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            if row and row[0] == "CHAN_START" and row[4] == number:
                return float(row[2])
    raise AssertionError(f"no call from {number} in {cel}")


def ratings_of(cel: Path, number: str) -> list[str]:
    """Scale and key of each rating by this number, from CEL."""
    with cel.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.reader(file) if row[1] == "HOTLINE_RATING" and row[4] == number]
    return [json.loads(row[15])["extra"] for row in rows]


def _line(text: str) -> QueueLogLine:
    time, uniqueid, queue, agent, event, *data = text.split("|")
    return QueueLogLine(int(time), uniqueid, queue, agent, event, tuple(data))
