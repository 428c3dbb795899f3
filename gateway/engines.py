"""Engines: PostgreSQL and Redis, external by URL or embedded under ``var/``."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

import asyncpg
import structlog
from redis.asyncio import Redis

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.redis import EmbeddedRedis
from deploy.migrate import migrate
from gateway import redis_client
from gateway.errors import SettingsError
from gateway.settings import Settings

POOL_MAX = 10
COMMAND_TIMEOUT_S = 30.0
# A process that stands still in a transaction must not hold up whoever takes over from it.
SESSION = {"application_name": "hotline", "idle_in_transaction_session_timeout": "2500"}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Engines:
    """Connections to the shared engines; closed by the stack that `start_engines` was given."""

    dsn: str
    pool: "asyncpg.Pool[asyncpg.Record]"
    redis: Redis


async def database_dsn(settings: Settings, stack: AsyncExitStack) -> str:
    """The URL of PostgreSQL; starts the embedded one when none is set."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    _refuse_embedded(settings, "HOTLINE_DATABASE_URL")
    server = await stack.enter_async_context(EmbeddedPostgres(settings.var_dir / "postgres"))
    return server.dsn


async def start_engines(settings: Settings, stack: AsyncExitStack) -> Engines:
    """Start or reach both engines and bring the schema up to date."""
    dsn = await database_dsn(settings, stack)
    await migrate(dsn)
    pool = await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=POOL_MAX,
        command_timeout=COMMAND_TIMEOUT_S,
        server_settings=session_of(settings),
    )
    stack.push_async_callback(pool.close)
    redis = redis_client.connect(await _redis_url(settings, stack))
    stack.push_async_callback(redis.aclose)
    return Engines(dsn, pool, redis)


def session_of(settings: Settings) -> dict[str, str]:
    """What every session in the database is set to; the trigger for notices asks for the last."""
    return SESSION | {"hotline.notices": "on" if settings.notice_url else "off"}


async def _redis_url(settings: Settings, stack: AsyncExitStack) -> str:
    if settings.redis_url is not None:
        return settings.redis_url.get_secret_value()
    _refuse_embedded(settings, "HOTLINE_REDIS_URL")
    server = await stack.enter_async_context(EmbeddedRedis(settings.var_dir / "redis"))
    return server.url


def _refuse_embedded(settings: Settings, missing: str) -> None:
    if settings.production:
        raise SettingsError(f"{missing} must be set: production does not start embedded servers")
