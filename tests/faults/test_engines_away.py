"""FAULTS 21, 25, 26: PostgreSQL or Redis goes away; pops go on, no call is lost (C, S)."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis.asyncio import Redis

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.migrate import migrate
from tests.support.asterisk import log_in
from tests.support.capture import AmiRecorder
from tests.support.live import LivePage, live_page, of, until
from tests.support.ports import free_port
from tests.support.postgres import FAST
from tests.support.queue_log_truth import outcomes, recorded_outcomes
from tests.support.sipp import Sipp, caller, phone
from tests.support.system import System, running_system

AWAY_S = 6.0
# A server that is killed keeps what it said it had committed.
LASTING = FAST | {"synchronous_commit": "on"}


@dataclass
class Staffed:
    """A system with agent 8001 logged in at a phone that answers."""

    system: System
    sipp: Sipp
    calls: int = 0

    async def call(self, page: LivePage) -> None:
        """A citizen calls, is served, and the page sees him before the answer and to the end."""
        self.calls += 1
        digits = f"{self.calls:04d}"
        calling = asyncio.create_task(self.sipp.call("12345", caller(f"1380000{digits}")))
        ring = await page.until("call.ringing", of(digits))
        answer = await page.until("call.answered", of(digits))
        assert ring["at"] < answer["at"]
        await calling
        await page.until("call.ended", of(digits))


@asynccontextmanager
async def staffed(system: System) -> AsyncIterator[Staffed]:
    """Agent 8001 is ready, the phone rings for a second and talks for one."""
    board, port = system.switchboard, free_port()
    sipp = Sipp(board.sip_port)
    await sipp.register("1001", board.secrets.seats["1001"], port)
    ami = await AmiRecorder.connect(board.ami_port, board.secrets.ami)
    await log_in(ami, "1001", "8001")
    await ami.close()
    async with sipp.phone(port, phone(ring_ms=1000, talk_ms=1000)):
        yield Staffed(system, sipp)


@pytest.mark.usefixtures("switchboard_here")
async def test_postgres_is_killed(tmp_path: Path, redis_url: str) -> None:
    with TemporaryDirectory(prefix="hl-pg-", dir="/tmp") as home:
        server = EmbeddedPostgres(Path(home), settings=LASTING)
        async with AsyncExitStack() as stack:
            await server.__aenter__()
            await migrate(server.dsn)
            system = await stack.enter_async_context(
                running_system(tmp_path, server.dsn, redis_url)
            )
            desk = await stack.enter_async_context(staffed(system))
            chief = await stack.enter_async_context(system.gateway.browser("chief"))
            page = await stack.enter_async_context(live_page(chief))
            await desk.call(page)
            assert server.pid is not None
            os.kill(server.pid, signal.SIGQUIT)  # immediate shutdown: recovery at the next start
            await server.__aexit__(None, None, None)
            await desk.call(page)
            again = EmbeddedPostgres(Path(home), settings=LASTING)
            await stack.enter_async_context(again)
            await desk.call(page)
            truth = sorted(outcomes(system.switchboard.queue_log).items())
            assert [outcome for _, outcome in truth] == ["answered"] * 3
            await until(lambda: recorded_outcomes(again.dsn), lambda rows: rows == truth, wait_s=10)


async def test_redis_is_emptied_and_away(system: System, redis_url: str) -> None:
    redis = Redis.from_url(redis_url)
    async with staffed(system) as desk, AsyncExitStack() as stack:
        before = await stack.enter_async_context(system.gateway.browser("chief"))
        page = await stack.enter_async_context(live_page(before))
        await desk.call(page)
        await redis.flushall()
        chief = await stack.enter_async_context(system.gateway.browser("chief"))
        fresh = await stack.enter_async_context(live_page(chief))
        await until(
            lambda: chief.get("/api/v1/seats"),
            lambda seats: [seat["agent"] for seat in seats if seat["state"] == "ready"] == ["8001"],
        )
        await desk.call(fresh)
        await redis.execute_command("CLIENT", "PAUSE", int(AWAY_S * 1000), "ALL")
        await redis.aclose()
        await desk.call(fresh)
    truth = sorted(outcomes(system.switchboard.queue_log).items())
    assert [outcome for _, outcome in truth] == ["answered"] * 3
    await until(
        lambda: recorded_outcomes(system.database_dsn), lambda rows: rows == truth, wait_s=10
    )
