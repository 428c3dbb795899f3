"""When X happens to a call in phase P: its next phase, what is announced, how it would end now.

Whatever is not in the table changes nothing: that is what makes repeats harmless.
"""

from dataclasses import dataclass
from enum import StrEnum

from telephony.events import CallEventName as Name
from telephony.events import Outcome


class Phase(StrEnum):
    """Where a call stands."""

    ARRIVED = "arrived"  # greeting, menu
    TOLD = "told"  # has heard from the machine what he asked for
    QUEUED = "queued"
    RINGING = "ringing"  # a seat rings
    CANCELLED = "cancelled"  # the ringing was called off, not yet known why
    LEAVING = "leaving"  # out of the queue, not yet known why
    WITHDRAWN = "withdrawn"  # out of the queue unanswered, and the caller has not hung up
    LEFT = "left"  # out of the queue unanswered, reason told
    DROPPED = "dropped"  # the caller hung up while waiting
    TALKING = "talking"
    PARTED = "parted"  # answered, and with no agent now
    ENDED = "ended"


class Trigger(StrEnum):
    """What can happen to a call."""

    TOLD = "was told what it asked for by the machine"
    JOINED = "joined the queue"
    REFUSED_FULL = "was refused: full"
    REFUSED_NO_STAFF = "was refused: nobody logged in"
    RING_STARTED = "began to ring at an agent"
    RING_MISSED = "was not taken by an agent"
    RINGS_OVER = "rings nowhere any more"
    RING_CANCELLED = "had its ringing called off"
    LEFT_QUEUE = "left the queue"
    DROPPED = "left the queue by the caller's hanging up"
    WITHDRAWN = "left the queue unanswered, the caller still there"
    EXPIRED = "waited too long"
    EMPTIED = "was sent away: everybody had gone"
    MET_AGENT = "was connected to an agent"
    REJOINED = "is connected again to an agent it had met"
    HELD = "was put on hold"
    RESUMED = "was taken off hold"
    TRANSFERRED = "was transferred"
    CONFERENCED = "has a third party"
    PARTED = "is with no agent any more"
    HUNG_UP = "was hung up"
    RESTARTED = "was cut by a restart of the switchboard"


@dataclass(frozen=True, slots=True)
class Step:
    """One cell of the table.

    ``ending`` is the outcome if the call ended from here on; ``None`` leaves it, and only a restart
    undoes "answered". ``stamps`` are the times of the call that are set now unless they are set.
    """

    to: Phase
    announces: tuple[Name, ...] = ()
    ending: Outcome | None = None
    stamps: tuple[str, ...] = ()


P, T = Phase, Trigger
_OFFERED = ("offered_at",)
_LEFT = ("left_at",)
_ENDED = ("ended_at",)

_JOIN = Step(P.QUEUED, (Name.QUEUED,), Outcome.ABANDONED_QUEUE, _OFFERED)
_JOIN_AGAIN = Step(P.QUEUED, (Name.TIMED_OUT, Name.QUEUED), Outcome.ABANDONED_QUEUE)
_RING = Step(P.RINGING, (Name.RINGING,), Outcome.ABANDONED_RINGING, _OFFERED)
_MISS = Step(P.RINGING, (Name.RING_MISSED,))
_CALM = Step(P.QUEUED, (), Outcome.ABANDONED_QUEUE)
_MEET = Step(P.TALKING, (Name.ANSWERED,), Outcome.ANSWERED, ("offered_at", "answered_at"))
_LEAVE = Step(P.LEAVING)
_DROP = Step(P.DROPPED, (Name.ABANDONED,), None, _LEFT)
_WITHDRAW = Step(P.WITHDRAWN, (), Outcome.TIMED_OUT, _LEFT)
_EXPIRE = Step(P.LEFT, (Name.TIMED_OUT,), Outcome.TIMED_OUT, _LEFT)
_EMPTY = Step(P.LEFT, (Name.REFUSED,), Outcome.LEFT_NO_STAFF, _LEFT)
_FULL = Step(P.LEFT, (Name.REFUSED,), Outcome.REFUSED_FULL, ("offered_at", "left_at"))
_NO_STAFF = Step(P.LEFT, (Name.REFUSED,), Outcome.REFUSED_NO_STAFF, ("offered_at", "left_at"))
_END = Step(P.ENDED, (Name.ENDED,), None, _ENDED)
_END_WAITING = Step(P.ENDED, (Name.ABANDONED, Name.ENDED), None, ("left_at", "ended_at"))
_CUT = Step(P.ENDED, (Name.ENDED,), Outcome.SWITCH_RESTART, _ENDED)

# Not in a queue so far: who was told by the machine may still come to a person.
_UNASKED = {
    T.JOINED: _JOIN,
    T.REFUSED_FULL: _FULL,
    T.REFUSED_NO_STAFF: _NO_STAFF,
    T.RING_STARTED: _RING,
    T.MET_AGENT: _MEET,
    T.RESTARTED: _CUT,
}
# Waiting in a queue: how it can end is the same whether or not a seat rings just now.
_WAITING = {
    T.RING_STARTED: _RING,
    T.MET_AGENT: _MEET,
    T.LEFT_QUEUE: _LEAVE,
    T.DROPPED: _DROP,
    T.WITHDRAWN: _WITHDRAW,
    T.EXPIRED: _EXPIRE,
    T.EMPTIED: _EMPTY,
    T.HUNG_UP: _END_WAITING,
    T.RESTARTED: _CUT,
}
# Answered once: the outcome is settled, a further queue only adds to the story.
_ANSWERED = {
    T.JOINED: Step(P.QUEUED, (Name.QUEUED,)),
    T.MET_AGENT: _MEET,
    T.REJOINED: Step(P.TALKING),
    T.HUNG_UP: _END,
    T.RESTARTED: _CUT,
}

TABLE: dict[Phase, dict[Trigger, Step]] = {
    P.ARRIVED: _UNASKED
    | {
        T.TOLD: Step(P.TOLD, (), Outcome.SELF_SERVED),
        T.HUNG_UP: Step(P.ENDED, (Name.ABANDONED, Name.ENDED), None, _ENDED),
    },
    P.TOLD: _UNASKED | {T.HUNG_UP: _END},
    P.QUEUED: _WAITING | {T.REJOINED: Step(P.TALKING)},
    P.RINGING: _WAITING
    | {
        T.RING_MISSED: _MISS,
        T.RINGS_OVER: _CALM,
        T.RING_CANCELLED: Step(P.CANCELLED),
        T.REJOINED: Step(P.TALKING),
    },
    # Asterisk calls the ringing off before it says whether another agent answered or the caller
    # hung up (wait_for_answer in app_queue.c); in the second case the caller left while it rang.
    P.CANCELLED: _WAITING | {T.RING_MISSED: Step(P.CANCELLED, (Name.RING_MISSED,))},
    P.LEAVING: {
        T.JOINED: _JOIN,
        T.MET_AGENT: _MEET,
        T.REJOINED: Step(P.TALKING),
        T.DROPPED: _DROP,
        T.WITHDRAWN: _WITHDRAW,
        T.EXPIRED: _EXPIRE,
        T.EMPTIED: _EMPTY,
        T.HUNG_UP: _END_WAITING,
        T.RESTARTED: _CUT,
    },
    P.WITHDRAWN: {
        T.JOINED: _JOIN_AGAIN,
        T.REFUSED_FULL: Step(P.LEFT, (Name.TIMED_OUT, Name.REFUSED)),
        T.REFUSED_NO_STAFF: Step(P.LEFT, (Name.TIMED_OUT, Name.REFUSED)),
        T.RING_STARTED: Step(P.RINGING, (Name.TIMED_OUT, Name.RINGING), Outcome.ABANDONED_RINGING),
        T.MET_AGENT: _MEET,
        T.EXPIRED: _EXPIRE,
        T.EMPTIED: _EMPTY,
        T.HUNG_UP: Step(P.ENDED, (Name.TIMED_OUT, Name.ENDED), None, _ENDED),
        T.RESTARTED: _CUT,
    },
    P.LEFT: {
        T.JOINED: _JOIN,
        # A second queue that is full does not undo the time spent in the first.
        T.REFUSED_FULL: Step(P.LEFT, (Name.REFUSED,)),
        T.REFUSED_NO_STAFF: Step(P.LEFT, (Name.REFUSED,)),
        T.RING_STARTED: _RING,
        T.MET_AGENT: _MEET,
        T.HUNG_UP: _END,
        T.RESTARTED: _CUT,
    },
    P.DROPPED: {
        # An agent may take the call in the instant in which the caller hangs up.
        T.MET_AGENT: _MEET,
        T.REJOINED: Step(P.TALKING),
        # The dialplan went on and told the reason: the caller had not hung up.
        T.EXPIRED: _EXPIRE,
        T.EMPTIED: _EMPTY,
        T.HUNG_UP: _END,
        T.RESTARTED: _CUT,
    },
    P.TALKING: _ANSWERED
    | {
        T.HELD: Step(P.TALKING, (Name.HELD,)),
        T.RESUMED: Step(P.TALKING, (Name.RESUMED,)),
        T.TRANSFERRED: Step(P.TALKING, (Name.TRANSFERRED,)),
        T.CONFERENCED: Step(P.TALKING, (Name.CONFERENCED,)),
        T.RING_STARTED: Step(P.TALKING, (Name.RINGING,)),
        T.RING_MISSED: Step(P.TALKING, (Name.RING_MISSED,)),
        T.PARTED: Step(P.PARTED),
    },
    P.PARTED: _ANSWERED
    | {
        T.TRANSFERRED: Step(P.PARTED, (Name.TRANSFERRED,)),
        T.RING_STARTED: Step(P.PARTED, (Name.RINGING,)),
        T.RING_MISSED: Step(P.PARTED, (Name.RING_MISSED,)),
    },
    P.ENDED: {},
}
