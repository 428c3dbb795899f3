"""How an attempt to ring back ended. Pure."""

from enum import StrEnum

from callback_survey.ringback.transitions import Trigger


class Outcome(StrEnum):
    """Outcome of an attempt, as the switchboard told it."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    CONGESTION = "congestion"  # the network's or the trunk's fault
    CANCELLED = "cancelled"  # the agent hung up while the citizen's telephone rang
    UNKNOWN = "unknown"  # never told, and the switchboard has neither the channel nor a record
    AGENT_ABSENT = "agent_absent"  # the agent's own telephone was not picked up
    OVERTAKEN = "overtaken"  # called off before the citizen's telephone rang
    NOT_DIALLED = "not_dialled"  # claimed, then given up before anything was sent


FREE = frozenset({Outcome.AGENT_ABSENT, Outcome.OVERTAKEN, Outcome.NOT_DIALLED})
"""These do not count against the number of attempts: no citizen's telephone rang."""


def trigger_of(outcome: Outcome) -> Trigger:
    """What the end of an attempt means for the task, unless it was the last one allowed."""
    if outcome is Outcome.ANSWERED:
        return Trigger.REACHED
    return Trigger.NOT_RUNG if outcome in FREE else Trigger.NOT_REACHED
