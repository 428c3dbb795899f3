"""Trouble is made while calls go on."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.system import System, running_system
from tests.support.traffic import Traffic
from tests.support.truth import SEED, SETTINGS, agree, traffic_at

Trouble = Callable[[System, Traffic, random.Random], Awaitable[None]]


@asynccontextmanager
async def calls_in_trouble(
    directory: Path, database_dsn: str, redis_url: str, calls: int, trouble: Trouble
) -> AsyncIterator[tuple[System, Traffic]]:
    """Calls went on while ``trouble`` was made, and afterwards everything agrees."""
    async with (
        running_system(
            directory, database_dsn, redis_url, switchboard=SETTINGS, proxied=True, wrap_up_s=1
        ) as system,
        traffic_at(system, SEED, calls, directory) as traffic,
    ):
        async with asyncio.TaskGroup() as group:
            group.create_task(traffic.run())
            group.create_task(trouble(system, traffic, random.Random(SEED)))  # noqa: S311
        await agree(system, traffic)
        yield system, traffic
