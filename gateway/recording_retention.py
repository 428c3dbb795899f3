"""Recordings are removed when they are older than is set (PIPL article 47)."""

import asyncio
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import aiosql
import structlog

from gateway.context import Context
from gateway.recordings import directory_of, remove_before
from gateway.settings import Settings

BATCH = 500

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "recordings.sql", "asyncpg")

log = structlog.get_logger(__name__)


async def purge_recordings(context: Context) -> int:
    """Remove what is older than is set, of every switchboard; how many."""
    removed = 0
    for settings in context.settings.of_each():
        while count := await _remove_batch(context, settings):
            removed += count
            await _count(context, count)
    if removed:
        log.info("recordings_purged", files=removed)
    return removed


async def _remove_batch(context: Context, settings: Settings) -> int:
    """Remove some of one switchboard; none where its directory cannot be used."""
    directory = directory_of(settings)
    if directory is None:
        return 0
    kept = timedelta(days=settings.recordings_days)
    first_kept = (context.clock() - kept).astimezone(UTC).date()
    try:
        return await asyncio.to_thread(remove_before, directory, first_kept, limit=BATCH)
    except OSError as error:
        if settings.recordings_dir is not None:  # a local Asterisk may never have been started
            name, why = settings.switchboard, type(error).__name__
            log.warning("recordings_not_purged", switchboard=name, error=why)
        return 0


async def _count(context: Context, removed: int) -> None:
    async with context.engines.pool.acquire() as connection:
        await _QUERIES.count_removed(connection, removed=removed, at=context.clock())
