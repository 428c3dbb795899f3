"""FAULTS 28, 29: two gateways on one switchboard; the leader stands still, or loses its session."""

import asyncio
import json
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import asyncpg
from redis.asyncio import Redis

from gateway.live import STREAM
from tests.support.asterisk import log_in
from tests.support.capture import AmiRecorder
from tests.support.gateway import Gateway
from tests.support.live import live_page, of, until
from tests.support.ports import free_port
from tests.support.queue_log_truth import outcomes, recorded_outcomes
from tests.support.sipp import Sipp, caller, phone
from tests.support.system import System, gateway_for

GAP_S = 5.0


@asynccontextmanager
async def second_gateway(system: System, directory: Path, redis_url: str) -> AsyncIterator[Gateway]:
    """Another gateway on the same engines and switchboard, standing by."""
    directory.mkdir()
    gateway = gateway_for(system.switchboard, directory, system.database_dsn, redis_url)
    gateway.arguments = ("run", "--role", "switchboard,web")
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop()


async def published(redis_url: str) -> Counter[str]:
    """How often each call event is on the live stream."""
    redis = Redis.from_url(redis_url, decode_responses=True)
    try:
        entries = await redis.xrange(STREAM)
    finally:
        await redis.aclose()
    frames = [json.loads(fields["e"]) for _, fields in entries]
    return Counter(frame["id"] for frame in frames if frame["name"].startswith("call."))


async def test_standby_takes_over_from_a_leader_that_stands_still(
    system: System, redis_url: str, tmp_path: Path
) -> None:
    board, leader = system.switchboard, system.gateway
    sipp, port = Sipp(board.sip_port), free_port()
    await sipp.register("1001", board.secrets.seats["1001"], port)
    ami = await AmiRecorder.connect(board.ami_port, board.secrets.ami)
    await log_in(ami, "1001", "8001")
    await ami.close()
    async with (
        second_gateway(system, tmp_path / "second", redis_url) as standby,
        standby.browser("chief") as chief,
        live_page(chief) as page,
        sipp.phone(port, phone(ring_ms=300, talk_ms=800)),
    ):
        await sipp.call("12345", caller("13800000001"))
        await page.until("call.ended")
        assert leader.process is not None
        leader.process.send_signal(signal.SIGSTOP)
        calling = asyncio.create_task(sipp.call("12345", caller("13800000002")))
        second = await page.until("call.ringing", of("0002"))
        assert time.time() - datetime.fromisoformat(second["at"]).timestamp() < GAP_S
        await calling
        leader.process.send_signal(signal.SIGCONT)
        await sipp.call("12345", caller("13800000003"))
        truth = sorted(outcomes(board.queue_log).items())
        await until(
            lambda: recorded_outcomes(system.database_dsn), lambda rows: rows == truth, wait_s=10
        )
        await page.until("call.ended", of("0003"))
    assert [outcome for _, outcome in truth] == ["answered"] * 3
    assert set((await published(redis_url)).values()) == {1}
    assert "stale_owner_ended" in standby.log.read_text("utf-8")
    await until(lambda: asyncio.to_thread(leader.last_words), lambda said: '"standby"' in said)


async def test_owner_whose_session_is_ended_stops_and_comes_back(system: System) -> None:
    connection = await asyncpg.connect(system.database_dsn)
    try:
        owner = "select epoch, backend_pid from switchboard_owners"
        before = await connection.fetchrow(owner)
        await connection.execute("select pg_terminate_backend($1)", before["backend_pid"])
        after = await until(
            lambda: connection.fetchrow(owner), lambda row: row["epoch"] == before["epoch"] + 1
        )
    finally:
        await connection.close()
    assert after["backend_pid"] != before["backend_pid"]
    said = system.gateway.log.read_text("utf-8")
    assert said.index('"cut_off"') < said.rindex('"owner"')
