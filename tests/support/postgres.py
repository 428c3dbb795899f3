"""A real PostgreSQL for the whole session, and a fresh migrated database for each test.

``HOTLINE_TEST_DATABASE_URL`` names a server to use instead of the embedded one; its user must be
allowed to create databases.
"""

import asyncio
import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.migrate import migrate

# Nothing here outlives the session, so nothing needs to reach the disk.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_numbers = itertools.count(1)


def with_database(dsn: str, name: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))


async def administer(dsn: str, sql: str) -> None:
    """Run one statement outside a transaction."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a server on which databases can be made."""
    external = os.environ.get("HOTLINE_TEST_DATABASE_URL")
    if external:
        yield external
        return
    # Directly under /tmp, because the path of a Unix socket must be short.
    directory = tempfile.TemporaryDirectory(prefix="hl-pg-", dir="/tmp")
    with directory as home, asyncio.Runner() as runner:
        server = EmbeddedPostgres(Path(home), settings=FAST)
        runner.run(server.__aenter__())
        try:
            yield server.dsn
        finally:
            runner.run(server.__aexit__(None, None, None))


def _session_database(server: str, prepare: Callable[[str], Awaitable[object]]) -> Iterator[str]:
    name = f"hotline_test_{os.getpid()}_{next(_numbers)}"
    with asyncio.Runner() as runner:
        runner.run(administer(server, f"create database {name}"))
        try:
            runner.run(prepare(with_database(server, name)))  # type: ignore[arg-type]
            yield name
        finally:
            runner.run(administer(server, f"drop database {name} with (force)"))


@pytest.fixture(scope="session")
def template_database(postgres_server: str) -> Iterator[str]:
    """Name of a database that was migrated once, to be copied."""
    yield from _session_database(postgres_server, migrate)


async def copied_database(server: str, source: str) -> AsyncIterator[str]:
    """URL of a database of its own, a copy of ``source``; dropped when the iteration ends."""
    name = f"hotline_test_{os.getpid()}_{next(_numbers)}"
    await administer(server, f"create database {name} template {source}")
    yield with_database(server, name)
    await administer(server, f"drop database {name} with (force)")


@pytest.fixture
async def database_dsn(postgres_server: str, template_database: str) -> AsyncIterator[str]:
    """URL of a migrated database that only this test uses."""
    async for dsn in copied_database(postgres_server, template_database):
        yield dsn


@pytest.fixture
async def empty_database_dsn(postgres_server: str) -> AsyncIterator[str]:
    """URL of a database without any table that only this test uses."""
    async for dsn in copied_database(postgres_server, "template1"):
        yield dsn


@pytest.fixture
async def pool(database_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections to this test's database."""
    async with asyncpg.create_pool(database_dsn, min_size=1, max_size=8) as connections:
        yield connections
