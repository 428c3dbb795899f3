"""What is known of calls and channels; times are seconds of the switchboard's clock."""

from dataclasses import dataclass, field

from telephony.calls.transitions import Phase
from telephony.events import Outcome
from telephony.lines import Place

NOWHERE = Place(None, "")


@dataclass(slots=True)
class Meter:
    """Seconds spent talking and on hold."""

    talk_s: float = 0.0
    hold_s: float = 0.0
    mode: str = ""  # "talk", "hold" or "" when stopped
    since: float = 0.0

    def switch(self, mode: str, at: float) -> None:
        """Count what passed in the present mode, then go on in ``mode``."""
        passed = max(0.0, at - self.since)
        if self.mode == "talk":
            self.talk_s += passed
        elif self.mode == "hold":
            self.hold_s += passed
        self.mode = mode
        self.since = at


@dataclass(slots=True)
class Part:
    """One agent's share of a call."""

    agent: str
    interface: str
    answered_at: float
    released_at: float | None = None
    on_hold: bool = False
    away: bool = False  # left the caller alone in the bridge, to consult somebody
    leg: str = ""  # Uniqueid of the agent's own channel
    meter: Meter = field(default_factory=Meter)

    @property
    def is_open(self) -> bool:
        """Whether the agent is still with the caller."""
        return self.released_at is None


@dataclass(slots=True)
class Crowd:
    """A third party in the call, since when and whether that was announced."""

    since: float
    told: bool = False
    gone_at: float | None = None


@dataclass(slots=True, eq=False)
class Call:
    """One caller's stay, keyed by the Uniqueid of its first channel."""

    uniqueid: str
    line: str
    caller: str
    arrived_at: float
    place: Place = NOWHERE
    phase: Phase = Phase.ARRIVED
    ending: Outcome = Outcome.ABANDONED_GREETING
    queue: str | None = None
    offered_at: float | None = None
    answered_at: float | None = None
    left_at: float | None = None
    ended_at: float | None = None
    hanging_up: bool = False
    rings: dict[str, tuple[str, str]] = field(default_factory=dict)  # leg -> agent, interface
    parts: dict[str, Part] = field(default_factory=dict)  # by agent
    talkers: frozenset[str] = frozenset()
    meter: Meter = field(default_factory=Meter)
    crowd: "Crowd | None" = None
    latest: float = 0.0  # of the times announced: a clock that is set back makes none earlier
    revision: int = 0

    def is_ringing(self, agent: str) -> bool:
        """Whether any leg rings at ``agent``."""
        return bool(self.rings) and any(ringing == agent for ringing, _ in self.rings.values())


@dataclass(slots=True, eq=False)
class Bridge:
    """One bridge. ``halves`` counts the Local channels in it, which lead on to other bridges."""

    uniqueid: str
    members: "dict[str, Channel]" = field(default_factory=dict)
    halves: int = 0


@dataclass(slots=True, eq=False)
class Channel:
    """One live channel."""

    uniqueid: str
    name: str
    interface: str
    is_local: bool
    is_internal: bool
    bridge: Bridge | None = None
    agent: str = ""
    call: Call | None = None  # the call it last spoke in
