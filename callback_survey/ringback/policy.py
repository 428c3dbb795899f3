"""The rules of ringing back, as set. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from callback_survey.retry import within_window

LATE = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Who is called back, when and how often; times of day are Asia/Shanghai.

    ``greeting``: also those who hung up before they asked for a person. ``short_abandons``: also
    those who gave up within ``short_abandon_s`` of entering the queue. A task expires ``open_for``
    after its last missed call. ``own_numbers`` are the hotline's lines: nobody calls from there.
    """

    greeting: bool = False
    short_abandons: bool = False
    short_abandon_s: float = 5.0
    open_for: timedelta = timedelta(hours=24)
    max_attempts: int = 3
    spacing: timedelta = timedelta(minutes=10)
    opens: time = time(8)
    closes: time = time(21)
    min_digits: int = 5
    own_numbers: frozenset[str] = frozenset()

    @property
    def look_back(self) -> timedelta:
        """What is older neither opens nor changes a task, however late it becomes known."""
        return self.open_for + LATE

    def due_at(self, last_missed_at: datetime, last_tried_at: datetime | None) -> datetime:
        """When the citizen may be called next: aware, UTC, within the calling hours."""
        if last_tried_at is None:
            return within_window(last_missed_at, self)
        return within_window(max(last_missed_at, last_tried_at + self.spacing), self)
