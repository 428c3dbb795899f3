"""T1-T3: zero differences between what is recorded and queue_log and CEL, by call, seat and second.

``HOTLINE_TEST_TRUTH_CALLS`` is the number of calls; ``HOTLINE_TEST_TRUTH_SEED`` draws the same
plan again.
"""

import os
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.support.gateway import Api, add_agents
from tests.support.replay_truth import agree_with_replay
from tests.support.system import System, running_system
from tests.support.transfers import AGENTS, by_api
from tests.support.truth import SEED, SETTINGS, agree, traffic_at

pytestmark = [pytest.mark.switchboard, pytest.mark.usefixtures("switchboard_here")]

CALLS = int(os.environ.get("HOTLINE_TEST_TRUTH_CALLS", "60"))


@pytest.mark.timeout(90 + 4 * CALLS)
async def test_many_calls_leave_no_difference(
    tmp_path: Path, database_dsn: str, redis_url: str
) -> None:
    async with (
        running_system(
            tmp_path, database_dsn, redis_url, switchboard=SETTINGS, wrap_up_s=1
        ) as system,
        traffic_at(system, SEED, CALLS, tmp_path) as traffic,
        AsyncExitStack() as stack,
    ):
        done: list[str] = []
        traffic.pass_on = by_api(await log_in_everybody(system, stack), done)
        await traffic.run()
        await agree(system, traffic)
        await agree_with_replay(system, traffic, tmp_path)
    assert done


async def log_in_everybody(system: System, stack: AsyncExitStack) -> dict[str, Api]:
    """A browser for each agent; the first two are known already."""
    others = {seat: agent for seat, agent in AGENTS.items() if seat not in {"1001", "1002"}}
    await add_agents(system.database_dsn, others)
    return {
        agent: await stack.enter_async_context(system.gateway.browser(f"agent{agent}"))
        for agent in AGENTS.values()
    }
