"""What Asterisk's names say: which phone a channel is, which agent a queue member is."""

import re

_NOT_DIGITS = re.compile(r"[^0-9]+")
MAX_DIGITS = 32
# Channels that Asterisk makes for itself; nobody speaks on them.
_INTERNAL = ("Announcer/", "Recorder/", "CBAnn/", "CBRec/", "ConfBridgeRecorder/", "Surrogate/")


def digits(text: str) -> str:
    """Reduce a caller or line to ASCII digits with a leading ``+`` at most."""
    if text.isdigit() and text.isascii() and len(text) <= MAX_DIGITS:
        return text
    plus = "+" if text.startswith("+") else ""
    kept = _NOT_DIGITS.sub("", text)[: MAX_DIGITS - 1]
    return plus + kept if kept else ""


def interface_of(channel: str) -> str:
    """``PJSIP/8001-0000002a`` is a channel of interface ``PJSIP/8001``."""
    return channel.rpartition("-")[0] or channel


def plain_interface(interface: str) -> str:
    """A queue member's interface as its channels are called: without Local's ``/n`` options."""
    if interface.startswith("Local/"):
        return "/".join(interface.split("/", 2)[:2])
    return interface


def agent_of(member: str, interface: str) -> str:
    """Number (工号) of a queue member.

    Asterisk calls a member without a name after its interface; the number is then the extension
    in it: ``PJSIP/8001`` and ``Local/8001@seats/n`` are agent ``8001``.
    """
    if member and member != interface:
        return member
    extension = plain_interface(interface).partition("/")[2] or interface
    return extension.partition("@")[0]


def is_local(channel: str) -> bool:
    """Whether the channel is one half (``;1`` or ``;2``) of a Local pair."""
    return channel.startswith("Local/")


def other_half(channel: str) -> str:
    """Name of the other half of a Local pair."""
    return channel[:-1] + ("2" if channel.endswith("1") else "1")


def is_internal(channel: str) -> bool:
    """Whether Asterisk made the channel for itself (announcer, recorder)."""
    return channel.startswith(_INTERNAL)


class Directory:
    """Which agent sits at which interface, learnt from what queues say of their members."""

    def __init__(self) -> None:
        self._agents: dict[str, str] = {}
        self._latest: dict[str, tuple[str, str, str]] = {}  # interface -> member, device, agent

    def learn(self, member: str, interface: str, state_interface: str = "") -> str:
        """Note a queue member and return its agent number."""
        latest = self._latest.get(interface)
        if latest and latest[0] == member and state_interface in {"", latest[1]}:
            return latest[2]
        agent = agent_of(member, interface)
        self._latest[interface] = (member, state_interface, agent)
        self._agents[plain_interface(interface)] = agent
        if "/" in state_interface:
            self._agents[state_interface] = agent
        return agent

    def agents(self) -> dict[str, str]:
        """Every interface that is a seat, with its agent."""
        return dict(self._agents)

    def agent_at(self, interface: str) -> str | None:
        """The agent whose queue calls go to ``interface``, ``None`` when it is no seat."""
        return self._agents.get(interface)
