"""The live channels of a call, as commands need them. Channel names stay with whoever commands."""

from dataclasses import dataclass

from telephony.calls.book import CallBook
from telephony.calls.state import Call, Channel
from telephony.calls.topology import Topology


@dataclass(frozen=True, slots=True)
class Leg:
    """One live channel; ``bridge`` is the Uniqueid of the bridge it is in, or empty."""

    uniqueid: str
    channel: str
    bridge: str


@dataclass(frozen=True, slots=True)
class AgentLeg:
    """The channel of an agent who talks in the call.

    ``consulting``: he has left the caller waiting to consult somebody; ``consulted``: that
    somebody has answered.
    """

    agent: str
    leg: Leg
    consulting: bool = False
    consulted: bool = False


@dataclass(frozen=True, slots=True)
class CallChannels:
    """A call that is up: the caller, the agents who talk in it, and how many hear the caller."""

    caller: Leg
    agents: tuple[AgentLeg, ...]
    parties: int

    def of(self, agent: str) -> AgentLeg | None:
        """The channel of ``agent``, ``None`` when he does not talk in this call."""
        return next((one for one in self.agents if one.agent == agent), None)


def channels_of(book: CallBook, uniqueid: str) -> CallChannels | None:
    """The channels of the call with this Uniqueid; ``None`` when it is not up."""
    call, topology = book.calls.get(uniqueid), book.topology
    root = topology.channels.get(uniqueid)
    if call is None or root is None:
        return None
    near = topology.reachable(root)
    agents = [_agent_leg(topology, call, agent, near) for agent in sorted(call.talkers)]
    parties = sum(one is not root and topology.is_party(one) for one in near)
    return CallChannels(_leg(root), tuple(one for one in agents if one), parties)


def call_of(book: CallBook, agent: str) -> str | None:
    """Uniqueid of the call in which ``agent`` talks."""
    return next((call.uniqueid for call in book.calls.values() if agent in call.talkers), None)


def channels_at(book: CallBook, interface: str) -> tuple[Leg, ...]:
    """Every channel of the phone at ``interface``, whatever it is busy with."""
    channels = book.topology.channels.values()
    return tuple(_leg(one) for one in channels if one.interface == interface)


def _agent_leg(topology: Topology, call: Call, agent: str, near: list[Channel]) -> AgentLeg | None:
    channel = topology.channels.get(call.parts[agent].leg)
    if channel is None:
        return None
    consulting = channel not in near
    others = topology.reachable(channel)[1:] if consulting else []
    consulted = any(not (one.is_local or one.is_internal) for one in others)
    return AgentLeg(agent, _leg(channel), consulting, consulted)


def _leg(channel: Channel) -> Leg:
    bridge = channel.bridge.uniqueid if channel.bridge else ""
    return Leg(channel.uniqueid, channel.name, bridge)
