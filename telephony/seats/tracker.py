"""The seats of one switchboard: one per agent, whatever number of queues the agent serves."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from telephony.ami.message import Message
from telephony.calls.book import SeatSignal
from telephony.calls.records import when
from telephony.events import SeatChanged, SeatState
from telephony.names import Directory, plain_interface
from telephony.seats.transitions import TABLE, Device, SeatTrigger, Standing, Work, shown

_DEVICES = {device.value: device for device in Device}
_BUSY = frozenset(
    set(Device) - {Device.UNKNOWN, Device.NOT_IN_USE, Device.INVALID, Device.UNAVAILABLE}
)
_ON_A_CALL = frozenset({Work.RINGING, Work.TALKING, Work.HOLD})


@dataclass(slots=True)
class Membership:
    """One agent in one queue."""

    paused: bool
    reason: str
    device: Device
    wrap_up_s: float


@dataclass(slots=True)
class Seat:
    """What is known of one agent."""

    agent: str
    interface: str = ""
    queues: dict[str, Membership] = field(default_factory=dict)
    work: Work = Work.NONE
    call_id: str | None = None
    queue: str = ""  # of the call it is busy with
    wrap_up_until: float = 0.0
    last_said: tuple[object, ...] = ()

    def standing(self) -> Standing:
        """Everything the state is judged by."""
        memberships = list(self.queues.values())
        return Standing(
            work=self.work,
            logged_in=bool(memberships),
            paused=all(one.paused for one in memberships),
            device=self.device,
        )

    @property
    def device(self) -> Device:
        """Device state: the same telephone in all queues, so the latest word counts."""
        return next(reversed(self.queues.values())).device if self.queues else Device.UNKNOWN

    @property
    def reason(self) -> str:
        """The word given with the pause."""
        return next((one.reason for one in self.queues.values() if one.paused), "")


def _forget_busy(seat: Seat) -> None:
    """A call is over before its telephone says so: "in use" was said of that call."""
    for membership in seat.queues.values():
        if membership.device in _BUSY:
            membership.device = Device.NOT_IN_USE


def read_membership(message: Message) -> Membership:
    """Pause, device and wrap-up time out of ``QueueMember…`` events and ``QueueStatus`` items."""
    status = message.get("Status")
    return Membership(
        paused=message.get("Paused") == "1",
        reason=message.get("PausedReason"),
        device=_DEVICES.get(status, Device.UNKNOWN),
        wrap_up_s=message.number("Wrapuptime"),
    )


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
        self._wrapping: dict[str, Seat] = {}
        self.events: list[SeatChanged] = []
        self.handlers: dict[bytes, Callable[[Message, float], None]] = {
            b"QueueMemberAdded": self._on_member,
            b"QueueMemberStatus": self._on_member,
            b"QueueMemberPause": self._on_member,
            b"QueueMemberRemoved": self._on_member_removed,
        }

    def _on_member(self, message: Message, at: float) -> None:
        seat = self._seat(message.get("MemberName"), message.get("Interface"), message)
        self.place(seat, message.get("Queue"), read_membership(message), at)
        self._say(seat, at)

    def _on_member_removed(self, message: Message, at: float) -> None:
        seat = self._seat(message.get("MemberName"), message.get("Interface"), message)
        seat.queues.pop(message.get("Queue"), None)
        self._say(seat, at)

    def _seat(self, member: str, interface: str, message: Message) -> Seat:
        agent = self._directory.learn(member, interface, message.get("StateInterface"))
        seat = self.seats.setdefault(agent, Seat(agent))
        seat.interface = plain_interface(interface)
        return seat

    def place(self, seat: Seat, queue: str, membership: Membership, at: float) -> None:
        """Note how ``seat`` stands in ``queue``; its telephone is the same in every queue."""
        before = seat.device
        seat.queues[queue] = membership
        for other in seat.queues.values():
            other.device = membership.device
        if before in _BUSY and membership.device is Device.NOT_IN_USE:
            self._step(seat, SeatTrigger.IDLED, at)

    def take(self, signals: Iterable[SeatSignal]) -> None:
        """What calls mean for seats."""
        for signal in signals:
            seat = self.seats.setdefault(signal.agent, Seat(signal.agent))
            if signal.trigger in {SeatTrigger.RANG, SeatTrigger.CONNECTED}:
                seat.call_id, seat.queue = signal.call_id, signal.queue
            elif seat.call_id != signal.call_id:
                continue  # of a call the seat is not busy with
            self._step(seat, signal.trigger, signal.at)
            self._say(seat, signal.at)

    def _step(self, seat: Seat, trigger: SeatTrigger, at: float) -> None:
        work = TABLE[seat.work].get(trigger)
        if work is None:
            return
        if work is Work.WRAP_UP:
            seat.wrap_up_until = at + self._wrap_up_of(seat)
            if seat.wrap_up_until <= at:
                work = Work.NONE
        if seat.work in _ON_A_CALL and work not in _ON_A_CALL:
            _forget_busy(seat)
        seat.work = work
        if work is Work.NONE:
            seat.call_id = None
        if work is Work.WRAP_UP:
            self._wrapping[seat.agent] = seat
        else:
            self._wrapping.pop(seat.agent, None)

    def _wrap_up_of(self, seat: Seat) -> float:
        membership = seat.queues.get(seat.queue)
        if membership and membership.wrap_up_s > 0:
            return membership.wrap_up_s
        return self._wrap_up_s.get(seat.queue, 0.0)

    def finish_wrap_up(self, agent: str, at: float) -> bool:
        """The agent is done before the time is over; ``False`` when he was not wrapping up."""
        seat = self.seats.get(agent)
        if seat is None or seat.work is not Work.WRAP_UP:
            return False
        self._step(seat, SeatTrigger.WRAPPED_UP, at)
        self._say(seat, at)
        return True

    def due_at(self) -> float | None:
        """When the next wrap-up ends, ``None`` when nobody wraps up."""
        return min((seat.wrap_up_until for seat in self._wrapping.values()), default=None)

    def tick(self, now: float) -> None:
        """End the wrap-ups whose time is over."""
        for seat in list(self._wrapping.values()):
            if seat.wrap_up_until <= now:
                until = seat.wrap_up_until
                self._step(seat, SeatTrigger.WRAPPED_UP, until)
                self._say(seat, until)

    def restore(self, members: Iterable[Message], busy: Mapping[str, Work], at: float) -> None:
        """Correct every seat by the ``QueueMember`` items of ``QueueStatus`` and by ``busy``.

        ``busy`` is what the calls that are up do to the agents in them.
        """
        found: dict[str, dict[str, Membership]] = {}
        for item in members:
            seat = self._seat(item.get("Name"), item.get("Location"), item)
            found.setdefault(seat.agent, {})[item.get("Queue")] = read_membership(item)
        for seat in self.seats.values():
            seat.queues = found.get(seat.agent, {})
            if seat.work in _ON_A_CALL and seat.agent not in busy:
                self._step(seat, SeatTrigger.RING_ENDED, at)
                self._step(seat, SeatTrigger.RELEASED, at)
            self._say(seat, at)

    def describe(self, at: float) -> list[SeatChanged]:
        """Every seat as it stands."""
        return [self._describe(seat, at) for seat in self.seats.values()]

    def _say(self, seat: Seat, at: float) -> None:
        news = (shown(seat.standing()), seat.reason, seat.call_id, seat.interface, len(seat.queues))
        if news != seat.last_said:
            seat.last_said = news
            if self._announces:
                self.events.append(self._describe(seat, at))

    def _describe(self, seat: Seat, at: float) -> SeatChanged:
        state = shown(seat.standing())
        return SeatChanged(
            event_id=f"{self._switchboard}-seat-{seat.agent}:{state}:{round(at * 1000)}",
            at=when(at),
            switchboard=self._switchboard,
            agent=seat.agent,
            interface=seat.interface,
            state=state,
            reason=seat.reason if state is SeatState.NOT_READY else "",
            queues=tuple(sorted(seat.queues)),
            call_id=seat.call_id,
        )

    def drain(self) -> list[SeatChanged]:
        """Hand over, and forget, what was said since the last time."""
        said, self.events = self.events, []
        return said
