"""Domain events: the only thing of this package that the others know.

Every event is a frozen value with an ``event_id`` that is the same when the same bytes are tracked
again, so that a consumer can discard repeats.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CallEventName(StrEnum):
    """What happened to a call, past tense; also the name on streams, sockets and webhooks."""

    ARRIVED = "call.arrived"
    QUEUED = "call.queued"
    REFUSED = "call.refused"
    RINGING = "call.ringing"
    RING_MISSED = "call.ring_missed"
    ANSWERED = "call.answered"
    HELD = "call.held"
    RESUMED = "call.resumed"
    TRANSFERRED = "call.transferred"
    CONFERENCED = "call.conferenced"
    ABANDONED = "call.abandoned"
    TIMED_OUT = "call.timed_out"
    ENDED = "call.ended"


class Outcome(StrEnum):
    """How a call ended, judged once, at its end."""

    ANSWERED = "answered"
    SELF_SERVED = "self_served"  # told by the machine what he asked for (自助查询), and content
    ABANDONED_GREETING = "abandoned_greeting"
    ABANDONED_QUEUE = "abandoned_queue"
    ABANDONED_RINGING = "abandoned_ringing"
    TIMED_OUT = "timed_out"
    REFUSED_FULL = "refused_full"
    REFUSED_NO_STAFF = "refused_no_staff"
    LEFT_NO_STAFF = "left_no_staff"
    SWITCH_RESTART = "switch_restart"
    UNSEEN = "unseen"  # ended while nobody listened, and no record of the switchboard tells how


class LineMode(StrEnum):
    """How a line (the number dialled) belongs to the merged hotline (REQUIREMENTS T9)."""

    MAIN = "main"  # the hotline's own number
    CANCELLED = "cancelled"  # given up; what still reaches it is answered by the hotline
    KEPT = "kept"  # keeps its number, answered together with the hotline
    DUAL = "dual"  # both numbers go on, with joint supervision (双号并行)


class SeatState(StrEnum):
    """State of a seat (坐席)."""

    LOGGED_OUT = "logged_out"
    READY = "ready"
    RINGING = "ringing"
    TALKING = "talking"
    HOLD = "hold"
    WRAP_UP = "wrap_up"  # 话后处理
    NOT_READY = "not_ready"
    UNREACHABLE = "unreachable"  # logged in, but its device is not registered


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPart:
    """One agent's share of a call, in order of answering; seconds are measured bridge to bridge."""

    agent: str
    interface: str
    answered_at: datetime
    released_at: datetime | None
    talk_s: float
    hold_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """One caller's stay from arrival to hang-up, as known after ``revision`` changes.

    ``caller`` and ``line`` are digits (with a leading ``+`` at most) or empty. ``wait_s`` runs from
    queue entry to bridge, or to the end of waiting; ``None`` while not offered. ``outcome`` is
    ``None`` while the call is up. ``agent`` is the first agent who answered. ``line_mode`` and
    ``district`` are those of the line when the call arrived: ``None`` for a line that nobody has
    defined, empty where neither the line nor the switchboard has a district.
    """

    switchboard: str
    uniqueid: str
    line: str
    caller: str
    queue: str | None
    arrived_at: datetime
    offered_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome | None
    wait_s: float | None
    talk_s: float
    hold_s: float
    agents: tuple[AgentPart, ...]
    revision: int
    line_mode: LineMode | None = None
    district: str = ""

    @property
    def call_id(self) -> str:
        """Identity everywhere outside the switchboard: ``<switchboard>-<uniqueid>``."""
        return f"{self.switchboard}-{self.uniqueid}"

    @property
    def offered(self) -> bool:
        """Asked for a person (人工请求): entered a queue, or was refused there."""
        return self.offered_at is not None

    @property
    def answered(self) -> bool:
        """Bridged to an agent (接通)."""
        return self.answered_at is not None

    @property
    def agent(self) -> str | None:
        """The first agent who answered."""
        return self.agents[0].agent if self.agents else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent:
    """``name`` happened to ``call`` (its state *after* the event) at ``at``.

    ``agent`` is the agent concerned (ringing, missed, answered, transferred away, held …) or
    ``None``; ``detail`` is a word more where the name alone is not enough: the refusal status, the
    kind of transfer (``blind``, ``attended``), the stage of an abandonment.
    """

    event_id: str
    name: CallEventName
    at: datetime
    call: CallRecord
    agent: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatChanged:
    """The seat of ``agent`` (工号) entered ``state`` at ``at``; name on the wire: ``seat.changed``.

    ``queues`` are the queues the agent is logged in to now, ``interfaces`` the telephones he is
    logged in with; ``reason`` is the word given with not-ready (小休, 就餐 …); ``call_id`` is the
    call the seat is busy with, in wrap-up the one before, where known.
    """

    event_id: str
    at: datetime
    switchboard: str
    agent: str
    interfaces: tuple[str, ...]
    state: SeatState
    reason: str = ""
    queues: tuple[str, ...] = ()
    call_id: str | None = None

    name = "seat.changed"


Event = CallEvent | SeatChanged
