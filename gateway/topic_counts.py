"""Counts words and places of the cases of each day that is over, whichever worker comes first."""

import structlog

from gateway.context import Context
from ticketing.topics.store import count_day, days_due

log = structlog.get_logger(__name__)


async def count_topics(context: Context) -> int:
    """Count every day that is due, each in a transaction of its own; how many days were counted."""
    now, counted = context.clock(), 0
    async with context.engines.pool.acquire() as connection:
        for day in await days_due(connection, now=now):
            async with connection.transaction():
                cases = await count_day(connection, day, now=now)
            if cases is not None:
                counted += 1
                log.info("topics_counted", day=day.isoformat(), cases=cases)
    return counted
