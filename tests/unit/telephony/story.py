"""Call histories rendered as Asterisk 22 says them on AMI, header by header, in its order.

The order of messages and their headers follow recordings of a real switchboard.
"""

from dataclasses import dataclass, field
from itertools import count

START = 1_795_000_000.0
TRUNK_CONTEXT = "from-trunk"


def render(name: str, at: float | None, *headers: tuple[str, str]) -> bytes:
    """One event without its blank line."""
    lines = [f"Event: {name}", "Privilege: call,all"]
    if at is not None:
        lines.append(f"Timestamp: {at:.6f}")
    lines += [f"{key}: {value}" for key, value in headers]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


@dataclass
class Leg:
    """A channel."""

    uniqueid: str
    name: str
    linkedid: str
    number: str = ""
    context: str = "seats"
    exten: str = "s"

    def headers(self, prefix: str = "", state: str = "6") -> list[tuple[str, str]]:
        return [
            (f"{prefix}Channel", self.name),
            (f"{prefix}ChannelState", state),
            (f"{prefix}CallerIDNum", self.number or "<unknown>"),
            (f"{prefix}CallerIDName", "<unknown>"),
            (f"{prefix}Context", self.context),
            (f"{prefix}Exten", self.exten),
            (f"{prefix}Uniqueid", self.uniqueid),
            (f"{prefix}Linkedid", self.linkedid),
        ]


@dataclass
class Story:
    """Messages so far; ``now`` moves only by `wait`."""

    now: float = START
    timed: bool = True
    messages: list[bytes] = field(default_factory=list)
    serial: "count[int]" = field(default_factory=count)

    def say(self, name: str, *headers: tuple[str, str]) -> None:
        at = self.now if self.timed else None
        self.messages.append(render(name, at, *headers))
        self.now += 0.0001  # no two things happen in the same instant

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def data(self) -> bytes:
        return b"Asterisk Call Manager/11.0.0\r\n" + b"".join(
            message + b"\r\n\r\n" for message in self.messages
        )

    # channels

    def _uniqueid(self) -> tuple[str, int]:
        number = next(self.serial)
        return f"sw-{int(self.now)}.{number}", number

    def arrive(self, number: str = "13800000001", line: str = "12345") -> Leg:
        uniqueid, serial = self._uniqueid()
        leg = Leg(uniqueid, f"PJSIP/trunk-{serial:08x}", uniqueid, number, TRUNK_CONTEXT, line)
        self.say("Newchannel", *leg.headers(state="4"))
        return leg

    def new_leg(self, interface: str, linkedid: str) -> Leg:
        uniqueid, serial = self._uniqueid()
        leg = Leg(uniqueid, f"{interface}-{serial:08x}", linkedid)
        self.say("Newchannel", *leg.headers(state="0"))
        return leg

    def new_local(self, interface: str, linkedid: str) -> tuple[Leg, Leg]:
        serial = next(self.serial)
        halves = []
        for half, state in (("1", "0"), ("2", "4")):
            uniqueid, _ = self._uniqueid()
            leg = Leg(uniqueid, f"{interface}-{serial:08x};{half}", linkedid)
            self.say("Newchannel", *leg.headers(state=state))
            halves.append(leg)
        return halves[0], halves[1]

    def hangup(self, leg: Leg) -> None:
        self.say("Hangup", *leg.headers(), ("Cause", "16"), ("Cause-txt", "Normal Clearing"))

    def hangup_request(self, leg: Leg) -> None:
        self.say("HangupRequest", *leg.headers(), ("Cause", "16"))

    # queue

    def join(self, caller: Leg, queue: str = "12345") -> None:
        self.say(
            "QueueCallerJoin",
            *caller.headers(),
            ("Queue", queue),
            ("Position", "1"),
            ("Count", "1"),
        )

    def leave(self, caller: Leg, queue: str = "12345") -> None:
        self.say("QueueCallerLeave", *caller.headers(), ("Queue", queue), ("Count", "0"))

    def queue_abandon(self, caller: Leg, held: float = 0.0, queue: str = "12345") -> None:
        self.say(
            "QueueCallerAbandon",
            *caller.headers(),
            ("Queue", queue),
            ("Position", "1"),
            ("OriginalPosition", "1"),
            ("HoldTime", str(int(held))),
        )

    def status(self, event: str, caller: Leg, status: str, queue: str = "12345") -> None:
        self.say(
            "UserEvent", *caller.headers(), ("UserEvent", event), ("Queue", queue),
            ("Status", status),
        )  # fmt: skip

    def self_served(self, caller: Leg) -> None:
        self.say("UserEvent", *caller.headers(), ("UserEvent", "HotlineTold"))

    def _member(self, agent: str, interface: str) -> list[tuple[str, str]]:
        return [("Queue", "12345"), ("MemberName", agent), ("Interface", interface)]

    def call_agent(self, caller: Leg, leg: Leg, agent: str, interface: str) -> None:
        both = [*caller.headers(), *leg.headers("Dest", "0")]
        self.say("DialBegin", *both, ("DialString", interface))
        self.say("AgentCalled", *both, *self._member(agent, interface))

    def ring_no_answer(self, caller: Leg, leg: Leg, agent: str, interface: str) -> None:
        both = [*caller.headers(), *leg.headers("Dest", "5")]
        self.say("AgentRingNoAnswer", *both, *self._member(agent, interface), ("RingTime", "4000"))
        self.say("DialEnd", *both, ("DialStatus", "NOANSWER"))
        self.hangup(leg)

    def dial_end(self, caller: Leg, leg: Leg, status: str) -> None:
        self.say("DialEnd", *caller.headers(), *leg.headers("Dest"), ("DialStatus", status))

    def connect(self, caller: Leg, leg: Leg, agent: str, interface: str, held: float = 0.0) -> None:
        self.dial_end(caller, leg, "ANSWER")
        self.leave(caller)
        self.say(
            "AgentConnect",
            *caller.headers(),
            *leg.headers("Dest"),
            *self._member(agent, interface),
            ("RingTime", "1"),
            ("HoldTime", str(int(held))),
        )

    def complete(self, caller: Leg, leg: Leg, agent: str, interface: str, talked: float) -> None:
        self.say(
            "AgentComplete",
            *caller.headers(),
            *leg.headers("Dest"),
            *self._member(agent, interface),
            ("HoldTime", "0"),
            ("TalkTime", str(int(talked))),
            ("Reason", "agent"),
        )

    def member(self, event: str, agent: str, interface: str, **values: str) -> None:
        standing = {"Status": "1", "Paused": "0", "PausedReason": "", "Wrapuptime": "0"} | values
        queue = standing.pop("Queue", "12345")
        self.say(
            event,
            ("Queue", queue),
            ("MemberName", agent),
            ("Interface", interface),
            ("StateInterface", interface),
            *standing.items(),
        )

    # bridges

    def enter(self, bridge: str, *legs: Leg, swap: Leg | None = None) -> None:
        for leg in legs:
            swapped = [("SwapUniqueid", swap.uniqueid)] if swap else []
            self.say("BridgeEnter", ("BridgeUniqueid", bridge), *leg.headers(), *swapped)

    def part(self, bridge: str, *legs: Leg) -> None:
        for leg in legs:
            self.say("BridgeLeave", ("BridgeUniqueid", bridge), *leg.headers())

    def hold(self, leg: Leg, *, on: bool) -> None:
        self.say("Hold" if on else "Unhold", *leg.headers(), ("MusicClass", ""))
