"""One seat (坐席): an agent, the queues he serves, the telephones he serves them at, his calls."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from telephony.ami.message import Message
from telephony.calls.state import Call
from telephony.events import SeatState
from telephony.names import plain_interface
from telephony.seats.transitions import Device, Work, shown

WRAP_UP_REASON = "话后处理"
"""Reason of the pause by which the switchboard holds calls back from an agent who wraps up."""

BUSY = frozenset(
    set(Device) - {Device.UNKNOWN, Device.NOT_IN_USE, Device.INVALID, Device.UNAVAILABLE}
)
# Of several telephones the one that is up counts, then the one that rings, then one that could.
_ORDER = (
    Device.IN_USE,
    Device.BUSY,
    Device.RING_IN_USE,
    Device.ON_HOLD,
    Device.RINGING,
    Device.NOT_IN_USE,
    Device.UNKNOWN,
    Device.UNAVAILABLE,
    Device.INVALID,
)
_RANK = {device: rank for rank, device in enumerate(_ORDER)}
_DEVICES = {device.value: device for device in Device}


@dataclass(slots=True)
class Membership:
    """One telephone of one agent in one queue, as ``said`` by its latest ``QueueMember…``."""

    said: Message
    paused: bool

    @property
    def reason(self) -> str:
        """The word given with the pause."""
        return self.said.get("PausedReason") if self.paused else ""

    def is_as(self, other: "Membership") -> bool:
        """Whether both are paused for the same reason, or not at all."""
        return self.paused is other.paused and (not self.paused or self.reason == other.reason)

    @property
    def wraps_up(self) -> bool:
        """Whether it is paused because the agent wraps up."""
        return self.paused and self.reason == WRAP_UP_REASON

    @property
    def paused_at(self) -> float:
        """When it was last paused, epoch seconds; 0 when it never was."""
        return self.said.number("LastPause")

    @property
    def wrap_up_s(self) -> float:
        """The member's own wrap-up time, 0 when the queue's counts."""
        return self.said.number("Wrapuptime")


@dataclass(slots=True)
class Seat:
    """What is known of one agent; ``members`` by queue and interface as they stand in messages."""

    agent: str
    members: dict[tuple[str, str], Membership] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)  # by plain interface
    works: dict[str, tuple[Work, Call]] = field(default_factory=dict)  # by Uniqueid of the call
    wrap_up_since: float = 0.0
    wrap_up_until: float | None = None
    wrap_up_call: Call | None = None
    alone_since: float | None = None  # its telephone is busy, and no call of ours says why
    is_alone: bool = False  # nor will one: it has been so for long enough
    since: float = 0.0  # when it entered the state last said
    last_said: tuple[object, ...] = ()
    said_at: float = 0.0

    def place(self, interface: str, message: Message) -> Membership:
        """Take what ``message`` says of one membership and of its telephone."""
        membership = Membership(message, message.get("Paused") == "1")
        self.members[message.get("Queue"), interface] = membership
        device = _DEVICES.get(message.get("Status"), Device.UNKNOWN)
        self.devices[plain_interface(interface)] = device
        return membership

    def leave(self, queue: str, interface: str) -> None:
        """The telephone is not in ``queue`` any more."""
        self.members.pop((queue, interface), None)
        if all(other != interface for _, other in self.members):
            self.devices.pop(plain_interface(interface), None)

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues it is logged in to, sorted."""
        return tuple(sorted({queue for queue, _ in self.members}))

    @property
    def interfaces(self) -> tuple[str, ...]:
        """The telephones it is logged in with, sorted."""
        return tuple(sorted(self.devices))

    @property
    def device(self) -> Device:
        """The state that counts of all its telephones."""
        return min(self.devices.values(), key=_RANK.__getitem__, default=Device.UNKNOWN)

    def weigh_device(self, at: float) -> None:
        """Note since when its telephone is busy without a call of ours."""
        if self.works or self.device not in BUSY:
            self.alone_since, self.is_alone = None, False
        elif self.alone_since is None:
            self.alone_since = at

    @property
    def is_unexplained(self) -> bool:
        """Whether its telephone is busy, and the call of ours that says why may still be told."""
        return self.alone_since is not None and not self.is_alone

    def is_at(self, call: Call, interface: str) -> bool:
        """Whether ``call`` may be at the telephone ``interface``: not when it is at another one."""
        part = call.parts.get(self.agent)
        return part is None or part.interface == interface or part.interface not in self.devices

    def put_down(self, call: Call) -> None:
        """``call`` is over: "in use" was said of it."""
        for interface, device in self.devices.items():
            if device in BUSY and self.is_at(call, interface):
                self.devices[interface] = Device.NOT_IN_USE

    @property
    def is_paused(self) -> bool:
        """Whether it takes calls from no queue."""
        return bool(self.members) and all(one.paused for one in self.members.values())

    @property
    def is_held(self) -> bool:
        """Whether the switchboard holds calls back because the agent wraps up."""
        return self.is_paused and any(one.wraps_up for one in self.members.values())

    def holdable(self) -> Iterator[tuple[str, str]]:
        """Queue and interface of the memberships that nobody paused for another reason."""
        for key, one in self.members.items():
            if not one.paused or one.wraps_up:
                yield key

    def free_members(self) -> Iterator[tuple[str, str]]:
        """The holdable memberships at telephones that none of its calls is at."""
        at = {
            interface
            for _, call in self.works.values()
            for interface in call.interfaces_of(self.agent)
        }
        if at:
            yield from (key for key in self.holdable() if plain_interface(key[1]) not in at)

    @property
    def busy_with(self) -> tuple[Work, Call | None]:
        """The work that counts, and its call: a conversation before a ringing call."""
        best: tuple[Work, Call | None] = (Work.NONE, None)
        for work in self.works.values():
            if work[0] is not Work.RINGING:
                return work
            best = work
        if best[1] is None and (self.wrap_up_until is not None or self.is_held):
            return Work.WRAP_UP, self.wrap_up_call
        return best

    def standing(self) -> tuple[SeatState, str, Call | None]:
        """The one state to show, the reason of a pause, and the call it is busy with."""
        work, call = self.busy_with
        paused, reason = self.is_paused, ""
        if paused:
            reason = next((one.reason for one in self.members.values() if one.reason), "")
        device = Device.NOT_IN_USE if self.is_unexplained else self.device
        state = shown(work, device, logged_in=bool(self.members), paused=paused)
        return state, reason if state is SeatState.NOT_READY else "", call
