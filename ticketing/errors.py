"""Errors of the ticketing package. Messages are shown to people as they stand, in Chinese."""


class TicketingError(Exception):
    """Root of every error raised by this package."""


class NotFoundError(TicketingError):
    """There is no such thing, or not for whoever asks."""


class CaseNotFoundError(NotFoundError):
    """No case has that number, or it is none of theirs."""


class ConflictError(TicketingError):
    """Things are not as the request expects them to be."""


class CaseConflictError(ConflictError):
    """The case, or the call it would follow from, is not in the state that the request expects."""


class StepForbiddenError(TicketingError):
    """The step exists, but not for whoever wants to take it."""


class FieldInvalidError(TicketingError):
    """A field is not acceptable; `field` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class CaseInvalidError(FieldInvalidError):
    """A field of a case or of a step is not acceptable."""
