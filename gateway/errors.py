"""Errors of the gateway package. Each message is a sentence that the operator can act upon."""


class GatewayError(Exception):
    """Root of every error raised by this package; the command line prints it and exits with 1."""


class SettingsError(GatewayError):
    """A setting is missing, unknown or out of range."""
