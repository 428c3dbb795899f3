"""When X happens to a caller whose task is in state S: the task's next state.

Whatever is not in the table changes nothing. It is applied to what is known of a caller in the
order of time (`callback_survey.ringback.history`), not in the order in which it became known.
"""

from enum import StrEnum


class State(StrEnum):
    """Where a task stands; `NONE`: nobody has to be called back."""

    NONE = "none"
    OPEN = "open"  # somebody should call back
    IN_HAND = "in_hand"  # an agent is calling back
    REACHED = "reached"
    DROPPED = "dropped"  # got through by himself, dropped by a supervisor, or never was one
    GIVEN_UP = "given_up"  # called as often as allowed, in vain
    EXPIRED = "expired"


class Trigger(StrEnum):
    """What can happen; of two things at one instant the first in this order came first."""

    MISSED = "missed another call"
    TAKEN = "was taken by an agent"
    NOT_RUNG = "was given back before the citizen's telephone rang"
    NOT_REACHED = "was called back in vain"
    USED_UP = "was called back in vain for the last time"
    REACHED = "was reached"
    GOT_THROUGH = "got through by himself"
    DROPPED = "was dropped by a supervisor"
    EXPIRED = "was open for too long"


class Reason(StrEnum):
    """Why a task was dropped."""

    NONE = ""
    GOT_THROUGH = "got_through"
    BY_SUPERVISOR = "by_supervisor"
    CORRECTED = "corrected"  # the switchboard's records tell of no missed call


S, T = State, Trigger

LIVE = frozenset({S.OPEN, S.IN_HAND})

TABLE: dict[State, dict[Trigger, State]] = {
    S.NONE: {T.MISSED: S.OPEN},
    S.OPEN: {
        T.MISSED: S.OPEN,
        T.TAKEN: S.IN_HAND,
        # An attempt may have begun before this task did, for an earlier one of the same caller.
        T.NOT_REACHED: S.OPEN,
        T.USED_UP: S.GIVEN_UP,
        T.REACHED: S.REACHED,
        T.GOT_THROUGH: S.DROPPED,
        T.DROPPED: S.DROPPED,
        T.EXPIRED: S.EXPIRED,
    },
    # It does not expire in an agent's hand.
    S.IN_HAND: {
        T.MISSED: S.IN_HAND,
        T.NOT_RUNG: S.OPEN,
        T.NOT_REACHED: S.OPEN,
        T.USED_UP: S.GIVEN_UP,
        T.REACHED: S.REACHED,
        T.GOT_THROUGH: S.DROPPED,
        T.DROPPED: S.DROPPED,
    },
    # A task that is over stays over: the next missed call begins another one.
    S.REACHED: {T.MISSED: S.OPEN},
    S.DROPPED: {T.MISSED: S.OPEN},
    S.GIVEN_UP: {T.MISSED: S.OPEN},
    S.EXPIRED: {T.MISSED: S.OPEN},
}
