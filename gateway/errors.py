"""Errors of the gateway package. Each message is a sentence that the operator can act upon."""


class GatewayError(Exception):
    """Root of every error raised by this package; the command line prints it and exits with 1."""


class SettingsError(GatewayError):
    """A setting is missing, unknown or out of range."""


class UserError(GatewayError):
    """A person cannot be added or changed this way."""


class SeatCommandError(GatewayError):
    """Root of what can come of a seat command; the message is a zh-CN sentence for the agent."""


class SeatRefusedError(SeatCommandError):
    """The switchboard refuses the command, or is not connected; nothing was changed."""


class SeatSilentError(SeatCommandError):
    """No answer in time; whether the switchboard did it will show in ``seat.changed``."""


class RouteUndeclaredError(GatewayError):
    """A route of the HTTP surface does not declare who may use it."""


class OwnershipLostError(GatewayError):
    """This process does not own the switchboard (any more): what it was about to write is void."""
