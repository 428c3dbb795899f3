"""Errors of the import, each a sentence that the operator can act upon."""

from gateway.errors import GatewayError


class QueueLogImportError(GatewayError):
    """The import cannot be done, or not be done to its end; what was committed stays."""
