"""Correcting the book by what the switchboard lists, after a gap or to verify it.

Only what the lists show positively is believed: a channel that is not listed is gone, one that is
listed in a bridge is there. Nothing is concluded from a call's being in no queue and no bridge.
"""

from collections.abc import Iterable

from telephony.ami.message import Message
from telephony.calls.book import CallBook
from telephony.calls.channel_messages import ChannelMessages, caller_of
from telephony.calls.conversations import Conversations
from telephony.calls.state import Call, Meter, Part
from telephony.calls.transitions import Phase, Trigger
from telephony.clock import uniqueid_epoch
from telephony.events import AgentPart, CallRecord, Outcome
from telephony.lines import Place
from telephony.names import interface_of, is_internal, is_local
from telephony.snapshot import Snapshot

_DIALLED = frozenset(
    {"AppDial", "AppDial2", "AppQueue"}
)  # Application of a channel that was called
_UNASKED = frozenset({Phase.ARRIVED, Phase.TOLD})
_RINGING = "5"  # ChannelState of a telephone that rings (AST_STATE_RINGING)


def thaw(record: CallRecord) -> Call:
    """A call as it was recorded, to be tracked further."""
    place = Place(record.line_mode, record.district)
    arrived_at = record.arrived_at.timestamp()
    call = Call(record.uniqueid, record.line, record.caller, arrived_at, place)
    call.queue, call.revision = record.queue, record.revision
    if record.offered_at:
        call.offered_at = record.offered_at.timestamp()
        call.phase, call.ending = Phase.QUEUED, Outcome.ABANDONED_QUEUE
    if record.answered_at:
        call.answered_at = record.answered_at.timestamp()
        call.phase, call.ending = Phase.PARTED, Outcome.ANSWERED
    call.parts = {part.agent: _thaw_part(part) for part in record.agents}
    call.meter = Meter(record.talk_s, record.hold_s)
    times = (record.arrived_at, record.offered_at, record.answered_at)
    call.latest = max(time.timestamp() for time in times if time)
    return call


def _thaw_part(part: AgentPart) -> Part:
    answered_at = part.answered_at.timestamp()
    released_at = part.released_at.timestamp() if part.released_at else answered_at
    meter = Meter(part.talk_s, part.hold_s)
    return Part(part.agent, part.interface, answered_at, released_at, meter=meter)


class Restoration:
    """One correction of the book by ``snapshot``."""

    def __init__(
        self,
        conversations: Conversations,
        snapshot: Snapshot,
        channels: ChannelMessages,
        born: frozenset[str],
        died: frozenset[str],
    ) -> None:
        self._conversations = conversations
        self._channels = channels
        self._book: CallBook = conversations.book
        self._snapshot = snapshot
        self._at = snapshot.taken_at
        self._died = died
        listed = ((item.get_last("Uniqueid"), item) for item in snapshot.channels)
        items = {uniqueid: item for uniqueid, item in listed if uniqueid}
        self.quarantined = frozenset(uid for uid in items if uid in channels.gone)
        skipped = self.quarantined | born  # the whole life of a born one is in the live events
        self._items = {uid: item for uid, item in items.items() if uid not in skipped}
        self._born = born

    def run(self, known: Iterable[CallRecord]) -> list[CallRecord]:
        """Correct the book; return the calls that ended unseen."""
        for record in known:
            if record.ended_at is None and record.uniqueid not in self._book.calls:
                self._book.calls[record.uniqueid] = thaw(record)
        self._close_cut()
        self._place_channels()
        lost = self._close_missing()
        fresh = [self._discover(item) for item in self._items.values() if self._calls_in(item)]
        self._queue_up()
        for call in fresh:
            self._catch_up(call)
        roots = (self._book.topology.channels.get(uid) for uid in self._book.calls)
        self._conversations.regroup([root for root in roots if root], self._at)
        self._find_rings()
        return lost

    def _close_cut(self) -> None:
        """Calls from before a restart: they last until the switchboard was last heard of.

        They are closed before their channels are missed, which is only now.
        """
        booted_at, heard_at = self._snapshot.booted_at, self._snapshot.heard_at or 0.0
        if booted_at is None:
            return
        kept = self._items.keys() | self._born | self._died
        for call in list(self._book.calls.values()):
            if call.uniqueid not in kept and call.arrived_at < booted_at:
                cut_at = max(call.latest, min(heard_at, booted_at))
                self._book.end(call, Trigger.RESTARTED, cut_at)

    def _place_channels(self) -> None:
        topology = self._book.topology
        for uniqueid, item in self._items.items():
            channel = topology.add(uniqueid, item.get("Channel"))
            bridge = item.get("BridgeId")
            if bridge:
                topology.enter(channel, bridge)
            elif channel.bridge:
                topology.leave(channel, channel.bridge.uniqueid)
        kept = self._items.keys() | self._born | self._died
        missing = [one for uid, one in topology.channels.items() if uid not in kept]
        for channel in missing:
            topology.remove(channel)
            if channel.call:
                self._conversations.lose_leg(channel.call, channel, self._at)

    def _close_missing(self) -> list[CallRecord]:
        calls = list(self._book.calls.values())
        kept = self._book.topology.channels.keys() | self._died
        return [self._book.give_up(call, self._at) for call in calls if call.uniqueid not in kept]

    def _calls_in(self, item: Message) -> bool:
        """Whether the channel is an unknown caller's first one.

        The list shows the present context, not that of arrival; so: a channel that called in, of a
        name that Asterisk gave (ours have a ChannelId of our own), and at no seat.
        """
        uniqueid, name = item.get_last("Uniqueid"), item.get("Channel")
        return (
            uniqueid not in self._book.calls
            and uniqueid == item.get_last("Linkedid")
            and uniqueid_epoch(uniqueid, -1.0) > 0
            and not is_local(name)
            and not is_internal(name)
            and item.get("Application") not in _DIALLED
            and self._book.directory.agent_at(interface_of(name)) is None
        )

    def _discover(self, item: Message) -> Call:
        uniqueid, line = item.get_last("Uniqueid"), self._channels.line_of(item)
        arrived_at = uniqueid_epoch(uniqueid, self._at)
        return self._book.arrive(uniqueid, line, caller_of(item), arrived_at)

    def _catch_up(self, call: Call) -> None:
        """A call found in conversation: the agent's leg was made when it began to ring there."""
        topology = self._book.topology
        item = self._items[call.uniqueid]
        if item.get("Application") == "Queue" and call.offered_at is None:
            call.queue = item.get("ApplicationData").partition(",")[0] or None
            call.offered_at = call.arrived_at
        for channel in topology.reachable(topology.channels[call.uniqueid])[1:]:
            agent = self._book.directory.agent_at(channel.interface)
            if agent and topology.is_party(channel):
                at = max(call.arrived_at, uniqueid_epoch(channel.uniqueid, self._at))
                self._book.meet(call, agent, channel.interface, at)

    def _queue_up(self) -> None:
        for entry in self._snapshot.queues:
            call = self._book.calls.get(entry.get("Uniqueid"))
            if entry.name != "QueueEntry" or call is None or call.phase not in _UNASKED:
                continue
            call.queue = entry.get("Queue")
            since = max(call.arrived_at, self._at - entry.number("Wait"))
            self._book.apply(call, Trigger.JOINED, since, detail=call.queue)

    def _find_rings(self) -> None:
        for uniqueid, item in self._items.items():
            call = self._book.calls.get(item.get_last("Linkedid"))
            channel = self._book.topology.channels[uniqueid]
            agent = self._book.directory.agent_at(channel.interface)
            if call and agent and item.get("ChannelState") == _RINGING:
                channel.agent, channel.call = agent, call
                self._book.ring(call, uniqueid, agent, channel.interface, self._at)
