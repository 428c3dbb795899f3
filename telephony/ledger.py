"""The calls as the switchboard's own records tell them: ``queue_log`` for queues, CEL for channels.

Both are folded through the same book and table as live messages, so that a call means the same
whichever way it became known. CEL knows nothing of the hold key: talk here includes that.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import InitVar, dataclass, field

from telephony.calls.book import CallBook
from telephony.calls.conversations import Conversations
from telephony.calls.queue_messages import STATUS_TRIGGERS
from telephony.calls.state import Call
from telephony.calls.transitions import Trigger
from telephony.cel import CelEvent
from telephony.clock import uniqueid_epoch
from telephony.events import CallEventName, CallRecord
from telephony.lines import LineBook
from telephony.names import Directory, agent_of, digits
from telephony.queue_log import Exit, QueueLogLine, QueueRecord, Stay, fold
from telephony.restarts import Restarts

_EXITS = {
    Exit.ABANDONED: Trigger.DROPPED,
    Exit.TIMED_OUT: Trigger.EXPIRED,
    Exit.EMPTIED: Trigger.EMPTIED,
    Exit.KEY: Trigger.LEFT_QUEUE,
}
_SAME_MOMENT_S = 2.0  # queue_log has whole seconds


@dataclass(frozen=True, slots=True)
class Ledger:
    """Calls that have ended, and those that had not when the records were read."""

    ended: Mapping[str, CallRecord]
    still_up: frozenset[str]


@dataclass(frozen=True, slots=True, order=True)
class Seating:
    """``agent`` was at the telephone ``interface`` at ``at`` (epoch seconds)."""

    at: float
    interface: str
    agent: str


@dataclass(slots=True)
class _Reader:
    book: CallBook
    conversations: Conversations
    contexts: frozenset[str]
    queue_records: InitVar[Mapping[str, QueueRecord]]
    legs: dict[str, Stay] = field(default_factory=dict)  # by Uniqueid of the answering channel
    stays: dict[str, list[Stay]] = field(default_factory=dict)
    present: dict[str, Stay] = field(default_factory=dict)

    def __post_init__(self, queue_records: Mapping[str, QueueRecord]) -> None:
        for uniqueid, record in queue_records.items():
            self.stays[uniqueid] = record.stays
            for stay in record.stays:
                if stay.leg:
                    self.legs[stay.leg] = stay

    def forget(self, uniqueid: str) -> None:
        """The call is over: what the queues know of it is needed no more."""
        self.stays.pop(uniqueid, None)

    def take(self, event: CelEvent) -> None:
        handler = _HANDLERS.get(event.name)
        if handler:
            handler(self, event)

    def start(self, event: CelEvent) -> None:
        channel = self.book.topology.add(event.uniqueid, event.channel)
        if stay := self.legs.pop(event.uniqueid, None):
            # From now on he sits there; who sat there before keeps his own calls.
            stay.interface = channel.interface
            stay.agent = agent_of(stay.agent, channel.interface)
            channel.agent = self.book.directory.learn(stay.agent, channel.interface)
        ours = uniqueid_epoch(event.uniqueid, 0.0) == 0.0  # a ChannelId that we gave
        if event.uniqueid == event.linkedid and event.context in self.contexts and not ours:
            number = event.number.partition("\r\n")[0]  # there AMI's line ends, and what it tells
            self.book.arrive(event.uniqueid, digits(event.exten), digits(number), event.at)

    def arrived(self, event: CelEvent) -> None:
        if (call := self._call(event)) and (line := digits(str(event.extra.get("extra", "")))):
            self.book.set_line(call, line)

    def self_served(self, event: CelEvent) -> None:
        if call := self._call(event):
            self.book.apply(call, Trigger.TOLD, event.at)

    def told(self, event: CelEvent) -> None:
        queue, _, status = str(event.extra.get("extra", "")).partition(" ")
        trigger = STATUS_TRIGGERS.get(status)
        if (call := self._call(event)) and trigger:
            call.queue = call.queue or queue or None
            self.book.apply(call, trigger, event.at, detail=status)

    def app_start(self, event: CelEvent) -> None:
        stays = self.stays.get(event.uniqueid)
        call = self._call(event)
        if event.app != "Queue" or not stays or call is None:
            return
        if stays[0].entered_at > event.at + _SAME_MOMENT_S:
            return  # this time it was refused; the entry in queue_log is a later one
        stay = self.present[event.uniqueid] = stays.pop(0)
        if call.answered_at is None:
            call.queue = stay.queue
        if self.book.apply(call, Trigger.JOINED, event.at, detail=stay.queue):
            call.left_at = None

    def app_end(self, event: CelEvent) -> None:
        if event.app == "Queue":
            self._leave(event)

    def _leave(self, event: CelEvent) -> None:
        stay, call = self.present.pop(event.uniqueid, None), self._call(event)
        if stay is None or stay.exit is None or call is None:
            return
        if stay.exit is Exit.ANSWERED:
            self.conversations.meet_in_passing(call, stay.agent, stay.interface, event.at)
            return
        if stay.ringing:
            self.book.apply(call, Trigger.RING_STARTED, event.at)
        self.book.apply(call, _EXITS[stay.exit], event.at)

    def enter(self, event: CelEvent) -> None:
        channel = self.book.topology.add(event.uniqueid, event.channel)
        near = self.book.topology.enter(channel, str(event.extra.get("bridge_id", "")))
        self.conversations.regroup(near, event.at)

    def exit(self, event: CelEvent) -> None:
        if channel := self.book.topology.channels.get(event.uniqueid):
            near = self.book.topology.leave(channel, str(event.extra.get("bridge_id", "")))
            self.conversations.regroup(near, event.at)

    def end(self, event: CelEvent) -> None:
        channel = self.book.topology.channels.get(event.uniqueid)
        if channel is None:
            return
        self._leave(event)
        near = self.book.topology.remove(channel)
        if call := self.book.calls.get(event.uniqueid):
            self.book.end(call, Trigger.HUNG_UP, event.at)
        self.conversations.regroup(near, event.at)
        if channel.call:
            self.conversations.lose_leg(channel.call, channel, event.at)

    def cut(self, at: float) -> None:
        """Asterisk was last heard of at ``at`` and then restarted: nothing that was up still is."""
        for channel in list(self.book.topology.channels.values()):
            self.book.topology.remove(channel)
        for call in list(self.book.calls.values()):
            self.book.end(call, Trigger.RESTARTED, at)

    def _call(self, event: CelEvent) -> Call | None:
        return self.book.calls.get(event.uniqueid) or self.book.calls.get(event.linkedid)


_HANDLERS: dict[str, Callable[[_Reader, CelEvent], None]] = {
    "CHAN_START": _Reader.start,
    "HOTLINE_ARRIVED": _Reader.arrived,
    "HOTLINE_TOLD": _Reader.self_served,
    "HOTLINE_REFUSED": _Reader.told,
    "HOTLINE_QUEUE_LEFT": _Reader.told,
    "APP_START": _Reader.app_start,
    "APP_END": _Reader.app_end,
    "BRIDGE_ENTER": _Reader.enter,
    "BRIDGE_EXIT": _Reader.exit,
    "CHAN_END": _Reader.end,
}


EVENTS: frozenset[str] = frozenset(_HANDLERS)
"""Names of the channel events that tell something of a call; the others need not be read."""


class Reconstruction:
    """The calls of both records, in the order of their ends.

    ``queue_log`` is read at once, the channel events as they come, so that a day need not be in
    memory. ``seats`` tells of agents whom a call only reached by transfer; those who answered from
    a queue are learnt from ``queue_log``. Shifts share telephones: an agent sits at one until
    another is seen there. ``ami_heard_at``: see `Restarts`.
    """

    def __init__(
        self,
        switchboard: str,
        queue_log: Iterable[QueueLogLine],
        *,
        inbound_contexts: Collection[str],
        seats: Iterable[Seating] = (),
        lines: LineBook | None = None,
        ami_heard_at: float | None = None,
    ) -> None:
        self._restarts = Restarts(ami_heard_at)
        records = fold(self._restarts.noting(queue_log))
        self._directory, self._seatings = Directory(), deque(sorted(seats))
        # Before anybody is seen at a telephone it is the first who will be.
        for seating in reversed(self._seatings):
            self._directory.learn(seating.agent, seating.interface)
        announced = frozenset({CallEventName.ENDED})
        self._book = CallBook(
            switchboard, self._directory, lines or LineBook(), announced=announced
        )
        contexts = frozenset(inbound_contexts)
        self._reader = _Reader(self._book, Conversations(self._book), contexts, records)

    @property
    def still_up(self) -> frozenset[str]:
        """Uniqueids of the calls that have not ended so far."""
        return frozenset(self._book.calls)

    def calls(self, cel: Iterable[CelEvent]) -> Iterator[CallRecord]:
        """Each call when it has ended."""
        for event in cel:
            if self._restarts.pending:
                for cut_at in self._restarts.before(event):
                    self._reader.cut(cut_at)
            while self._seatings and self._seatings[0].at <= event.at:
                seating = self._seatings.popleft()
                self._directory.learn(seating.agent, seating.interface)
            self._reader.take(event)
            if self._book.events or self._book.signals:
                yield from self._ended()
        for cut_at in self._restarts.rest():
            self._reader.cut(cut_at)
        yield from self._ended()

    def _ended(self) -> Iterator[CallRecord]:
        for event in self._book.drain()[0]:
            self._reader.forget(event.call.uniqueid)
            yield event.call


def reconstruct(
    switchboard: str,
    queue_log: Iterable[QueueLogLine],
    cel: Iterable[CelEvent],
    *,
    inbound_contexts: Collection[str],
    seats: Iterable[Seating] = (),
    lines: LineBook | None = None,
) -> Ledger:
    """All at once what `Reconstruction` tells."""
    told = Reconstruction(
        switchboard, queue_log, inbound_contexts=inbound_contexts, seats=seats, lines=lines
    )
    ended = {call.uniqueid: call for call in told.calls(cel)}
    return Ledger(ended, told.still_up)
