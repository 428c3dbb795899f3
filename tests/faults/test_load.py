"""FAULTS 33: thirty calls a second; not one is lost, and each is told once.

How late they are told is for `make bench`.
"""

from collections import Counter

import pytest

from tests.support.crowd import add_crowd
from tests.support.live import LivePage, live_page, until
from tests.support.queue_log_truth import outcomes, recorded_outcomes
from tests.support.sipp import Sipp, caller
from tests.support.system import System

PER_S = 30
CALLS = 240


async def ended(page: LivePage) -> Counter[str]:
    """How often the page saw each call end."""
    return Counter(
        frame["data"]["call_id"].partition("-")[2]
        for frame in page.frames
        if frame["name"] == "call.ended"
    )


@pytest.mark.timeout(180)
async def test_thirty_calls_a_second(system: System) -> None:
    board = system.switchboard
    await add_crowd(board, 60, talk_s=0.5)
    async with system.gateway.browser("chief") as chief, live_page(chief) as page:
        await Sipp(board.sip_port).call_often(
            "12345", caller("1380[call_number]", stay_ms=5_000),
            calls=CALLS, per_s=PER_S, deadline_s=60,
        )  # fmt: skip
        truth = sorted(outcomes(board.queue_log).items())
        assert [outcome for _, outcome in truth] == ["answered"] * CALLS
        await until(
            lambda: recorded_outcomes(system.database_dsn), lambda rows: rows == truth, wait_s=10
        )
        told = dict.fromkeys((uniqueid for uniqueid, _ in truth), 1)
        await until(lambda: ended(page), lambda ends: ends == told, wait_s=10)
