"""FAULTS 9: Asterisk is killed, or told to restart at once, in the middle of mixed traffic.

Every third time the gateway is dead meanwhile. Ten seconds after the end there is no difference
between what is recorded and queue_log and CEL.
``HOTLINE_TEST_TRUTH_RESTARTS`` says how often, ``HOTLINE_TEST_TRUTH_RESTART_CALLS`` among how many
calls; the seed as in ``tests/switchboard/test_truth.py``.
"""

import asyncio
import os
import random
from itertools import cycle
from pathlib import Path

import asyncpg
import pytest

from tests.support.outages import crash, restart_now
from tests.support.replay_truth import agree_with_replay
from tests.support.system import System
from tests.support.traffic import Traffic
from tests.support.trouble import calls_in_trouble

pytestmark = [pytest.mark.switchboard, pytest.mark.usefixtures("switchboard_here")]

RESTARTS = int(os.environ.get("HOTLINE_TEST_TRUTH_RESTARTS", "2"))
CALLS = int(os.environ.get("HOTLINE_TEST_TRUTH_RESTART_CALLS", "30"))


async def killed(_: System, traffic: Traffic) -> None:
    await traffic.suffer(crash)


async def told_to_restart(_: System, traffic: Traffic) -> None:
    await traffic.suffer(restart_now)


async def killed_unheard(system: System, traffic: Traffic) -> None:
    """The gateway dies first, and is back later: all that it learns of it is in the records."""
    system.gateway.kill()
    await system.gateway.stop()
    await traffic.suffer(crash)
    await system.gateway.start()


async def restart_again_and_again(system: System, traffic: Traffic, chance: random.Random) -> None:
    """Evenly spread over the calls, in every way in turn."""
    ways = cycle([killed, told_to_restart, killed_unheard])
    for number, restart in zip(range(RESTARTS), ways, strict=False):
        await traffic.until_placed(CALLS * (number + 1) // (RESTARTS + 1))
        await asyncio.sleep(chance.uniform(0, 2))
        await restart(system, traffic)


@pytest.mark.timeout(120 + 4 * CALLS + 30 * RESTARTS)
async def test_restarted_in_traffic(tmp_path: Path, database_dsn: str, redis_url: str) -> None:
    async with calls_in_trouble(
        tmp_path, database_dsn, redis_url, CALLS, restart_again_and_again
    ) as (system, traffic):
        await agree_with_replay(system, traffic, tmp_path)
        assert traffic.cut
        assert await cut_by_a_crash(system)


async def cut_by_a_crash(system: System) -> int:
    """How many calls were up when Asterisk was killed."""
    connection = await asyncpg.connect(system.database_dsn)
    try:
        return int(
            await connection.fetchval("select count(*) from calls where outcome = 'switch_restart'")
        )
    finally:
        await connection.close()
