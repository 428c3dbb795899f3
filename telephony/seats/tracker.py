"""The seats of one switchboard: one per agent, whatever number of queues the agent serves."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from telephony.ami.message import Message
from telephony.calls.book import SeatSignal
from telephony.calls.records import when
from telephony.calls.state import Call
from telephony.events import SeatChanged, SeatState
from telephony.names import Directory, plain_interface
from telephony.seats.transitions import TABLE, Device, SeatTrigger, Work, shown

_DEVICES = {device.value: device for device in Device}
_BUSY = frozenset(
    set(Device) - {Device.UNKNOWN, Device.NOT_IN_USE, Device.INVALID, Device.UNAVAILABLE}
)
_ON_A_CALL = frozenset({Work.RINGING, Work.TALKING, Work.HOLD})


@dataclass(slots=True)
class Membership:
    """One agent in one queue, as ``said`` by its latest ``QueueMember…`` message."""

    said: Message
    paused: bool

    @property
    def reason(self) -> str:
        """The word given with the pause."""
        return self.said.get("PausedReason") if self.paused else ""

    @property
    def wrap_up_s(self) -> float:
        """The member's own wrap-up time, 0 when the queue's counts."""
        return self.said.number("Wrapuptime")


@dataclass(slots=True)
class Seat:
    """What is known of one agent."""

    agent: str
    interface: str = ""
    queues: dict[str, Membership] = field(default_factory=dict)
    device: Device = Device.UNKNOWN
    works: dict[str, tuple[Work, Call]] = field(default_factory=dict)  # by Uniqueid of the call
    wrap_up_until: float | None = None
    wrap_up_call: Call | None = None
    since: float = 0.0  # when it entered the state last said
    last_said: tuple[object, ...] = ()

    @property
    def busy_with(self) -> tuple[Work, Call | None]:
        """The work that counts, and its call: a conversation before a ringing call."""
        best: tuple[Work, Call | None] = (Work.NONE, None)
        for work in self.works.values():
            if work[0] is not Work.RINGING:
                return work
            best = work
        if best[1] is None and self.wrap_up_until is not None:
            return Work.WRAP_UP, self.wrap_up_call
        return best

    def standing(self) -> tuple[SeatState, str, Call | None]:
        """The one state to show, the reason of a pause, and the call it is busy with."""
        work, call = self.busy_with
        paused, reason = bool(self.queues), ""
        for membership in self.queues.values():
            if membership.paused:
                reason = reason or membership.reason
            else:
                paused = False
        state = shown(work, self.device, logged_in=bool(self.queues), paused=paused)
        return state, reason if state is SeatState.NOT_READY else "", call


class SeatTracker:
    """Handlers by event name, and what calls mean for seats.

    ``wrap_up_s`` gives the wrap-up time of queues as configured in queues.conf, because AMI tells
    only that of a single member (``Wrapuptime``, which counts before it when it is not zero).
    """

    def __init__(
        self,
        switchboard: str,
        directory: Directory,
        *,
        wrap_up_s: Mapping[str, float],
        announces: bool = True,
    ) -> None:
        self._switchboard = switchboard
        self._directory = directory
        self._wrap_up_s = wrap_up_s
        self._announces = announces
        self.seats: dict[str, Seat] = {}
        self.wrapping: dict[str, Seat] = {}
        # Seat and plain interface by name and interface as they stand in messages.
        self._members: dict[tuple[str, str], tuple[Seat, str]] = {}
        self.events: list[SeatChanged] = []
        self.handlers: dict[bytes, Callable[[Message, float], None]] = {
            b"QueueMemberAdded": self._on_member,
            b"QueueMemberStatus": self._on_member,
            b"QueueMemberPause": self._on_member,
            b"QueueMemberRemoved": self._on_member_removed,
        }

    def _on_member(self, message: Message, at: float) -> None:
        seat = self._seat(message.get("MemberName"), message.get("Interface"), message)
        before = seat.device
        self._place(seat, message)
        if seat.device is Device.NOT_IN_USE and before in _BUSY:
            for _, call in list(seat.works.values()):
                self._step(seat, call, SeatTrigger.IDLED, at)
        self._say(seat, at)

    def _on_member_removed(self, message: Message, at: float) -> None:
        member, interface = message.get("MemberName"), message.get("Interface")
        seat = self._seat(member, interface, message)
        seat.queues.pop(message.get("Queue"), None)
        # Only who is added anew can come back with another device (StateInterface).
        del self._members[member, interface]
        self._say(seat, at)

    def _seat(self, member: str, interface: str, message: Message) -> Seat:
        known = self._members.get((member, interface))
        if known is None:
            agent = self._directory.learn(member, interface, message.get("StateInterface"))
            known = self._members[member, interface] = self._of(agent), plain_interface(interface)
        seat, plain = known
        seat.interface = plain
        return seat

    def _of(self, agent: str) -> Seat:
        seat = self.seats.get(agent)
        if seat is None:
            seat = self.seats[agent] = Seat(agent)
        return seat

    @staticmethod
    def _place(seat: Seat, message: Message) -> None:
        seat.queues[message.get("Queue")] = Membership(message, message.get("Paused") == "1")
        seat.device = _DEVICES.get(message.get("Status"), Device.UNKNOWN)

    def take(self, signals: Iterable[SeatSignal]) -> None:
        """What calls mean for seats."""
        for agent, trigger, call, at in signals:
            seat = self._of(agent)
            self._step(seat, call, trigger, at)
            self._say(seat, at)

    def _step(self, seat: Seat, call: Call, trigger: SeatTrigger, at: float) -> None:
        before = seat.works.get(call.uniqueid)
        work = TABLE[before[0] if before else Work.NONE].get(trigger)
        if work is None:
            return
        if work in _ON_A_CALL:
            seat.works[call.uniqueid] = (work, call)
            if work is Work.TALKING:
                self._end_wrap_up(seat)
            return
        del seat.works[call.uniqueid]
        if not seat.works and seat.device in _BUSY:
            seat.device = Device.NOT_IN_USE  # "in use" was said of the call that is over
        wrap_up_s = self._wrap_up_of(seat, call) if work is Work.WRAP_UP else 0.0
        if wrap_up_s > 0:
            seat.wrap_up_until, seat.wrap_up_call = at + wrap_up_s, call
            self.wrapping[seat.agent] = seat

    def _end_wrap_up(self, seat: Seat) -> None:
        seat.wrap_up_until = seat.wrap_up_call = None
        self.wrapping.pop(seat.agent, None)

    def _wrap_up_of(self, seat: Seat, call: Call) -> float:
        queue = call.queue or ""
        membership = seat.queues.get(queue)
        own_s = membership.wrap_up_s if membership else 0.0
        return own_s if own_s > 0 else self._wrap_up_s.get(queue, 0.0)

    def finish_wrap_up(self, agent: str, at: float) -> bool:
        """The agent is done before the time is over; ``False`` when he was not wrapping up."""
        seat = self.wrapping.get(agent)
        if seat is None:
            return False
        self._end_wrap_up(seat)
        self._say(seat, at)
        return True

    def due_at(self) -> float | None:
        """When the next wrap-up ends, ``None`` when nobody wraps up."""
        ends = [seat.wrap_up_until or 0.0 for seat in self.wrapping.values()]
        return min(ends, default=None)

    def tick(self, now: float) -> None:
        """End the wrap-ups whose time is over."""
        for seat in list(self.wrapping.values()):
            until = seat.wrap_up_until or 0.0
            if until <= now:
                self._end_wrap_up(seat)
                self._say(seat, until)

    def restore(
        self, members: Iterable[Message], busy: Collection[tuple[str, str]], at: float
    ) -> None:
        """Correct every seat by the ``QueueMember`` items of ``QueueStatus`` and by ``busy``.

        ``busy`` are the agents in the calls that are up, each with the call's Uniqueid.
        """
        for seat in self.seats.values():
            seat.queues = {}
        for item in members:
            self._place(self._seat(item.get("Name"), item.get("Location"), item), item)
        for seat in self.seats.values():
            for uniqueid, (_, call) in list(seat.works.items()):
                if (seat.agent, uniqueid) not in busy:
                    self._step(seat, call, SeatTrigger.RING_ENDED, at)
                    self._step(seat, call, SeatTrigger.RELEASED, at)
            self._say(seat, at)

    def describe(self, at: float) -> list[SeatChanged]:
        """Every seat as it stands."""
        return [self._describe(seat, at) for seat in self.seats.values()]

    def _say(self, seat: Seat, at: float) -> None:
        if not self._announces:
            return
        news = (*seat.standing(), seat.interface, *seat.queues)
        if news == seat.last_said:
            return
        at = max(at, seat.since)
        if news[:2] != seat.last_said[:2]:
            seat.since = at
        seat.last_said = news
        self.events.append(self._describe(seat, at))

    def _describe(self, seat: Seat, said_at: float) -> SeatChanged:
        state, reason, call = seat.standing()
        return SeatChanged(
            event_id=f"{self._switchboard}-seat-{seat.agent}:{state}:{round(said_at * 1000)}",
            at=when(seat.since),
            switchboard=self._switchboard,
            agent=seat.agent,
            interface=seat.interface,
            state=state,
            reason=reason,
            queues=tuple(sorted(seat.queues)),
            call_id=f"{self._switchboard}-{call.uniqueid}" if call else None,
        )

    def drain(self) -> list[SeatChanged]:
        """Hand over, and forget, what was said since the last time."""
        said, self.events = self.events, []
        return said
