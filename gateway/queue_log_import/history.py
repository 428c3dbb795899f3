"""Calls and seats out of one unbroken stream of lines; it can be put down and taken up again."""

from typing import Any, Self

from gateway.queue_log_import.call_fold import CALL_EVENTS, CallFold
from gateway.queue_log_import.seat_fold import SEAT_EVENTS, SeatFold
from telephony.queue_log import QueueLogLine
from telephony.queue_log_forms import NOBODY

RESTART = "QUEUESTART"
HOLE_S = 86_400.0  # a hotline's log without a line for so long has lost some
# Lines of app_queue that say nothing of a call's course or a seat's state.
_WITHOUT_MEANING = {"CONFIGRELOAD", "AGENTDUMP", "SYSCOMPAT"}
KNOWN_EVENTS = CALL_EVENTS | SEAT_EVENTS | _WITHOUT_MEANING | {RESTART}
NO_UNIQUEID = "no Uniqueid"


class History:
    """Takes the lines of one switchboard in order."""

    def __init__(self, calls: CallFold, seats: SeatFold, last_at: float) -> None:
        self.calls = calls
        self.seats = seats
        self.last_at = last_at

    @classmethod
    def empty(cls) -> Self:
        """Nothing is known yet."""
        return cls(CallFold(), SeatFold(), 0.0)

    def take(self, line: QueueLogLine) -> str | None:
        """Note a line; returns why it tells nothing of its call, ``None`` when it does."""
        wrong = None
        if self.last_at and line.at - self.last_at > HOLE_S:
            self.seats.cut(self.last_at)
        if line.event in CALL_EVENTS:
            if line.uniqueid in {NOBODY, ""}:
                return NO_UNIQUEID
            wrong = self.calls.take(line)
        if line.event in SEAT_EVENTS:
            self.seats.take(line)
        elif line.event == RESTART and self.last_at:
            # Nobody knows when it went down: the line before is the last sign of life.
            self.calls.cut(self.last_at)
            self.seats.cut(self.last_at)
        self.last_at = max(self.last_at, line.at)
        return wrong

    def to_json(self) -> dict[str, Any]:
        """What `from_json` needs to go on from here; nothing may be left undrained."""
        seats = self.seats.to_json()
        return {"last_at": self.last_at, "calls": self.calls.to_json(), "seats": seats}

    @classmethod
    def from_json(cls, known: dict[str, Any]) -> Self:
        """Inverse of `to_json`."""
        calls, seats = known["calls"], known["seats"]
        return cls(CallFold.from_json(calls), SeatFold.from_json(seats), known["last_at"])
