"""Errors of sheets: zh-CN sentences for whoever sent or asked for one."""

from gateway.errors import GatewayError


class SheetError(GatewayError):
    """A file cannot be read as a sheet of this kind, or is too large."""


class ImportGoneError(GatewayError):
    """There is no such import."""


class ImportStateError(GatewayError):
    """The import is not where the request expects it to be."""
