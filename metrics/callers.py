"""Callers instead of calls: who asked for a person, and who was reached in the end."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from metrics.queries import QUERIES


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerCounts:
    """Callers of a period who asked for a person, by number and switchboard.

    ``rung_back``: not answered, but reached by a ring-back before the period was over. A caller
    without a number is one of his own.
    """

    asked: int = 0
    answered: int = 0
    rung_back: int = 0

    @property
    def reached(self) -> int:
        """Answered, or rung back and reached."""
        return self.answered + self.rung_back


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRingbacks:
    """Ring-back tasks that wait or are in an agent's hand; ``oldest_at``: the first missed call."""

    open: int = 0
    in_hand: int = 0
    oldest_at: datetime | None = None

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take the row of the query."""
        return cls(**dict(row))


async def caller_counts(conn: Any, start: datetime, end: datetime) -> CallerCounts:
    """Callers whose calls arrived inside ``[start, end)``."""
    row = await QUERIES.caller_counts(conn, period_start=start, period_end=end)
    return CallerCounts(**dict(row))


async def live_ringbacks(conn: Any) -> LiveRingbacks:
    """The tasks as they stand."""
    return LiveRingbacks.from_row(await QUERIES.live_ringbacks(conn))
