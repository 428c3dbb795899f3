"""Lights (红黄绿灯): how pressing a clock is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ticketing.clocks.deadline import Unit, measure
from ticketing.clocks.errors import CalendarUnknownError
from ticketing.clocks.working_time import WorkTime


class Light(StrEnum):
    """What is shown of a running clock."""

    GREEN = "green"
    YELLOW = "yellow"  # 临期
    RED = "red"  # 超期
    PAUSED = "paused"  # 暂停计时
    UNDATED = "undated"  # 期限待定: the calendar of its year is missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a running clock stands; without a deadline while the calendar of its time is missing."""

    unit: Unit
    deadline: datetime | None
    yellow_from: datetime | None
    paused_at: datetime | None

    def light(self, now: datetime) -> Light:
        """Its light; red from the deadline itself on."""
        if self.paused_at is not None:
            return Light.PAUSED
        if self.deadline is None or self.yellow_from is None:
            return Light.UNDATED
        if now >= self.deadline:
            return Light.RED
        return Light.YELLOW if now >= self.yellow_from else Light.GREEN

    def time_left(self, now: datetime, work: WorkTime) -> timedelta | None:
        """What is left in the clock's own time, negative when it is late; none passes in a pause.

        `None` where the calendar does not tell.
        """
        if self.deadline is None:
            return None
        try:
            return measure(self.unit, work).between(self.paused_at or now, self.deadline)
        except CalendarUnknownError:
            return None
