"""Errors of the clocks. Messages are shown to people as they stand, in Chinese."""

from datetime import date

from ticketing.errors import TicketingError


class ClockError(TicketingError):
    """Root of every error of the clocks."""


class CalendarUnknownError(ClockError):
    """Nobody has said which days of `year` are worked; it is not guessed."""

    def __init__(self, day: date) -> None:
        super().__init__(f"工作日历缺少{day.year}年的安排，无法计算时限，请管理员补充")
        self.year = day.year


class ClockInvalidError(ClockError):
    """A value of a rule, of the calendar or of an extension is not acceptable."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class ClockStateError(ClockError):
    """The clock is paused already, or is not."""


class RuleConflictError(ClockError):
    """The rule is not of the version that whoever changes it has seen."""
