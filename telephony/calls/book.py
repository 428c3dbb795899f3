"""The calls that are up: the only place that changes one, always by the table of transitions."""

from dataclasses import dataclass, field
from typing import NamedTuple

from telephony.calls.records import announce, freeze
from telephony.calls.state import Call, Part
from telephony.calls.topology import Topology
from telephony.calls.transitions import TABLE, Phase, Trigger
from telephony.events import CallEvent, CallEventName, CallRecord, Outcome
from telephony.lines import LineBook
from telephony.names import Directory
from telephony.seats.transitions import SeatTrigger

# An agent who leaves a bridge while his telephone stays up may be back at once: Asterisk moves
# channels when it optimises a Local pair away and when a third party joins.
PARTING_S = 1.0
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
    lines: LineBook = field(default_factory=LineBook)
    topology: Topology = field(default_factory=Topology)
    calls: dict[str, Call] = field(default_factory=dict)
    announced: frozenset[CallEventName] = frozenset(CallEventName)  # what anybody wants to know
    events: list[CallEvent] = field(default_factory=list)
    signals: list[SeatSignal] = field(default_factory=list)
    parting: dict[tuple[str, str], tuple[Call, float]] = field(default_factory=dict)

    def apply(
        self, call: Call, trigger: Trigger, at: float, agent: str = "", detail: str = ""
    ) -> bool:
        """Do what the table says of ``trigger``; ``False`` when it says nothing."""
        step = TABLE[call.phase].get(trigger)
        if step is None:
            return False
        at = call.latest = max(at, call.latest)
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
        call = self.calls[uniqueid] = Call(uniqueid, line, caller, at, self.lines.place(line))
        call.latest, call.revision = at, 1
        if CallEventName.ARRIVED in self.announced:
            self._announce(call, CallEventName.ARRIVED, at, "", "")
        return call

    def set_line(self, call: Call, line: str) -> None:
        """The dialplan tells which number was dialled, which the channel need not have told."""
        if line != call.line:
            call.line, call.place = line, self.lines.place(line)

    def ring(self, call: Call, leg: str, agent: str, interface: str, at: float) -> None:
        """``leg`` begins to ring at ``agent``."""
        if leg in call.rings or agent in call.talkers:
            return
        known = call.is_ringing(agent)
        call.rings[leg] = (agent, interface)
        if not known and self.apply(call, Trigger.RING_STARTED, at, agent):
            self.signal(call, agent, SeatTrigger.RANG, at)

    def miss(self, call: Call, agent: str, at: float) -> None:
        """``agent`` did not take the call that rang there."""
        if not call.is_ringing(agent):
            return
        call.rings = {leg: ring for leg, ring in call.rings.items() if ring[0] != agent}
        self.apply(call, Trigger.RING_MISSED, at, agent)
        self.signal(call, agent, SeatTrigger.RING_ENDED, at)
        if not call.rings:
            self.apply(call, Trigger.RINGS_OVER, at)

    def stop_ringing(self, call: Call, leg: str, at: float) -> None:
        """``leg`` is gone."""
        if (ring := call.rings.pop(leg, None)) is None:
            return
        if not call.is_ringing(ring[0]) and ring[0] not in call.talkers:
            self.signal(call, ring[0], SeatTrigger.RING_ENDED, at)
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
        back = self.parting.pop((call.uniqueid, agent), None)
        self.signal(call, agent, SeatTrigger.RESUMED if back else SeatTrigger.CONNECTED, at)
        for leg in [leg for leg, ring in call.rings.items() if ring[0] == agent]:
            del call.rings[leg]
        return part

    def release(self, call: Call, agent: str, at: float) -> None:
        """``agent`` is not with the caller any more."""
        part = call.parts[agent]
        part.meter.switch("", at)
        part.released_at = at
        part.on_hold = part.away = False
        if part.leg in self.topology.channels:
            self.parting[call.uniqueid, agent] = call, at
        else:
            self.signal(call, agent, SeatTrigger.RELEASED, at)

    def settle(self, call: Call, agent: str) -> None:
        """``agent``, if he was leaving the call, is not coming back: his seat is free of it."""
        if left := self.parting.pop((call.uniqueid, agent), None):
            self.signal(call, agent, SeatTrigger.RELEASED, left[1])

    def tick(self, now: float) -> None:
        """Free the seats of those who left and have not come back."""
        for (_, agent), (call, left_at) in list(self.parting.items()):
            if left_at + PARTING_S <= now:
                self.settle(call, agent)

    def due_at(self) -> float | None:
        """When `tick` has something to do, ``None`` when never."""
        left = [left_at for _, left_at in self.parting.values()]
        return min(left) + PARTING_S if left else None

    def end(self, call: Call, trigger: Trigger, at: float) -> None:
        """The call is over: stop every clock, then announce it."""
        self._release_all(call, at)
        call.talkers = frozenset()
        call.meter.switch("", at)
        for leg in list(call.rings):
            agent = call.rings.pop(leg)[0]
            self.signal(call, agent, SeatTrigger.RING_ENDED, at)
        self.apply(call, trigger, at)
        self.calls.pop(call.uniqueid, None)

    def _release_all(self, call: Call, at: float) -> None:
        for agent, part in call.parts.items():
            if part.is_open:
                self.release(call, agent, at)
            self.settle(call, agent)

    def give_up(self, call: Call, at: float) -> CallRecord:
        """The call ended unseen: nobody knows how. Drop it and return what was known of it."""
        before = freeze(self.switchboard, call, at)
        self._release_all(call, at)
        for agent, _ in call.rings.values():
            self.signal(call, agent, SeatTrigger.RING_ENDED, at)
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

    def signal(self, call: Call, agent: str, trigger: SeatTrigger, at: float) -> None:
        """Tell the seat of ``agent`` what the call means for it."""
        self.signals.append(SeatSignal(agent, trigger, call, at))
