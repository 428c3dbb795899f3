"""Which days a nightly run has to compare. Pure."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CITY = ZoneInfo("Asia/Shanghai")
CATCH_UP = 7  # days: records of longer ago may be gone
_DAY = timedelta(days=1)


def nights_due(now: datetime, hour: int, done: Collection[date]) -> list[date]:
    """Days that are over and not compared, the oldest first; each is due at ``hour`` of the next.

    Of nothing but days before any that was compared only the last one is due, and nothing of more
    than `CATCH_UP` days ago.
    """
    local = now.astimezone(CITY)
    last = local.date() - (_DAY if local.hour >= hour else 2 * _DAY)
    earliest = last - CATCH_UP * _DAY
    first = min((day for day in done if day >= earliest), default=last)
    days = [first + number * _DAY for number in range((last - first).days + 1)]
    return [day for day in days if day not in done]


def bounds(day: date) -> tuple[datetime, datetime]:
    """Beginning and end of a day of the city."""
    start = datetime.combine(day, time(), CITY)
    return start, datetime.combine(day + _DAY, time(), CITY)
