"""The calls that are up: the only place that changes one, always by the table of transitions."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from telephony.calls.records import announce, freeze
from telephony.calls.state import Call, Channel, Part
from telephony.calls.topology import Topology
from telephony.calls.transitions import TABLE, Phase, Trigger
from telephony.events import CallEvent, CallEventName, CallRecord, Outcome
from telephony.names import Directory
from telephony.seats.transitions import SeatTrigger

CROWD_AFTER_S = 1.0  # in an attended transfer three parties share the bridge for an instant
_STAGE = {
    Outcome.ABANDONED_GREETING: "greeting",
    Outcome.ABANDONED_QUEUE: "queue",
    Outcome.ABANDONED_RINGING: "ringing",
}


class SeatSignal(NamedTuple):
    """What a call means for one agent's seat."""

    agent: str
    trigger: SeatTrigger
    call: Call
    at: float


@dataclass(slots=True)
class CallBook:
    """Calls by Uniqueid of their first channel, and what was said of them since `drain`."""

    switchboard: str
    directory: Directory
    topology: Topology = field(default_factory=Topology)
    calls: dict[str, Call] = field(default_factory=dict)
    crowded: dict[str, Call] = field(default_factory=dict)
    announced: frozenset[CallEventName] = frozenset(CallEventName)  # what anybody wants to know
    events: list[CallEvent] = field(default_factory=list)
    signals: list[SeatSignal] = field(default_factory=list)

    def apply(
        self, call: Call, trigger: Trigger, at: float, agent: str = "", detail: str = ""
    ) -> bool:
        """Do what the table says of ``trigger``; ``False`` when it says nothing."""
        step = TABLE[call.phase].get(trigger)
        if step is None:
            return False
        call.phase = step.to
        ending = step.ending
        if ending and (call.ending is not Outcome.ANSWERED or ending is Outcome.SWITCH_RESTART):
            call.ending = ending
        for stamp in step.stamps:
            if getattr(call, stamp) is None:
                setattr(call, stamp, at)
        for name in step.announces:
            call.revision += 1
            if name in self.announced:
                self._announce(call, name, at, agent, detail)
        return True

    def _announce(
        self, call: Call, name: CallEventName, at: float, agent: str, detail: str
    ) -> None:
        if name is CallEventName.ABANDONED:
            detail = _STAGE.get(call.ending, "after_answer")
        self.events.append(announce(name, self.freeze(call, at), at, agent, detail))

    def arrive(self, uniqueid: str, line: str, caller: str, at: float) -> Call:
        """A caller's first channel is there."""
        call = self.calls[uniqueid] = Call(uniqueid, line, caller, at)
        call.revision = 1
        if CallEventName.ARRIVED in self.announced:
            self._announce(call, CallEventName.ARRIVED, at, "", "")
        return call

    def ring(self, call: Call, leg: str, agent: str, interface: str, at: float) -> None:
        """``leg`` begins to ring at ``agent``."""
        if leg in call.rings or agent in call.talkers:
            return
        known = call.is_ringing(agent)
        call.rings[leg] = (agent, interface)
        if not known and self.apply(call, Trigger.RING_STARTED, at, agent):
            self._signal(call, agent, SeatTrigger.RANG, at)

    def miss(self, call: Call, agent: str, at: float) -> None:
        """``agent`` did not take the call that rang there."""
        if not call.is_ringing(agent):
            return
        call.rings = {leg: ring for leg, ring in call.rings.items() if ring[0] != agent}
        self.apply(call, Trigger.RING_MISSED, at, agent)
        self._signal(call, agent, SeatTrigger.RING_ENDED, at)
        if not call.rings:
            self.apply(call, Trigger.RINGS_OVER, at)

    def stop_ringing(self, call: Call, leg: str, at: float) -> None:
        """``leg`` is gone."""
        if (ring := call.rings.pop(leg, None)) is None:
            return
        if not call.is_ringing(ring[0]) and ring[0] not in call.talkers:
            self._signal(call, ring[0], SeatTrigger.RING_ENDED, at)
        if not call.rings:
            self.apply(call, Trigger.RINGS_OVER, at)

    def meet(self, call: Call, agent: str, interface: str, at: float) -> Part:
        """``agent`` is connected with the caller, for the first time or again."""
        part = call.parts.get(agent)
        waiting = call.phase not in {Phase.TALKING, Phase.PARTED}
        if part is None:
            part = call.parts[agent] = Part(agent, interface, at)
            self.apply(call, Trigger.MET_AGENT, at, agent)
        elif waiting:
            self.apply(call, Trigger.MET_AGENT, at, agent)
        else:
            self.apply(call, Trigger.REJOINED, at, agent)
        self._signal(call, agent, SeatTrigger.CONNECTED, at)
        for leg in [leg for leg, ring in call.rings.items() if ring[0] == agent]:
            del call.rings[leg]
        return part

    def regroup(self, channels: Iterable[Channel], at: float) -> None:
        """Bridges changed around ``channels``: see anew who talks with the callers among them."""
        for channel in channels:
            if call := self.calls.get(channel.uniqueid):
                self._seat_talkers(call, at)

    def _seat_talkers(self, call: Call, at: float) -> None:
        root = self.topology.channels.get(call.uniqueid)
        now, parties = self._who_listens(call, root) if root and root.bridge else ({}, 0)
        talkers = call.talkers
        for agent in talkers:
            if agent in now:
                continue
            if root and root.bridge and not parties and self._lives(call, agent):
                now[agent] = None
                call.parts[agent].on_hold = False
                call.parts[agent].meter.switch("hold", at)
            else:
                self._release(call, agent, at)
        for agent, channel in now.items():
            if channel:
                self._seat_talker(call, agent, channel, at)
        call.talkers = frozenset(now)
        if talkers and not now:
            self.apply(call, Trigger.PARTED, at)
        self._run_meter(call, at)
        if parties > 1 or call.crowded_since is not None:
            self._watch_crowd(call, parties, at)

    def _who_listens(self, call: Call, root: Channel) -> tuple[dict[str, Channel | None], int]:
        """The agents who hear the caller, and how many there are in all, agents or not."""
        agents: dict[str, Channel | None] = {}
        parties = 0
        for channel in self.topology.reachable(root):
            if channel is root or not self.topology.is_party(channel):
                continue
            parties += 1
            channel.call = call
            if agent := channel.agent or self.directory.agent_at(channel.interface):
                channel.agent = agent
                agents[agent] = channel
        return agents, parties

    def _lives(self, call: Call, agent: str) -> bool:
        """Whether an agent who left the caller alone in the bridge only consults somebody.

        His channel is in another bridge then (the feature code for attended transfer); until he
        comes back, hangs up or somebody else takes over, he keeps the caller on hold.
        """
        return call.parts[agent].leg in self.topology.channels

    def _seat_talker(self, call: Call, agent: str, channel: Channel, at: float) -> None:
        part = call.parts[agent] if agent in call.talkers else None
        if part is None:
            part = self.meet(call, agent, channel.interface, at)
            part.interface = channel.interface
            part.released_at = None
        part.leg = channel.uniqueid
        mode = "hold" if part.on_hold else "talk"
        if part.meter.mode != mode:
            part.meter.switch(mode, at)

    def _release(self, call: Call, agent: str, at: float) -> None:
        part = call.parts[agent]
        part.meter.switch("", at)
        part.released_at = at
        part.on_hold = False
        self._signal(call, agent, SeatTrigger.RELEASED, at)

    def lose_leg(self, call: Call, channel: Channel, at: float) -> None:
        """A leg of ``call`` was hung up: it rings no more, and its agent, if alone, is free."""
        self.stop_ringing(call, channel.uniqueid, at)
        part = call.parts.get(channel.agent)
        if part is None or not part.is_open or part.leg not in {"", channel.uniqueid}:
            return
        if channel.agent in call.talkers:
            self._seat_talkers(call, at)
            return
        self._release(call, channel.agent, at)
        if not call.talkers:
            self.apply(call, Trigger.PARTED, at)

    def hold(self, call: Call, agent: str, on_hold: bool, at: float) -> None:
        """``agent`` put the caller on hold, or took him off."""
        part = call.parts.get(agent)
        if part is None or agent not in call.talkers or part.on_hold is on_hold:
            return
        part.on_hold = on_hold
        part.meter.switch("hold" if on_hold else "talk", at)
        self._run_meter(call, at)
        self.apply(call, Trigger.HELD if on_hold else Trigger.RESUMED, at, agent)
        self._signal(call, agent, SeatTrigger.HELD if on_hold else SeatTrigger.RESUMED, at)

    def _run_meter(self, call: Call, at: float) -> None:
        mode = ""
        for agent in call.talkers:
            mode = call.parts[agent].meter.mode
            if mode == "talk":
                break
        if call.meter.mode != mode:
            call.meter.switch(mode, at)

    def _watch_crowd(self, call: Call, parties: int, at: float) -> None:
        if parties < 2:
            call.crowded_since = None
            self.crowded.pop(call.uniqueid, None)
        elif call.crowded_since is None:
            call.crowded_since = at
            self.crowded[call.uniqueid] = call

    def due_at(self) -> float | None:
        """When `tick` has something to do, ``None`` when never."""
        since = [call.crowded_since or 0.0 for call in self.crowded.values()]
        return min(since) + CROWD_AFTER_S if since else None

    def tick(self, now: float) -> None:
        """Announce the third parties that have stayed."""
        for uniqueid, call in list(self.crowded.items()):
            since = call.crowded_since
            if since is not None and since + CROWD_AFTER_S <= now:
                del self.crowded[uniqueid]
                self.apply(call, Trigger.CONFERENCED, since + CROWD_AFTER_S)

    def end(self, call: Call, trigger: Trigger, at: float) -> None:
        """The call is over: stop every clock, then announce it."""
        for agent, part in call.parts.items():
            if part.is_open:
                self._release(call, agent, at)
        call.talkers = frozenset()
        call.meter.switch("", at)
        for leg in list(call.rings):
            agent = call.rings.pop(leg)[0]
            self._signal(call, agent, SeatTrigger.RING_ENDED, at)
        self.crowded.pop(call.uniqueid, None)
        self.apply(call, trigger, at)
        self.calls.pop(call.uniqueid, None)

    def give_up(self, call: Call, at: float) -> CallRecord:
        """The call ended unseen: nobody knows how. Drop it and return what was known of it."""
        before = freeze(self.switchboard, call, at)
        for agent, part in call.parts.items():
            if part.is_open:
                self._release(call, agent, at)
        for agent, _ in call.rings.values():
            self._signal(call, agent, SeatTrigger.RING_ENDED, at)
        self.crowded.pop(call.uniqueid, None)
        self.calls.pop(call.uniqueid, None)
        return before

    def busy(self) -> set[tuple[str, str]]:
        """The agents whom the calls that are up ring or hold, each with the call's Uniqueid."""
        return {
            (agent, call.uniqueid)
            for call in self.calls.values()
            for agent in (
                *(agent for agent, _ in call.rings.values()),
                *(part.agent for part in call.parts.values() if part.is_open),
            )
        }

    def freeze(self, call: Call, at: float) -> CallRecord:
        """The record of one call as it stands."""
        return freeze(self.switchboard, call, at)

    def drain(self) -> tuple[list[CallEvent], list[SeatSignal]]:
        """Hand over, and forget, what was said since the last time."""
        said = self.events, self.signals
        self.events, self.signals = [], []
        return said

    def _signal(self, call: Call, agent: str, trigger: SeatTrigger, at: float) -> None:
        self.signals.append(SeatSignal(agent, trigger, call, at))
