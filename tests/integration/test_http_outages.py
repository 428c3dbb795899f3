"""With an engine away, slow or used up: a quick 503 with the reason (FAULTS 21–23, 26)."""

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import AsyncIterator

import asyncpg
import pytest
from aiohttp.test_utils import TestServer

from gateway.commands import RedisCommands
from gateway.http import case_api
from gateway.http.application import create_app
from gateway.http.services import ACQUIRE_TIMEOUT_S
from gateway.live_state import RedisLiveState
from gateway.redis_client import connect
from tests.support.ports import free_port
from tests.support.web import PASSWORD, Browser, Hotline

QUICK_S = ACQUIRE_TIMEOUT_S + 2


async def refused(browser: Browser, method: str, path: str, **how: object) -> str:
    """The sentence of a 503 that came quickly."""
    started = time.monotonic()
    response = await browser.ask(method, path, **how)
    problem = await response.json(content_type="application/problem+json")
    assert response.status == 503, problem
    assert response.headers["Retry-After"]
    assert time.monotonic() - started < QUICK_S
    return str(problem["detail"])


@contextlib.asynccontextmanager
async def silent_server() -> AsyncIterator[str]:
    """Accepts connections and never says a word."""

    async def ignore(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while await reader.read(4096):
                pass
        writer.close()

    async with await asyncio.start_server(ignore, "127.0.0.1", 0) as server:
        yield "{}:{}".format(*server.sockets[0].getsockname())


@contextlib.asynccontextmanager
async def serving(hotline: Hotline, **changed: object) -> AsyncIterator[Hotline]:
    """The same surface with some services exchanged."""
    services = dataclasses.replace(hotline.services, **changed)  # type: ignore[arg-type]
    async with TestServer(create_app(services, hotline.settings)) as server:
        yield dataclasses.replace(hotline, server=server)


@pytest.mark.parametrize("silent", [False, True])
async def test_postgres_away(hotline: Hotline, silent: bool) -> None:
    async with contextlib.AsyncExitStack() as stack:
        address = (
            await stack.enter_async_context(silent_server())
            if silent
            else f"127.0.0.1:{free_port()}"
        )
        pool = asyncpg.create_pool(f"postgresql://nobody@{address}/none", min_size=0, max_size=2)
        await stack.enter_async_context(pool)
        stack.callback(pool.terminate)
        without = await stack.enter_async_context(serving(hotline, pool=pool))
        agent = await without.agent()
        for path in ("/api/v1/cases", "/api/v1/calls"):
            assert "数据库" in await refused(agent, "GET", path) or silent
        credentials = {"login": "agent1001", "password": PASSWORD}
        await refused(agent, "POST", "/api/v1/session", json=credentials)
        status, _ = await agent.json("GET", "/api/v1/seat")  # pops and seats go on
        assert status == 200


@pytest.mark.parametrize("silent", [False, True])
async def test_redis_away(hotline: Hotline, silent: bool) -> None:
    async with contextlib.AsyncExitStack() as stack:
        address = (
            await stack.enter_async_context(silent_server())
            if silent
            else f"127.0.0.1:{free_port()}"
        )
        redis = await stack.enter_async_context(connect(f"redis://{address}"))
        without = await stack.enter_async_context(
            serving(
                hotline,
                redis=redis,
                live=RedisLiveState(redis),
                commands=RedisCommands(redis),
            )
        )
        agent = await without.agent()
        assert "Redis" in await refused(agent, "GET", "/api/v1/seat")
        assert (await agent.ask("GET", "/healthz")).status == 200


async def test_connections_used_up(hotline: Hotline) -> None:
    agent = await hotline.agent()
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(hotline.pool.get_max_size()):
            await stack.enter_async_context(hotline.pool.acquire())
        assert "繁忙" in await refused(agent, "GET", "/api/v1/cases")
    assert (await agent.ask("GET", "/api/v1/cases")).status == 200


async def test_lock_that_somebody_holds(hotline: Hotline, database_dsn: str) -> None:
    agent = await hotline.agent()
    limit_s = case_api.list_cases.deadline_s
    object.__setattr__(case_api.list_cases, "deadline_s", 0.3)
    other = await asyncpg.connect(database_dsn)
    try:
        async with other.transaction():
            await other.execute("lock table cases")
            assert "繁忙" in await refused(agent, "GET", "/api/v1/cases")
        assert (await agent.ask("GET", "/api/v1/cases")).status == 200
    finally:
        object.__setattr__(case_api.list_cases, "deadline_s", limit_s)
        await other.close()


async def test_postgres_that_cuts_its_connections(hotline: Hotline, database_dsn: str) -> None:
    agent = await hotline.agent()
    other = await asyncpg.connect(database_dsn)
    try:
        await other.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
    finally:
        await other.close()
    statuses = [(await agent.ask("GET", "/api/v1/cases")).status for _ in range(10)]
    assert set(statuses) <= {200, 503}
    assert statuses[-1] == 200
