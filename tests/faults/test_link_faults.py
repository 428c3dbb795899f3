"""FAULTS 1, 7, 11-13: the gateway is killed, its link cut, frozen and sliced while calls go on.

Ten seconds after the end there is no difference between what is recorded and queue_log and CEL.
``HOTLINE_TEST_TRUTH_KILLS`` and ``HOTLINE_TEST_TRUTH_CUTS`` say how often; the seed as in
``tests/switchboard/test_truth.py``.
"""

import asyncio
import os
import random
from pathlib import Path

import pytest

from tests.support.live import until
from tests.support.proxy import FaultProxy
from tests.support.system import System
from tests.support.traffic import Traffic
from tests.support.trouble import calls_in_trouble

pytestmark = [pytest.mark.switchboard, pytest.mark.usefixtures("switchboard_here")]

KILLS = int(os.environ.get("HOTLINE_TEST_TRUTH_KILLS", "3"))
CUTS = int(os.environ.get("HOTLINE_TEST_TRUTH_CUTS", "4"))
CALLS_EACH = 14


async def kill_at_random(system: System, _: Traffic, chance: random.Random) -> None:
    gateway = system.gateway
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(3, 12))
        gateway.kill()
        await gateway.stop()
        await asyncio.sleep(chance.uniform(0, 4))
        await gateway.start()


@pytest.mark.timeout(120 + 40 * KILLS)
async def test_killed_at_random(tmp_path: Path, database_dsn: str, redis_url: str) -> None:
    calls = max(40, CALLS_EACH * KILLS)
    async with calls_in_trouble(tmp_path, database_dsn, redis_url, calls, kill_at_random):
        pass


async def disturb_the_link(system: System, _: Traffic, chance: random.Random) -> None:
    proxy = system.proxy
    assert proxy is not None
    kinds = ["cut", "cut inside", "slice", "freeze"]
    for number in range(CUTS):
        await asyncio.sleep(chance.uniform(2, 8))
        before = proxy.connections
        kind = kinds[number % len(kinds)]
        if kind == "cut":
            proxy.cut()
        elif kind == "cut inside":
            proxy.cut_inside_event(chance.randrange(1, 400))
        elif kind == "slice":
            proxy.slice_bytes = 1
            await asyncio.sleep(chance.uniform(3, 6))
            proxy.slice_bytes = 0
            continue
        else:
            proxy.freeze()
            await half_open_is_noticed(system)
            proxy.thaw()
        await connected_again(proxy, before)


async def half_open_is_noticed(system: System) -> None:
    start = len(system.gateway.log.read_text("utf-8"))

    async def said() -> str:
        return system.gateway.log.read_text("utf-8")[start:]

    await until(said, lambda text: '"down"' in text and "no answer" in text, 10)


async def connected_again(proxy: FaultProxy, before: int) -> None:
    async def count() -> int:
        return proxy.connections

    await until(count, lambda now: now > before, 15)


@pytest.mark.timeout(120 + 40 * CUTS)
async def test_cut_frozen_and_sliced(tmp_path: Path, database_dsn: str, redis_url: str) -> None:
    calls = max(40, CALLS_EACH * CUTS)
    async with calls_in_trouble(tmp_path, database_dsn, redis_url, calls, disturb_the_link):
        pass
