"""Errors of the ticketing package. Messages are shown to people as they stand, in Chinese."""


class TicketingError(Exception):
    """Root of every error raised by this package."""


class CaseNotFoundError(TicketingError):
    """No case has that number."""


class CaseConflictError(TicketingError):
    """The case, or the call it would follow from, is not in the state that the request expects."""


class CaseInvalidError(TicketingError):
    """A field of the case is not acceptable; `field` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
