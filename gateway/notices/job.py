"""The part of role ``worker`` that carries notices to citizens, and what it throws away."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog

from gateway.carrying import keep_carrying
from gateway.context import Context
from gateway.notices.courier import NoticeCourier
from gateway.notices.http_provider import provider_of
from gateway.notices.outbox import purge
from gateway.notices.provider import NoticeProvider

# In an hour fewer notices end.
PURGED_AT_ONCE = 50_000

log = structlog.get_logger(__name__)


async def carry_notices(context: Context) -> None:
    """Send what is due until cancelled; return at once where no provider is set."""
    async with provider_of(context.settings) as provider:
        if provider is None:
            log.info("notices_off", reason="notice_url is not set: citizens are sent no notices")
            return
        await _carry(context, provider)


async def _carry(context: Context, provider: NoticeProvider) -> None:
    @asynccontextmanager
    async def courier() -> AsyncIterator[NoticeCourier]:
        yield NoticeCourier(context, provider)

    await keep_carrying(courier, what="notices")


async def purge_notices(context: Context) -> int:
    """Forget what ended longer ago than is set; how many."""
    before = context.clock() - timedelta(days=context.settings.notice_keep_days)
    async with context.engines.pool.acquire() as connection:
        return await purge(connection, before=before, limit=PURGED_AT_ONCE)
