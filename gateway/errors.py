"""Errors of the gateway package. Each message is a sentence that the operator can act upon."""


class GatewayError(Exception):
    """Root of every error raised by this package; the command line prints it and exits with 1."""


class SettingsError(GatewayError):
    """A setting is missing, unknown or out of range."""


class UserError(GatewayError):
    """A person cannot be added or changed this way."""


class LinesError(GatewayError):
    """A table of lines cannot be read, or holds what is not allowed."""


class CommandError(GatewayError):
    """Root of what can come of a command; the message is a zh-CN sentence for who gave it."""


class CommandRefusedError(CommandError):
    """The switchboard refuses the command, or is not connected; nothing was changed."""


class CommandSilentError(CommandError):
    """Nothing confirmed it in time; whether it was done, the live events will show."""


class RouteUndeclaredError(GatewayError):
    """A route of the HTTP surface does not declare who may use it."""


class OwnershipLostError(GatewayError):
    """This process does not own the switchboard (any more): what it was about to write is void."""


class ComparisonError(GatewayError):
    """A comparison with the switchboard's records did not come to its end; it is tried again."""


class AuditError(GatewayError):
    """The audit log cannot be exported as asked."""
