"""Errors of the dispatch suggestion."""

from ticketing.errors import TicketingError


class SuggestionError(TicketingError):
    """Root of every error of the dispatch suggestion."""


class ModelInvalidError(SuggestionError):
    """What is stored is no model that this program can use."""


class TooFewCasesError(SuggestionError):
    """There is too little to learn from."""
