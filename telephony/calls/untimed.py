"""Times for a capture without ``Timestamp`` headers, out of what its messages say themselves.

Only replay needs this. The reading time says nothing of when a thing happened, so the clock stands
at the latest moment that any Uniqueid, ``HoldTime`` or ``TalkTime`` proves. Whole seconds.
"""

from telephony.ami.message import Message
from telephony.calls.book import CallBook
from telephony.calls.state import Call
from telephony.clock import uniqueid_epoch

_HELD = frozenset({b"AgentConnect", b"QueueCallerAbandon"})


class CaptureClock:
    """Guesses the time of each message of a capture."""

    def __init__(self, book: CallBook) -> None:
        self._book = book
        self._latest = 0.0

    def guess(self, name: bytes, raw: bytes) -> float:
        """Epoch seconds at which the switchboard said ``raw``."""
        at = self._proven(name, Message(raw))
        self._latest = max(self._latest, at)
        return at

    def _proven(self, name: bytes, message: Message) -> float:
        if name == b"Newchannel":
            return max(self._latest, uniqueid_epoch(message.get("Uniqueid"), self._latest))
        call = self._call(message)
        if call is None:
            return self._latest
        if name in _HELD and call.offered_at is not None:
            return self._held(call, call.offered_at, message.number("HoldTime"))
        if name == b"AgentComplete":
            self._complete(call, message)
        return max(self._latest, call.arrived_at)

    def _held(self, call: Call, offered_at: float, held_s: float) -> float:
        """The wait is exact; where it began longer ago, the clock had stood at that time."""
        if offered_at + held_s >= self._latest:
            return offered_at + held_s
        call.offered_at = max(call.arrived_at, self._latest - held_s)
        return self._latest

    def _call(self, message: Message) -> Call | None:
        calls = self._book.calls
        return calls.get(message.get("Uniqueid")) or calls.get(message.get("Linkedid"))

    def _complete(self, call: Call, message: Message) -> None:
        """``TalkTime``, which holding is part of, replaces what the standing clock measured."""
        agent = self._book.directory.learn(message.get("MemberName"), message.get("Interface"))
        if (part := call.parts.get(agent)) is None:
            return
        total_s = message.number("TalkTime")
        part.meter.switch("", part.meter.since)
        part.meter.hold_s = min(part.meter.hold_s, total_s)
        part.meter.talk_s = total_s - part.meter.hold_s
        meters = [one.meter for one in call.parts.values()]
        call.meter.switch("", call.meter.since)
        call.meter.talk_s = sum(meter.talk_s for meter in meters)
        call.meter.hold_s = sum(meter.hold_s for meter in meters)
        self._latest = max(self._latest, part.answered_at + total_s)
