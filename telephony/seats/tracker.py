"""The seats of one switchboard: one per agent, whatever queues and telephones the agent serves."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from telephony.ami.message import Message
from telephony.calls.book import SeatSignal
from telephony.calls.records import when
from telephony.calls.state import Call
from telephony.events import SeatChanged
from telephony.names import Directory, interface_of, plain_interface
from telephony.seats.hold_back import timer_interface
from telephony.seats.seat import BUSY, Membership, Seat
from telephony.seats.transitions import TABLE, Device, SeatTrigger, Work

_ON_A_CALL = frozenset({Work.RINGING, Work.TALKING, Work.HOLD})
# The timer of a wrap-up is there before its pause, but the lists may be of different instants.
ORPHANED_AFTER_S = 5.0
# app_queue tells of a telephone and of the call that rings there from two threads, in any order.
UNEXPLAINED_S = 0.5
# Asterisk's time stamps tell no shorter times apart. Changes of one seat are told at least so far
# apart: who joins two queues within an instant would else be told of both with one id.
_INSTANT_S = 1e-6


@dataclass(frozen=True, slots=True)
class WrapUp:
    """An agent wraps up.

    ``until`` is epoch seconds of the switchboard, ``None`` when only its pause is known, ``since``
    when it began. ``members``: queue and interface of the memberships to be held back.
    """

    agent: str
    since: float
    until: float | None
    members: tuple[tuple[str, str], ...]
    held: bool


class SeatTracker:
    """Handlers by event name, and what calls mean for seats.

    ``wrap_up_s`` gives the wrap-up time by queue; that of a single member (``Wrapuptime``) counts
    before it when it is not zero. A wrap-up begins with the end of a conversation; once the
    switchboard holds calls back (`hold_back`), it lasts exactly as long as that.
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
        self.unexplained: dict[str, Seat] = {}  # busy telephones whose call may still be told
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
        interface = message.get("Interface")
        seat, plain = self._seat(message.get("MemberName"), interface, message)
        device = seat.devices.get(plain)
        before = seat.members.get((message.get("Queue"), interface))
        now = seat.place(interface, message)
        if before and seat.devices[plain] is device and now.is_as(before):
            return  # every queue of a seat repeats what its telephone does
        if seat.devices[plain] is Device.NOT_IN_USE and device in BUSY:
            for _, call in list(seat.works.values()):
                if seat.is_at(call, plain):
                    self._step(seat, call, SeatTrigger.IDLED, at)
        if before and before.wraps_up and not now.wraps_up:
            self._end_wrap_up(seat)
        self._say(seat, at)

    def _on_member_removed(self, message: Message, at: float) -> None:
        member, interface = message.get("MemberName"), message.get("Interface")
        seat, _ = self._seat(member, interface, message)
        seat.leave(message.get("Queue"), interface)
        # Only who is added anew can come back with another device (StateInterface).
        del self._members[member, interface]
        self._say(seat, at)

    def _seat(self, member: str, interface: str, message: Message) -> tuple[Seat, str]:
        known = self._members.get((member, interface))
        if known is None:
            agent = self._directory.learn(member, interface, message.get("StateInterface"))
            known = self._members[member, interface] = self._of(agent), plain_interface(interface)
        return known

    def _of(self, agent: str) -> Seat:
        seat = self.seats.get(agent)
        if seat is None:
            seat = self.seats[agent] = Seat(agent)
        return seat

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
        if not seat.works:
            seat.put_down(call)
        wrap_up_s = self._wrap_up_of(seat, call) if work is Work.WRAP_UP else 0.0
        if wrap_up_s > 0:
            seat.wrap_up_since, seat.wrap_up_until, seat.wrap_up_call = at, at + wrap_up_s, call
            self.wrapping[seat.agent] = seat

    def _end_wrap_up(self, seat: Seat) -> None:
        seat.wrap_up_until = seat.wrap_up_call = None
        self.wrapping.pop(seat.agent, None)

    def _wrap_up_of(self, seat: Seat, call: Call) -> float:
        queue = call.queue or ""
        members = [one for (name, _), one in seat.members.items() if name == queue]
        own_s = max((one.wrap_up_s for one in members), default=0.0)
        return own_s if own_s > 0 else self._wrap_up_s.get(queue, 0.0)

    def wrap_up_of(self, agent: str) -> WrapUp | None:
        """The wrap-up that ``agent`` is in, ``None`` when he is in none."""
        seat = self.seats.get(agent)
        if seat is None or seat.busy_with[0] is not Work.WRAP_UP:
            return None
        members = tuple(seat.holdable())
        since = seat.wrap_up_since if seat.wrap_up_call else seat.since
        return WrapUp(agent, since, seat.wrap_up_until, members, seat.is_held)

    def finish_wrap_up(self, agent: str, at: float) -> bool:
        """The agent is done before the time is over; ``False`` when no clock of his runs."""
        seat = self.wrapping.get(agent)
        if seat is None:
            return False
        self._end_wrap_up(seat)
        self._say(seat, at)
        return True

    def prolong_wrap_up(self, agent: str, until: float) -> None:
        """The wrap-up of ``agent``, if he is in one, lasts until then."""
        seat = self.seats.get(agent)
        if seat is not None and self.wrap_up_of(agent) is not None:
            seat.wrap_up_until = until
            self.wrapping[agent] = seat

    def due_at(self) -> float | None:
        """When the next clock of a seat runs out, ``None`` when none runs."""
        ends = [seat.wrap_up_until or 0.0 for seat in self.wrapping.values()]
        ends += [(seat.alone_since or 0.0) + UNEXPLAINED_S for seat in self.unexplained.values()]
        return min(ends, default=None)

    def tick(self, now: float) -> None:
        """End the wrap-ups whose time is over; one that the switchboard holds goes on with that.

        A telephone that has been busy without a call of ours for long enough is believed.
        """
        for seat in list(self.unexplained.values()):
            since = seat.alone_since or 0.0
            if since + UNEXPLAINED_S <= now:
                seat.is_alone = True
                self._say(seat, since)
        for seat in list(self.wrapping.values()):
            until = seat.wrap_up_until or 0.0
            if until > now:
                continue
            if seat.is_held:
                seat.wrap_up_until = None
                del self.wrapping[seat.agent]
            else:
                self._end_wrap_up(seat)
                self._say(seat, until)

    def restore(
        self,
        members: Iterable[Message],
        signals: Iterable[SeatSignal],
        busy: Collection[tuple[str, str]],
        at: float,
    ) -> None:
        """Correct every seat by the ``QueueMember`` items of ``QueueStatus``, then by the calls.

        ``signals`` are what the calls found mean for seats, ``busy`` the agents in the calls that
        are up, each with the call's Uniqueid.
        """
        held = [seat for seat in self.seats.values() if seat.is_held]
        for seat in self.seats.values():
            seat.members, seat.devices = {}, {}
        for item in members:
            seat, _ = self._seat(item.get("Name"), item.get("Location"), item)
            seat.place(item.get("Location"), item)
        for seat in held:
            if not seat.is_held:
                self._end_wrap_up(seat)
        self.take(signals)
        for seat in self.seats.values():
            for uniqueid, (_, call) in list(seat.works.items()):
                if (seat.agent, uniqueid) not in busy:
                    self._step(seat, call, SeatTrigger.RING_ENDED, at)
                    self._step(seat, call, SeatTrigger.RELEASED, at)
            self._say(seat, at)

    def orphans(self, channels: Iterable[Message], at: float) -> tuple[tuple[str, str], ...]:
        """Memberships (queue, interface) held back at ``at`` by nobody: their timer is gone."""
        timers = {interface_of(item.get("Channel").partition(";")[0]) for item in channels}

        def orphaned(interface: str, one: Membership) -> bool:
            ripe = at - one.paused_at > ORPHANED_AFTER_S
            return one.wraps_up and ripe and timer_interface(interface) not in timers

        return tuple(
            key
            for seat in self.seats.values()
            for key, one in seat.members.items()
            if orphaned(key[1], one)
        )

    def describe(self, at: float) -> list[SeatChanged]:
        """Every seat as it stands."""
        return [self._describe(seat, at) for seat in self.seats.values()]

    def _say(self, seat: Seat, at: float) -> None:
        if not self._announces:
            return
        seat.weigh_device(at)
        if seat.is_unexplained:
            self.unexplained[seat.agent] = seat
        elif self.unexplained:
            self.unexplained.pop(seat.agent, None)
        news = (*seat.standing(), seat.interfaces, *seat.queues)
        if news == seat.last_said:
            return
        at = max(at, seat.said_at + _INSTANT_S)
        if news[:3] != seat.last_said[:3]:
            seat.since = at
        seat.last_said, seat.said_at = news, at
        self.events.append(self._describe(seat, at))

    def _describe(self, seat: Seat, said_at: float) -> SeatChanged:
        state, reason, call = seat.standing()
        return SeatChanged(
            event_id=f"{self._switchboard}-seat-{seat.agent}:{state}:{round(said_at / _INSTANT_S)}",
            at=when(seat.since),
            switchboard=self._switchboard,
            agent=seat.agent,
            interfaces=seat.interfaces,
            state=state,
            reason=reason,
            queues=seat.queues,
            call_id=f"{self._switchboard}-{call.uniqueid}" if call else None,
        )

    def drain(self) -> list[SeatChanged]:
        """Hand over, and forget, what was said since the last time."""
        said, self.events = self.events, []
        return said
