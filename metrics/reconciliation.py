"""How the recorded calls stand against the switchboard's own records."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from metrics.queries import QUERIES

STANDING = timedelta(hours=24)
CAUSES = ("start", "reconnect", "regular", "call_end", "night")
DIFFERENCES = ("missing", "open", "different", "unseen", "unexplained", "rating", "answer")
"""Kinds, as the comment on ``reconciliation_differences.kind`` explains them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewestRun:
    """The newest finished comparison of a switchboard that was made for ``cause``."""

    switchboard: str
    cause: str
    ended_at: datetime
    duration_s: float
    compared: int

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Read a row of the query `newest_reconciliations`."""
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationState:
    """Newest runs, and by switchboard the calls in which something differs that nobody explains.

    Those count for `STANDING` after they were found.
    """

    runs: tuple[NewestRun, ...]
    unexplained: Mapping[str, int]


async def reconciliation_state(conn: Any, *, now: datetime) -> ReconciliationState:
    """Read it."""
    runs = [NewestRun.from_row(row) async for row in QUERIES.newest_reconciliations(conn)]
    unexplained = {run.switchboard: 0 for run in runs}
    async for row in QUERIES.unmended_differences(conn, since=now - STANDING):
        unexplained[row["switchboard"]] = row["calls"]
    return ReconciliationState(runs=tuple(runs), unexplained=unexplained)
