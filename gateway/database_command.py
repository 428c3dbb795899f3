"""Commands of the command line that work on the database of the settings."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

import asyncpg

from deploy.embedded.server import running_url
from deploy.migrate import SchemaStanding, migrate, schema_state
from gateway.database_away import DATABASE_AWAY
from gateway.engines import database_dsn
from gateway.errors import GatewayError
from gateway.settings import Settings, load_settings

CONNECT_TIMEOUT_S = 10.0

Action = Callable[[Any, argparse.Namespace], Awaitable[None]]


def with_database(action: Action) -> Callable[[argparse.Namespace], int]:
    """``action`` as a command of the command line; its connection is to a current schema."""

    async def run(options: argparse.Namespace) -> None:
        try:
            async with AsyncExitStack() as stack:
                connection = await _connect(load_settings(), stack)
                stack.push_async_callback(connection.close)
                await action(connection, options)
        except DATABASE_AWAY as error:
            first_line = str(error).partition("\n")[0]  # the others may quote values
            raise GatewayError(f"{type(error).__name__}: {first_line}") from error

    def command(options: argparse.Namespace) -> int:
        asyncio.run(run(options))
        return 0

    return command


async def _connect(settings: Settings, stack: AsyncExitStack) -> Any:
    """To the database of the settings; to the embedded one whether or not the program runs."""
    running = running_url(settings.var_dir / "postgres")
    if settings.database_url is None and running is not None:
        with suppress(OSError, asyncpg.PostgresError):  # its owner was killed
            return await asyncpg.connect(running, timeout=CONNECT_TIMEOUT_S)
    dsn = await database_dsn(settings, stack)
    if settings.database_url is None:
        await migrate(dsn)
    elif (state := await schema_state(dsn)).standing is not SchemaStanding.CURRENT:
        raise GatewayError(
            f"the schema of the database is {state.standing} ({state.found}), this program needs "
            f"{state.wanted}: hotline migrate brings it there, or says why not"
        )
    return await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S)
