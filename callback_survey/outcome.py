"""How an attempt ended. Pure."""

from enum import StrEnum


class Outcome(StrEnum):
    """Outcome of an attempt. The first three mean that somebody picked up (接通)."""

    COMPLETED = "completed"  # every question answered
    INCOMPLETE = "incomplete"  # some questions answered
    NO_INPUT = "no_input"  # picked up, no key pressed: not there, a machine, a child
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    CONGESTION = "congestion"  # the network's or the trunk's fault
    REJECTED = "rejected"  # the switchboard refused the action at once
    UNKNOWN = "unknown"  # never told, and the switchboard no longer has the channel
    NOT_DIALLED = "not_dialled"  # claimed, then given up before anything was sent


def outcome_of_survey(answered: int, questions: int) -> Outcome:
    """Outcome of a survey that is over with so many of its questions answered."""
    if answered >= questions:
        return Outcome.COMPLETED
    return Outcome.INCOMPLETE if answered else Outcome.NO_INPUT
