"""Errors of the telephony package. The peer's faults and ours are told apart."""


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


class LoginRefusedError(PeerError):
    """The switchboard refused the AMI user name or secret."""


class ExcessiveRightsError(PeerError):
    """The AMI user may do more than the gateway may be trusted with."""


class MissingRightsError(PeerError):
    """The AMI user may not do what the gateway needs."""


class NotConnectedError(LinkLostError):
    """There is no connection to the switchboard: the action was not sent."""
