"""Counts of `event_totals`: ratings, surveys, cases, seconds of seats."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from metrics.queries import QUERIES

SEAT_TIME = "seat.time"
RATING_GIVEN = "rating.given"
CASE_OPENED = "case.opened"
CASE_OPENED_FROM_CALL = "case.opened_from_call"
CASE_ANSWERED_AT_ONCE = "case.answered_at_once"
CASE_CLOSED = "case.closed"
SUGGESTION_CHOSEN = "suggestion.chosen"
SURGE_STARTED = "surge.started"
CLOCK_REMINDED = "clock.reminded"
CLOCK_OVERDUE = "clock.overdue"
WEBHOOK_ATTEMPTED = "webhook.attempted"
NOTICE_ATTEMPTED = "notice.attempted"
RINGBACK_MISSED = "ringback.missed"
RINGBACK_OPENED = "ringback.opened"
RINGBACK_CLOSED = "ringback.closed"
RINGBACK_TRIED = "ringback.tried"
SURVEY_ENDED = "survey.ended"
SURVEY_ANSWERED = "survey.answered"
RATING_EXCLUDED = "rating.excluded"
SURVEY_EXCLUDED = "survey.excluded"
RECORDING_REMOVED = "recording.removed"
RECONCILIATION_RUN = "reconciliation.run"
RECONCILED_DIFFERENCE = "reconciliation.difference"


@dataclass(frozen=True, slots=True)
class EventCounts:
    """Amounts by (name, subject, detail); what each name counts: the comment on the table."""

    amounts: Mapping[tuple[str, str, str], float]

    @classmethod
    def from_rows(cls, rows: Iterable[Any]) -> Self:
        """Take rows of the query `event_counts`."""
        return cls({(row["name"], row["subject"], row["detail"]): row["amount"] for row in rows})

    def by_subject(self, name: str) -> dict[str, float]:
        """Amounts of a name by subject."""
        sums: dict[str, float] = defaultdict(float)
        for (known, subject, _detail), amount in self.amounts.items():
            if known == name:
                sums[subject] += amount
        return dict(sums)

    def by_detail(self, name: str, subject: str | None = None) -> dict[str, int]:
        """Counts of a name by detail, of one subject or of all together."""
        sums: dict[str, int] = defaultdict(int)
        for (known, of, detail), amount in self.amounts.items():
            if known == name and subject in (None, of):
                sums[detail] += int(amount)
        return dict(sums)

    def by_both(self, name: str) -> dict[tuple[str, str], float]:
        """Amounts of a name by subject and detail."""
        return {
            (subject, detail): amount
            for (known, subject, detail), amount in self.amounts.items()
            if known == name
        }

    def total(self, name: str) -> int:
        """Everything counted under a name."""
        return int(sum(self.by_subject(name).values()))


async def event_counts(conn: Any, first_day: date, last_day: date) -> EventCounts:
    """Read the counts of a range of days, both included."""
    rows = QUERIES.event_counts(conn, first_day=first_day, last_day=last_day)
    return EventCounts.from_rows([row async for row in rows])
