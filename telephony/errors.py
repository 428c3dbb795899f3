"""Errors of the telephony package. The peer's faults and ours are told apart."""


class TelephonyError(Exception):
    """Root of every error raised by this package."""


class PeerError(TelephonyError):
    """The switchboard did or sent something that it may not; never retried blindly."""


class UnsafeValueError(TelephonyError):
    """A value that must not reach the switchboard: the caller of our function erred."""
