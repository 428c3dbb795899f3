"""queue_log lines in short, and what the import makes of them."""

from collections.abc import Iterable

from gateway.queue_log_import.call_fold import FinishedCall
from gateway.queue_log_import.call_record import call_record
from gateway.queue_log_import.history import History
from telephony.events import CallRecord, SeatState
from telephony.queue_log import QueueLogLine, parse_line

T = 1_300_000_000
HOUR = 3600


def lines(*texts: str) -> list[QueueLogLine]:
    """Each text is a line with seconds after `T` for its time."""
    return [parse_line(f"{T + float(at)}|{rest}") for at, rest in (t.split("|", 1) for t in texts)]


def told(history: History, read: Iterable[QueueLogLine]) -> None:
    for line in read:
        history.take(line)


def finished(history: History) -> list[FinishedCall]:
    """All calls, also those that would be over at the end."""
    return history.calls.drain() + history.calls.unfinished()


def rows(*texts: str) -> list[CallRecord]:
    history = History.empty()
    told(history, lines(*texts))
    return [call_record("sb1", call) for call in finished(history)]


def stretches(*texts: str) -> list[tuple[str, SeatState, str, float, float]]:
    history = History.empty()
    told(history, lines(*texts))
    return [
        (one.agent, one.state, one.reason, one.started_at - T, one.ended_at - T)
        for one in history.seats.drain()
    ]
