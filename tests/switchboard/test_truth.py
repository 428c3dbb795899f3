"""T1-T3: zero differences between what is recorded and queue_log and CEL, by call, seat and second.

``HOTLINE_TEST_TRUTH_CALLS`` is the number of calls; ``HOTLINE_TEST_TRUTH_SEED`` draws the same
plan again.
"""

import os
import random
from pathlib import Path

import pytest

from tests.support.capture import AmiRecorder
from tests.support.live import until
from tests.support.system import running_system
from tests.support.traffic import AGENTS, NOBODYS_SEAT, Traffic
from tests.support.truth import differences, seat_differences

pytestmark = [pytest.mark.switchboard, pytest.mark.usefixtures("switchboard_here")]

CALLS = int(os.environ.get("HOTLINE_TEST_TRUTH_CALLS", "60"))
SEED = int(os.environ.get("HOTLINE_TEST_TRUTH_SEED", "0")) or random.randrange(1, 10**6)  # noqa: S311
SETTINGS = {
    "seats": (*AGENTS, NOBODYS_SEAT),
    "queue_maxlen": 5,
    "queue_timeout_s": 12,
    "wrapup_s": 1,
    "ring_timeout_s": 3,
}


@pytest.mark.timeout(60 + 4 * CALLS)
async def test_many_calls_leave_no_difference(
    tmp_path: Path, database_dsn: str, redis_url: str
) -> None:
    async with running_system(
        tmp_path, database_dsn, redis_url, switchboard=SETTINGS, wrap_up_s=1
    ) as system:
        ami = await AmiRecorder.connect(system.switchboard.ami_port, system.switchboard.secrets.ami)
        traffic = Traffic(system.switchboard, ami, SEED, CALLS)
        try:
            await traffic.run()
            await until(lambda: differences(system, AGENTS), lambda found: not found, 10)
            async with system.gateway.browser("chief") as chief:
                await until(lambda: seat_differences(ami, chief), lambda found: not found, 10)
        finally:
            print(f"seed {SEED}, {CALLS} calls, {traffic.failed} with a SIP surprise")  # noqa: T201
            ami.save(tmp_path / "said.ami")
            await ami.close()
    assert traffic.failed < CALLS / 10
