"""Why nobody is called back now."""

from enum import StrEnum


class Refusal(StrEnum):
    """Why a task cannot be taken or dropped."""

    NO_SUCH_TASK = "no_such_task"
    CLOSED = "closed"  # over meanwhile: got through, reached, dropped, expired
    IN_HAND = "in_hand"  # another agent rings, or rang a moment ago
    AGENT_BUSY = "agent_busy"  # the agent, or the number, has an attempt that has not ended
    OUT_OF_HOURS = "out_of_hours"
    TOO_SOON = "too_soon"  # he was called in vain a short time ago
    CALLING = "calling"  # he is calling in just now
