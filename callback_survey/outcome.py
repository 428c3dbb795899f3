"""How an attempt ended, and what that follows from. Pure."""

from enum import StrEnum


class Outcome(StrEnum):
    """Outcome of an attempt. The first three mean that the citizen was reached (接通)."""

    COMPLETED = "completed"  # every question answered
    INCOMPLETE = "incomplete"  # some questions answered
    NO_INPUT = "no_input"  # picked up, no key pressed: not there, a machine, a child
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    CONGESTION = "congestion"  # the network's or the trunk's fault
    REJECTED = "rejected"  # the switchboard refused the action at once
    UNKNOWN = "unknown"  # never told; the channel list says that it is over
    NOT_DIALLED = "not_dialled"  # claimed, then given up before anything was sent


REACHED = frozenset({Outcome.COMPLETED, Outcome.INCOMPLETE, Outcome.NO_INPUT})

_ORIGINATE = {
    "busy": Outcome.BUSY,
    "no_answer": Outcome.NO_ANSWER,
    "congestion": Outcome.CONGESTION,
    "rejected": Outcome.REJECTED,
}


def outcome_of_originate(result: str) -> Outcome | None:
    """Outcome that the result of an Originate settles, by its name.

    ``answered`` settles nothing yet, the survey does; ``unknown`` (and a name not known here)
    neither: the attempt stays as it is until the list of channels says that the call is over, and
    nobody is dialled again before that.
    """
    return _ORIGINATE.get(result)


def outcome_of_survey(answered: int, questions: int) -> Outcome:
    """Outcome of a survey that is over with so many of its questions answered."""
    if answered >= questions:
        return Outcome.COMPLETED
    return Outcome.INCOMPLETE if answered else Outcome.NO_INPUT
