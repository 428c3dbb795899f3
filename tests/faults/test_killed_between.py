"""FAULTS 1, 2, 3: killed with -9 at the worst instants between reading, storing and publishing."""

import json
import signal
from pathlib import Path

import pytest
from redis.asyncio import Redis

from gateway.live import STREAM
from tests.support.asterisk import log_in
from tests.support.capture import AmiRecorder
from tests.support.live import until
from tests.support.ports import free_port
from tests.support.queue_log_truth import outcomes, recorded_outcomes
from tests.support.sipp import Sipp, caller, phone
from tests.support.system import System


async def published(redis_url: str) -> list[tuple[str, str]]:
    """Name and id of every call event on the live stream."""
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        entries = await redis.xrange(STREAM)
    frames = [json.loads(fields["e"]) for _, fields in entries]
    return [(one["name"], one["id"]) for one in frames if one["name"].startswith("call.")]


@pytest.mark.parametrize("instant", ["bytes_read", "committed_unpublished", "published_unrecorded"])
async def test_killed_between(system: System, redis_url: str, tmp_path: Path, instant: str) -> None:
    board, gateway = system.switchboard, system.gateway
    sipp, port = Sipp(board.sip_port), free_port()
    await sipp.register("1001", board.secrets.seats["1001"], port)
    ami = await AmiRecorder.connect(board.ami_port, board.secrets.ami)
    await log_in(ami, "1001", "8001")
    await ami.close()
    await gateway.stop()
    gateway.failpoint = instant
    await gateway.start()
    assert gateway.process is not None
    async with sipp.phone(port, phone(ring_ms=100, talk_ms=1000)):
        await sipp.call("12345", caller("13800000001", stay_ms=5_000))
    assert await gateway.process.wait() == -signal.SIGKILL
    gateway.failpoint = None
    await gateway.start()
    truth = sorted(outcomes(board.queue_log).items())
    assert [outcome for _, outcome in truth] == ["answered"]
    await until(
        lambda: recorded_outcomes(system.database_dsn), lambda rows: rows == truth, wait_s=10
    )
    ends = await until(lambda: ended(redis_url), bool, wait_s=10)
    assert len(ends) == 1, "whoever discards repeats by their id hears of the end once"


async def ended(redis_url: str) -> set[str]:
    """Ids of the events that tell of the call's end."""
    return {event_id for name, event_id in await published(redis_url) if name == "call.ended"}
