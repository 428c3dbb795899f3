"""A real Redis for the whole session, emptied for each test.

``HOTLINE_TEST_REDIS_URL`` names a server to use instead of the embedded one: the database it names
is emptied.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from deploy.embedded.redis import EmbeddedRedis


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """URL of the session's Redis."""
    external = os.environ.get("HOTLINE_TEST_REDIS_URL")
    if external:
        yield external
        return
    # Directly under /tmp, because the path of a Unix socket must be short.
    directory = tempfile.TemporaryDirectory(prefix="hl-redis-", dir="/tmp")
    with directory as home, asyncio.Runner() as runner:
        server = EmbeddedRedis(Path(home))
        runner.run(server.__aenter__())
        try:
            yield server.url
        finally:
            runner.run(server.__aexit__(None, None, None))


@pytest.fixture
async def redis_url(redis_server: str) -> AsyncIterator[str]:
    """URL of an empty Redis database."""
    client = Redis.from_url(redis_server)
    try:
        await (
            client.flushall()
        ) if "HOTLINE_TEST_REDIS_URL" not in os.environ else await client.flushdb()
        yield redis_server
    finally:
        await client.aclose()
