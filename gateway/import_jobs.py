"""Imports as a worker does them: accepted ones are applied, forgotten ones discarded."""

from datetime import timedelta
from typing import Any

import structlog
from pgqueuer.errors import RetryRequested

from gateway.case_clocks import timing_of
from gateway.context import Context
from gateway.jobs import enqueue_import
from gateway.sheets.applying import ApplyingElsewhereError, apply
from gateway.sheets.importing import purge
from ticketing.imports import staging

KEPT = timedelta(days=7)  # rows with citizens' numbers wait no longer for somebody
AGAIN = timedelta(seconds=5)

log = structlog.get_logger(__name__)


async def apply_import(context: Context, import_id: int) -> None:
    """Apply an accepted import; raises `RetryRequested` while another one is being applied."""
    async with context.engines.pool.acquire() as connection:
        try:
            done = await apply(
                connection, import_id, timing=timing_of(context.settings), clock=context.clock
            )
        except ApplyingElsewhereError as error:
            raise RetryRequested(AGAIN, "another import is being applied") from error
    if done is not None:
        log.info("import_ended", import_id=import_id, state=done.state, applied=done.applied)


async def enqueue_interrupted(connection: Any) -> None:
    """Imports that a worker which is gone did not apply to their end."""
    for import_id in await staging.waiting(connection):
        await enqueue_import(connection, import_id)


async def purge_imports(context: Context) -> None:
    """Dry runs that nobody accepted are discarded, and rows that were kept are forgotten."""
    async with context.engines.pool.acquire() as connection:
        discarded = await purge(connection, context.clock() - KEPT)
    if discarded:
        log.info("imports_discarded", imports=discarded)
