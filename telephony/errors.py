"""Errors of the telephony package. The peer's faults and ours are told apart."""

from enum import StrEnum


class TelephonyError(Exception):
    """Root of every error raised by this package."""


class PeerError(TelephonyError):
    """The switchboard did or sent something that it may not; never retried blindly."""


class UnsafeValueError(TelephonyError):
    """A value that must not reach the switchboard: the caller of our function erred."""


class LinkLostError(TelephonyError):
    """The connection to the switchboard went away; whether a pending action was done is unknown."""


class ActionTimeoutError(TelephonyError):
    """The switchboard did not answer an action in time; whether it was done is unknown."""


class ActionRefusedError(TelephonyError):
    """The switchboard answered an action with an error: it was not done."""


class Refusal(StrEnum):
    """Why a command of call control cannot be done."""

    CALL_ENDED = "the call is over"
    NOT_IN_CALL = "the agent does not talk in this call"
    NO_CONVERSATION = "the seat has no conversation"
    CONSULTING = "the agent consults somebody"
    NOT_CONSULTING = "the agent consults nobody"
    CONSULTED_SILENT = "who is consulted has not answered"
    IN_CONFERENCE = "a third party is in the call"
    OWN_UNREGISTERED = "the own phone is not registered"
    OWN_BUSY = "the own phone is busy"
    OWN_UNANSWERED = "the own phone was not answered"
    OWN_NUMBER = "the number is that of the own phone"
    UNREGISTERED = "the phone called is not registered"
    BUSY = "the phone called is busy"
    UNREACHABLE = "the phone called could not be reached"
    NO_SUCH_NUMBER = "there is no such extension, and it is too short for an outside number"
    NO_SUCH_QUEUE = "there is no such queue"
    PHONE_TAKEN = "another agent is logged in with that phone"
    IN_CALL = "the agent is in a call"
    NO_WRAP_UP = "the agent does not wrap up"
    LONGEST_WRAP_UP = "the wrap-up is as long as it may be"


class ControlRefusedError(TelephonyError):
    """A call or a phone is not in a state in which the command can be done."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


class LoginRefusedError(PeerError):
    """The switchboard refused the AMI user name or secret."""


class ExcessiveRightsError(PeerError):
    """The AMI user may do more than the gateway may be trusted with."""


class MissingRightsError(PeerError):
    """The AMI user may not do what the gateway needs."""


class NotConnectedError(LinkLostError):
    """There is no connection to the switchboard: the action was not sent."""
