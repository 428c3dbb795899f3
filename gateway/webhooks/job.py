"""The part of role ``worker`` that carries webhooks, and what it throws away."""

import asyncio
from datetime import timedelta

import structlog

from gateway.context import Context
from gateway.database_away import DATABASE_AWAY
from gateway.webhooks.courier import Courier, guard_of
from gateway.webhooks.deliveries import purge
from gateway.webhooks.sending import sending

RESTART_S = 2.0
BATCH = 5000

log = structlog.get_logger(__name__)


async def carry_webhooks(context: Context) -> None:
    """Send what is due until cancelled; a lost database is waited for."""
    settings = context.settings
    while True:
        try:
            timeout_s = settings.webhook_timeout_s
            async with sending(guard_of(settings), timeout_s=timeout_s) as sender:
                await Courier(context, sender).run()
        except* DATABASE_AWAY as group:
            log.warning("webhooks_interrupted", error=type(group.exceptions[0]).__name__)
        await asyncio.sleep(RESTART_S)


async def purge_webhooks(context: Context) -> int:
    """Forget what ended longer ago than is set; how many rows."""
    before = context.clock() - timedelta(days=context.settings.webhook_keep_days)
    purged = 0
    while True:
        async with context.engines.pool.acquire() as connection, connection.transaction():
            gone = await purge(connection, before=before, limit=BATCH)
        purged += gone
        if gone < BATCH:
            return purged
