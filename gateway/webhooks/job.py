"""The part of role ``worker`` that carries webhooks, and what it throws away."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from gateway.carrying import keep_carrying
from gateway.context import Context
from gateway.webhooks.courier import Courier, guard_of
from gateway.webhooks.deliveries import purge
from gateway.webhooks.sending import sending

BATCH = 5000


async def carry_webhooks(context: Context) -> None:
    """Send what is due until cancelled."""

    @asynccontextmanager
    async def courier() -> AsyncIterator[Courier]:
        settings = context.settings
        async with sending(guard_of(settings), timeout_s=settings.webhook_timeout_s) as sender:
            yield Courier(context, sender)

    await keep_carrying(courier, what="webhooks")


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
