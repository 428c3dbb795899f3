"""The words of cases that were not written with their texts: by a worker, a few at a time."""

import structlog

from gateway.context import Context
from ticketing.search.words import catch_up

BATCH = 100
BATCHES = 200  # in one go: 20,000 cases a minute

log = structlog.get_logger(__name__)


async def keep_words_of_cases(context: Context) -> int:
    """Write the words of cases that wait for them, the newest first; how many were looked at.

    Each batch is stored by itself, so that an interruption costs one batch. Several workers may do
    it at once: they take different cases.
    """
    done = 0
    for _ in range(BATCHES):
        async with context.engines.pool.acquire() as connection, connection.transaction():
            looked_at = await catch_up(connection, BATCH)
        if looked_at == 0:
            break
        done += looked_at
    if done:
        log.info("case_words_kept", cases=done)
    return done
