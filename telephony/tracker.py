"""The one entry to tracking: raw AMI messages in, domain events out. No clock, no socket."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from telephony.ami.message import EVENT, Message, event_name
from telephony.calls.book import CallBook
from telephony.calls.bridge_messages import BridgeMessages
from telephony.calls.channel_messages import ChannelMessages, Handler
from telephony.calls.channels import CallChannels, Leg, call_of, channels_at, channels_of
from telephony.calls.conversations import Conversations
from telephony.calls.queue_messages import QueueMessages
from telephony.calls.restore import Restoration
from telephony.calls.untimed import CaptureClock
from telephony.clock import timestamp
from telephony.events import CallEventName, CallRecord, Event, SeatChanged
from telephony.lines import LineBook
from telephony.names import Directory
from telephony.recent import Repeats
from telephony.seats.tracker import SeatTracker, WrapUp
from telephony.snapshot import Snapshot

_VARSET = EVENT + b"VarSet"
_QUEUE_STATUS = b"\r\nVariable: QUEUESTATUS\r\n"
_REPEATS_KNOWN = 4096


@dataclass(frozen=True, slots=True)
class Restored:
    """What a snapshot changed.

    ``lost`` are calls that ended while nobody looked: how, only the switchboard's own records can
    tell. ``quarantined`` are channels that the list shows although their hang-up was seen.
    ``orphans`` are the members (queue, interface) paused for a wrap-up whose timer is gone.
    """

    events: tuple[Event, ...]
    lost: tuple[CallRecord, ...]
    quarantined: frozenset[str]
    orphans: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Capture:
    """How a capture differs from a live switchboard.

    ``hangup_requests``: whether it has any ``HangupRequest`` (see `QueueMessages`). ``announced``:
    the call events that somebody wants, and no seat's: everything is tracked all the same, the
    other events are only not made. ``None`` announces everything.
    """

    hangup_requests: bool = True
    announced: frozenset[CallEventName] | None = None


class Tracker:
    """Calls and seats of one switchboard.

    ``inbound_contexts``: the contexts in which callers arrive from trunks; ``None`` when unknown
    (see `ChannelMessages`). ``wrap_up_s``: wrap-up seconds by queue. ``lines``: what is known of
    the numbers dialled. ``capture``: the messages are read from a file; those without ``Timestamp``
    then get their time from what they say, not from the reading.
    """

    def __init__(
        self,
        switchboard: str,
        *,
        inbound_contexts: Collection[str] | None = None,
        wrap_up_s: Mapping[str, float] = MappingProxyType({}),
        lines: LineBook | None = None,
        capture: Capture | None = None,
    ) -> None:
        self.lines = lines or LineBook()
        directory, rules = Directory(), capture or Capture()
        wanted = frozenset(CallEventName) if rules.announced is None else rules.announced
        self._book = CallBook(switchboard, directory, self.lines, announced=wanted)
        self._conversations = Conversations(self._book)
        self._channels = ChannelMessages(self._book, self._conversations, inbound_contexts)
        bridges = BridgeMessages(self._book, self._conversations, self._channels)
        queues = QueueMessages(self._book, self._channels, hangup_requests=rules.hangup_requests)
        self._seats = SeatTracker(
            switchboard, directory, wrap_up_s=wrap_up_s, announces=rules.announced is None
        )
        handlers: dict[bytes, Handler] = {
            **self._channels.handlers,
            **bridges.handlers,
            **queues.handlers,
            **self._seats.handlers,
        }
        if capture:
            handlers[b"AgentComplete"] = _nothing  # its TalkTime is read by the capture's clock
        self._handlers = {EVENT + name: handler for name, handler in handlers.items()}
        self._capture = CaptureClock(self._book) if capture else None
        self._repeats = Repeats(_REPEATS_KNOWN)
        self._due: float | None = None
        self._timed = False  # the switchboard stamps its events
        self.forged = 0  # events that it did not stamp although it does

    def feed(self, raw: bytes, received_at: float) -> Sequence[Event]:
        """Track one raw message: see `feed_all`."""
        return self.feed_all((raw,), received_at)

    def feed_all(self, messages: Iterable[bytes], received_at: float) -> list[Event]:
        """Track raw messages (without their blank lines) and return what they mean, in order.

        ``received_at`` (epoch seconds) is the time of messages without a ``Timestamp``; after the
        first one that has it, one that lacks it is a caller's forgery (see `telephony.ami.session`)
        and means nothing. Nor does an exact repeat of a message with a ``Timestamp``.
        """
        handler_of = self._handlers.get
        is_new = self._repeats.is_new
        book, seats, crowded = self._book, self._seats, self._conversations.crowded
        parting, unexplained = book.parting, seats.unexplained
        events: list[Event] = []
        for raw in messages:
            first_line = raw.partition(b"\r")[0]
            handler = handler_of(first_line)
            if handler is None or (first_line == _VARSET and _QUEUE_STATUS not in raw):
                continue
            at = timestamp(raw)
            if at is None:
                if self._timed:
                    self.forged += 1
                    continue
                name = first_line.removeprefix(EVENT)
                at = self._capture.guess(name, raw) if self._capture else received_at
            elif is_new(at, raw):
                self._timed = True
            else:
                continue
            if self._due is not None and at >= self._due:
                self._run_clocks(at)
            handler(Message(raw), at)
            if book.events or book.signals or seats.events or crowded or parting or unexplained:
                events += self._drain()
        return events

    def tick(self, now: float) -> Sequence[Event]:
        """Do what is due at ``now`` (switchboard's time): end wrap-ups, announce conferences."""
        self._run_clocks(now)
        return self._drain()

    @property
    def due_at(self) -> float | None:
        """When to call `tick` next (switchboard's time), ``None`` when nothing is due."""
        return self._due

    def finish_wrap_up(self, agent: str, now: float) -> Sequence[Event]:
        """The agent ended his wrap-up by hand; nothing when he was not wrapping up."""
        self._seats.finish_wrap_up(agent, now)
        self._set_due()
        return self._drain()

    def prolong_wrap_up(self, agent: str, until: float) -> None:
        """The wrap-up of ``agent``, if he is in one, lasts until then (switchboard's time)."""
        self._seats.prolong_wrap_up(agent, until)
        self._set_due()

    def wrap_up_of(self, agent: str) -> WrapUp | None:
        """The wrap-up that ``agent`` is in, ``None`` when he is in none."""
        return self._seats.wrap_up_of(agent)

    def pause_of(self, agent: str) -> str | None:
        """The reason why ``agent`` takes no calls, ``None`` when he does."""
        seat = self._seats.seats.get(agent)
        if seat is None or not seat.is_paused:
            return None
        return next((one.reason for one in seat.members.values() if one.reason), "")

    def free_members(self, agent: str) -> list[tuple[str, str]]:
        """Queue and interface where ``agent``, busy at one phone, could be called at another."""
        seat = self._seats.seats.get(agent)
        return list(seat.free_members()) if seat else []

    def held_members(self, agent: str) -> list[tuple[str, str]]:
        """Queue and interface of the memberships that are held back as in wrap-up."""
        seat = self._seats.seats.get(agent)
        return [key for key, one in seat.members.items() if one.wraps_up] if seat else []

    def interfaces_of(self, agent: str) -> tuple[str, ...]:
        """The telephones that ``agent`` is logged in with."""
        seat = self._seats.seats.get(agent)
        return seat.interfaces if seat else ()

    def members(self) -> list[tuple[str, str, str]]:
        """Agent, queue and interface of everybody who is logged in anywhere."""
        return [
            (seat.agent, *member) for seat in self._seats.seats.values() for member in seat.members
        ]

    def restore(self, snapshot: Snapshot, known: Iterable[CallRecord] = ()) -> Restored:
        """Correct everything by ``snapshot``, then track the live events that came meanwhile.

        ``known`` are the calls recorded as open (needed once, after the start of the program);
        those tracked already are not touched by them.
        """
        names = [(event_name(raw), raw) for raw in snapshot.meanwhile]
        members = [item for item in snapshot.queues if item.name == "QueueMember"]
        for item in members:
            self._book.directory.learn(
                item.get("Name"), item.get("Location"), item.get("StateInterface")
            )
        restoration = Restoration(
            self._conversations,
            snapshot,
            self._channels,
            born=frozenset(Message(r).get_last("Uniqueid") for n, r in names if n == b"Newchannel"),
            died=frozenset(Message(r).get_last("Uniqueid") for n, r in names if n == b"Hangup"),
        )
        lost = restoration.run(known)
        found, signals = self._book.drain()
        events: list[Event] = [*found]
        self._seats.restore(members, signals, self._book.busy(), snapshot.taken_at)
        events += self._drain()
        orphans = self._seats.orphans(snapshot.channels, snapshot.taken_at)
        events += self.feed_all(snapshot.meanwhile, snapshot.taken_at)
        return Restored(tuple(events), tuple(lost), restoration.quarantined, orphans)

    def open_calls(self, now: float) -> list[CallRecord]:
        """The calls that are up."""
        return [self._book.freeze(call, now) for call in self._book.calls.values()]

    def channels_of(self, call_id: str) -> CallChannels | None:
        """The channels of a call; ``None`` when it is not up."""
        return channels_of(self._book, call_id.removeprefix(f"{self._book.switchboard}-"))

    def call_of(self, agent: str) -> str | None:
        """Id of the call in which ``agent`` talks."""
        uniqueid = call_of(self._book, agent)
        return f"{self._book.switchboard}-{uniqueid}" if uniqueid else None

    def channels_at(self, interface: str) -> tuple[Leg, ...]:
        """The channels of a phone, whatever it is busy with."""
        return channels_at(self._book, interface)

    def seats(self, now: float) -> list[SeatChanged]:
        """Every seat as it stands."""
        return self._seats.describe(now)

    def agents(self) -> dict[str, str]:
        """Agent number by interface, as far as queues have told of their members."""
        return self._book.directory.agents()

    def _run_clocks(self, now: float) -> None:
        self._conversations.tick(now)
        self._book.tick(now)
        self._seats.tick(now)
        self._set_due()

    def _has_clocks(self) -> bool:
        seats = self._seats
        calls = self._conversations.crowded or self._book.parting
        return bool(calls or seats.wrapping or seats.unexplained)

    def _set_due(self) -> None:
        clocks = (self._conversations.due_at(), self._book.due_at(), self._seats.due_at())
        self._due = min((at for at in clocks if at is not None), default=None)

    def _drain(self) -> Sequence[Event]:
        events, signals = self._book.drain()
        if signals:
            self._seats.take(signals)
        if self._due is not None or self._has_clocks():
            self._set_due()
        return [*events, *self._seats.drain()] if events or self._seats.events else ()


def _nothing(message: Message, at: float) -> None:
    """A message that means something to the clock alone."""
