"""Errors of the FastAGI server: the caller's hang-up, the peer's faults, a command's failure.

A command that the switchboard refuses raises pyst2's own classes (``AGIInvalidCommand``,
``AGIUsageError``, ``AGIAppError``), all of them subclasses of ``AGIError``.
"""

from asterisk.agi import AGIHangup  # type: ignore[import-untyped]  # pyst2 carries no types

from telephony.errors import PeerError, TelephonyError


class AgiHangup(AGIHangup, TelephonyError):  # type: ignore[misc]  # noqa: N818  # pyst2's own word
    """The caller hung up. A script lets it pass; the session then ends without noise."""


class AgiProtocolError(PeerError):
    """The peer sent what is no AGI, or more of it than is allowed."""


class AgiTimeoutError(PeerError):
    """The peer did not answer in time."""


class AgiDisconnectedError(PeerError):
    """The peer closed the connection without saying that the caller hung up."""
