"""Probes: are PostgreSQL and Redis there? What they find is the readiness of this process."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from redis.exceptions import RedisError

from gateway.context import Context
from gateway.database_away import DATABASE_AWAY

EVERY_S = 2.0
TIMEOUT_S = 2.0

log = structlog.get_logger(__name__)


async def probe_engines(context: Context) -> None:
    """Ask both engines for ever and report what they answer."""
    engines = context.engines

    async def ask_postgres() -> None:
        async with engines.pool.acquire(timeout=TIMEOUT_S) as connection:
            await connection.fetchval("select 1")

    async def ask_redis() -> None:
        await engines.redis.ping()

    while True:
        await _probe(context, "postgres", ask_postgres)
        await _probe(context, "redis", ask_redis)
        await asyncio.sleep(EVERY_S)


async def _probe(context: Context, component: str, ask: Callable[[], Awaitable[None]]) -> None:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await ask()
    except (RedisError, *DATABASE_AWAY) as error:
        _report(context, component, error)
    else:
        context.readiness.report(component, ready=True)


def _report(context: Context, component: str, error: Exception) -> None:
    """The log tells the whole; readiness is public and tells only the kind of failure."""
    detail = f"{component} does not answer: {type(error).__name__}"
    if context.readiness.conditions[component].detail != detail:
        log.warning("engine_down", component=component, error=str(error) or type(error).__name__)
    context.readiness.report(component, ready=False, detail=detail)
