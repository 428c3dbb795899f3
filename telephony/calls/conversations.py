"""Who talks with which caller: the times of every agent, measured bridge to bridge."""

from collections.abc import Iterable

from telephony.calls.book import CallBook
from telephony.calls.state import Call, Channel, Crowd
from telephony.calls.transitions import Phase, Trigger
from telephony.seats.transitions import SeatTrigger

# In an attended transfer three parties share the bridge for an instant; when Asterisk optimises a
# Local channel away, the third party is out of it for an instant.
CROWD_AFTER_S = 1.0


class Conversations:
    """Keeps the talkers of each call of ``book`` in step with the bridges."""

    def __init__(self, book: CallBook) -> None:
        self.book = book
        self._topology = book.topology
        self.crowded: dict[str, Call] = {}  # calls with a third party that may only pass through

    def regroup(self, channels: Iterable[Channel], at: float) -> None:
        """Bridges changed around ``channels``: see anew who talks with the callers among them."""
        others = []
        for channel in channels:
            if call := self.book.calls.get(channel.uniqueid):
                self._seat_talkers(call, at)
            elif channel.agent and channel.bridge and channel.call:
                others.append((channel.call, channel))
        for call, channel in others:
            self._consult(call, channel, at)

    def _consult(self, call: Call, channel: Channel, at: float) -> None:
        """The agent who left the caller alone is in another bridge: the caller is on hold."""
        part = call.parts.get(channel.agent)
        if part and part.away and part.leg == channel.uniqueid:
            self.hold(call, channel.agent, True, at)

    def _seat_talkers(self, call: Call, at: float) -> None:
        root = self._topology.channels.get(call.uniqueid)
        now, parties = self._who_listens(call, root) if root and root.bridge else ({}, 0)
        talkers = call.talkers
        for agent in talkers:
            if agent in now:
                continue
            if root and root.bridge and not parties and self._lives(call, agent):
                now[agent] = None
                call.parts[agent].away = True
                call.parts[agent].meter.switch("hold", at)
            else:
                self.book.release(call, agent, at)
        for agent, channel in now.items():
            if channel:
                self._seat_talker(call, agent, channel, at)
        call.talkers = frozenset(now)
        if talkers and not now:
            self.book.apply(call, Trigger.PARTED, at)
        self._run_meter(call, at)
        if parties > 1 or call.crowd is not None:
            self._watch_crowd(call, parties, at)

    def _who_listens(self, call: Call, root: Channel) -> tuple[dict[str, Channel | None], int]:
        """The agents who hear the caller, and how many there are in all, agents or not."""
        agents: dict[str, Channel | None] = {}
        parties = 0
        for channel in self._topology.reachable(root):
            if channel is root or not self._topology.is_party(channel):
                continue
            parties += 1
            channel.call = call
            if agent := channel.agent or self.book.directory.agent_at(channel.interface):
                channel.agent = agent
                agents[agent] = channel
        return agents, parties

    def _lives(self, call: Call, agent: str) -> bool:
        """Whether an agent who left the caller alone in the bridge only consults somebody.

        His channel is in another bridge then (the feature code for attended transfer); until he
        comes back, hangs up or somebody else takes over, he keeps the caller on hold.
        """
        return call.parts[agent].leg in self._topology.channels

    def _seat_talker(self, call: Call, agent: str, channel: Channel, at: float) -> None:
        part = call.parts[agent] if agent in call.talkers else None
        if part is None:
            part = self.book.meet(call, agent, channel.interface, at)
            part.interface = channel.interface
            part.released_at = None
        part.leg = channel.uniqueid
        if part.away:
            part.away = False
            self.hold(call, agent, False, at)
        mode = "hold" if part.on_hold else "talk"
        if part.meter.mode != mode:
            part.meter.switch(mode, at)

    def lose_leg(self, call: Call, channel: Channel, at: float) -> None:
        """A leg of ``call`` was hung up: it rings no more, and its agent, if alone, is free."""
        self.book.stop_ringing(call, channel.uniqueid, at)
        self.book.settle(call, channel.agent)
        part = call.parts.get(channel.agent)
        if part is None or not part.is_open or part.leg not in {"", channel.uniqueid}:
            return
        if channel.agent in call.talkers:
            self._seat_talkers(call, at)
            return
        self.book.release(call, channel.agent, at)
        self.book.settle(call, channel.agent)
        if not call.talkers:
            self.book.apply(call, Trigger.PARTED, at)

    def meet_in_passing(self, call: Call, agent: str, interface: str, at: float) -> None:
        """``agent`` answered, as app_queue has it, and is gone without a word.

        A telephone that is hung up in the instant of answering leaves before the caller is in the
        bridge; app_queue counts that as answered (CONNECT, COMPLETEAGENT with no seconds).
        """
        if call.phase in {Phase.TALKING, Phase.PARTED}:
            return
        self.book.meet(call, agent, interface, at)
        self.book.release(call, agent, at)
        self.book.settle(call, agent)
        self.book.apply(call, Trigger.PARTED, at)

    def hold(self, call: Call, agent: str, on_hold: bool, at: float) -> None:
        """``agent`` put the caller on hold, or took him off."""
        part = call.parts.get(agent)
        if part is None or agent not in call.talkers or part.on_hold is on_hold:
            return
        part.on_hold = on_hold
        part.meter.switch("hold" if on_hold else "talk", at)
        self._run_meter(call, at)
        self.book.apply(call, Trigger.HELD if on_hold else Trigger.RESUMED, at, agent)
        self.book.signal(call, agent, SeatTrigger.HELD if on_hold else SeatTrigger.RESUMED, at)

    def _run_meter(self, call: Call, at: float) -> None:
        mode = ""
        for agent in call.talkers:
            mode = call.parts[agent].meter.mode
            if mode == "talk":
                break
        if call.meter.mode != mode:
            call.meter.switch(mode, at)

    def _watch_crowd(self, call: Call, parties: int, at: float) -> None:
        crowd = call.crowd
        if parties < 2:
            if crowd and crowd.gone_at is None:
                crowd.gone_at = at
            self.crowded.pop(call.uniqueid, None)
            return
        if crowd is None or (crowd.gone_at is not None and at - crowd.gone_at > CROWD_AFTER_S):
            crowd = call.crowd = Crowd(at)
        crowd.gone_at = None
        if not crowd.told:
            self.crowded[call.uniqueid] = call

    def confer(self, call: Call, agent: str, at: float) -> None:
        """``agent`` made it a call of three on purpose."""
        call.crowd = Crowd(at, told=True)
        self.crowded.pop(call.uniqueid, None)
        self.book.apply(call, Trigger.CONFERENCED, at, agent)

    def due_at(self) -> float | None:
        """When `tick` has something to do, ``None`` when never."""
        since = [call.crowd.since for call in self.crowded.values() if call.crowd]
        return min(since) + CROWD_AFTER_S if since else None

    def tick(self, now: float) -> None:
        """Announce the third parties that have stayed."""
        for uniqueid, call in list(self.crowded.items()):
            if call.crowd and (due := call.crowd.since + CROWD_AFTER_S) <= now:
                del self.crowded[uniqueid]
                call.crowd.told = True
                self.book.apply(call, Trigger.CONFERENCED, due)
