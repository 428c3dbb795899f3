"""FAULTS 1, 7, 11-13: the gateway is killed, its link cut, frozen and sliced while calls go on.

Ten seconds after the end there is no difference between what is recorded and queue_log and CEL.
``HOTLINE_TEST_TRUTH_KILLS`` and ``HOTLINE_TEST_TRUTH_CUTS`` say how often; the seed as in
``tests/switchboard/test_truth.py``.
"""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.support.live import until
from tests.support.proxy import FaultProxy
from tests.support.system import System, running_system
from tests.support.truth import SEED, SETTINGS, agree, traffic_at

pytestmark = [pytest.mark.switchboard, pytest.mark.usefixtures("switchboard_here")]

KILLS = int(os.environ.get("HOTLINE_TEST_TRUTH_KILLS", "3"))
CUTS = int(os.environ.get("HOTLINE_TEST_TRUTH_CUTS", "4"))
CALLS_EACH = 14

Trouble = Callable[[System, random.Random], Awaitable[None]]


async def calls_in_trouble(
    directory: Path, database_dsn: str, redis_url: str, calls: int, trouble: Trouble
) -> None:
    """Calls go on while ``trouble`` is made; afterwards everything agrees."""
    async with (
        running_system(
            directory, database_dsn, redis_url, switchboard=SETTINGS, proxied=True, wrap_up_s=1
        ) as system,
        traffic_at(system, SEED, calls, directory) as traffic,
    ):
        async with asyncio.TaskGroup() as group:
            group.create_task(traffic.run())
            group.create_task(trouble(system, random.Random(SEED)))  # noqa: S311
        await agree(system, traffic)


async def kill_at_random(system: System, chance: random.Random) -> None:
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
    await calls_in_trouble(tmp_path, database_dsn, redis_url, calls, kill_at_random)


async def disturb_the_link(system: System, chance: random.Random) -> None:
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
    await calls_in_trouble(tmp_path, database_dsn, redis_url, calls, disturb_the_link)
