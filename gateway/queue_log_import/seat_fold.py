"""States of seats (坐席) out of a stream of ``queue_log`` lines.

The log tells logins, pauses, ringing and conversations, not wrap-up, holding or devices. A state is
given only from and to a moment that the log names: an agent who never logs in (a static member) has
ringing and talking alone, and what was going on when the log ends is not given at all.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from telephony.events import SeatState
from telephony.queue_log import QueueLogLine
from telephony.queue_log_forms import ENDINGS, NOBODY, agent_number, ring_s
from telephony.seats.seat import WRAP_UP_REASON

LONGEST_CALL_S = 6 * 3600.0  # a conversation without an end is not taken to last longer
CAPACITY = 20_000  # of agents
_REASON_LENGTH = 64


@dataclass(frozen=True, slots=True)
class SeatStretch:
    """A seat was in one state from ``started_at`` to ``ended_at``, epoch seconds."""

    agent: str
    state: SeatState
    reason: str
    started_at: float
    ended_at: float


@dataclass(slots=True)
class Seat:
    """What the log has said of one agent so far; his shown state holds since ``since``."""

    agent: str
    queues: set[str] = field(default_factory=set)
    paused: dict[str, str] = field(default_factory=dict)  # queue, or NONE for all: reason
    call: str = ""
    state: SeatState | None = None
    reason: str = ""
    since: float = 0.0

    def shown(self) -> tuple[SeatState | None, str]:
        """The state and reason that the facts amount to; ``None`` while he is not logged in."""
        if self.call:
            return SeatState.TALKING, ""
        if not self.queues:
            return None, ""
        queues = self.queues - {NOBODY}
        if NOBODY in self.paused or (queues and queues <= self.paused.keys()):
            reason = self.paused[min(self.paused, key=_all_first)]
            if reason == WRAP_UP_REASON:
                return SeatState.WRAP_UP, ""
            return SeatState.NOT_READY, reason
        return SeatState.READY, ""


class SeatFold:
    """Takes lines in order; the stretches of an agent never overlap."""

    def __init__(self) -> None:
        self._seats: dict[str, Seat] = {}
        self._stretches: list[SeatStretch] = []

    def take(self, line: QueueLogLine) -> None:
        """Note a line of `SEAT_EVENTS`."""
        agent = agent_number(line.agent)
        if not agent:
            return
        seat = self._seats.get(agent)
        if seat is None:
            if len(self._seats) >= CAPACITY:
                del self._seats[next(iter(self._seats))]
            seat = self._seats[agent] = Seat(agent)
        if seat.call and _interrupts(seat, line):
            # The end of the conversation was never told: how long it was is not known.
            seat.call, seat.state, seat.reason = "", None, ""
        if line.event in _AFTER_RINGING:
            self._ring(seat, line)
        if line.event in _FACTS:
            _FACTS[line.event](seat, line)
        self._change(seat, line.at)

    def _change(self, seat: Seat, at: float) -> None:
        state, reason = seat.shown()
        if (state, reason) != (seat.state, seat.reason):
            self._end(seat, at)
            seat.state, seat.reason = state, reason

    def _end(self, seat: Seat, at: float) -> None:
        if at <= seat.since:
            return
        if seat.state:
            stretch = SeatStretch(seat.agent, seat.state, seat.reason, seat.since, at)
            self._stretches.append(stretch)
        seat.since = at

    def _ring(self, seat: Seat, line: QueueLogLine) -> None:
        """The line says for how long the seat has rung, so the ringing is put in afterwards."""
        if seat.state not in {SeatState.READY, None}:
            return
        started_at = max(seat.since, line.at - ring_s(line.event, line.data))
        if started_at < line.at:
            self._end(seat, started_at)
            ringing = SeatStretch(seat.agent, SeatState.RINGING, "", started_at, line.at)
            self._stretches.append(ringing)
            seat.since = line.at

    def cut(self, at: float) -> None:
        """After ``at`` Asterisk was restarted, or lines are lost: who is logged in is not known."""
        for seat in self._seats.values():
            self._end(seat, at)
            self._seats[seat.agent] = Seat(seat.agent, since=seat.since)

    def drain(self) -> list[SeatStretch]:
        """Hand over, and forget, the stretches ended since the last time."""
        stretches, self._stretches = self._stretches, []
        return stretches

    def to_json(self) -> list[Any]:
        """What is known of every seat."""
        return [
            [one.agent, sorted(one.queues), one.paused, one.call, one.state, one.reason, one.since]
            for one in self._seats.values()
        ]

    @classmethod
    def from_json(cls, seats: list[Any]) -> "SeatFold":
        """Inverse of `to_json`."""
        fold = cls()
        for agent, queues, paused, call, state, reason, since in seats:
            known = SeatState(state) if state else None
            fold._seats[agent] = Seat(agent, set(queues), paused, call, known, reason, since)
        return fold


def _all_first(queue: str) -> tuple[bool, str]:
    return queue != NOBODY, queue


def _interrupts(seat: Seat, line: QueueLogLine) -> bool:
    another = line.event == "CONNECT" and line.uniqueid != seat.call
    return another or line.at - seat.since > LONGEST_CALL_S


def _login(seat: Seat, line: QueueLogLine) -> None:
    seat.queues.add(line.queue)
    if line.data[:1] == ("PAUSED",):
        seat.paused[line.queue] = ""


def _leave_queue(seat: Seat, line: QueueLogLine) -> None:
    seat.queues.discard(line.queue)
    seat.paused.pop(line.queue, None)


def _logout(seat: Seat, _line: QueueLogLine) -> None:
    seat.queues.clear()
    seat.paused.clear()


def _pause(seat: Seat, line: QueueLogLine) -> None:
    seat.queues.add(line.queue)
    _pause_all(seat, line)


def _pause_all(seat: Seat, line: QueueLogLine) -> None:
    seat.paused[line.queue] = line.data[0][:_REASON_LENGTH] if line.data else ""


def _unpause(seat: Seat, line: QueueLogLine) -> None:
    seat.queues.add(line.queue)
    seat.paused.pop(line.queue, None)
    seat.paused.pop(NOBODY, None)


def _unpause_all(seat: Seat, _line: QueueLogLine) -> None:
    seat.paused.clear()


def _connect(seat: Seat, line: QueueLogLine) -> None:
    seat.call = line.uniqueid


def _release(seat: Seat, line: QueueLogLine) -> None:
    if seat.call == line.uniqueid:
        seat.call = ""


_FACTS: dict[str, Callable[[Seat, QueueLogLine], None]] = {
    "ADDMEMBER": _login,
    "REMOVEMEMBER": _leave_queue,
    "AGENTLOGIN": _login,
    "AGENTCALLBACKLOGIN": _login,
    "AGENTLOGOFF": _logout,
    "AGENTCALLBACKLOGOFF": _logout,
    "PAUSE": _pause,
    "UNPAUSE": _unpause,
    "PAUSEALL": _pause_all,
    "UNPAUSEALL": _unpause_all,
    "CONNECT": _connect,
    **dict.fromkeys(ENDINGS, _release),
}
_AFTER_RINGING = frozenset({"CONNECT", "RINGNOANSWER", "RINGCANCELED"})
SEAT_EVENTS = _FACTS.keys() | _AFTER_RINGING
