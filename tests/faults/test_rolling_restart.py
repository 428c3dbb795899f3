"""FAULTS 8: two gateways are restarted in turn by SIGTERM, as for a new version, while people call.

A third process serves the page. No pop is late by more than five seconds, none comes twice, and
every call is recorded with the outcome that queue_log has.
"""

import asyncio
import signal
import time
from collections import Counter
from contextlib import AsyncExitStack
from datetime import datetime
from itertools import count
from pathlib import Path

from tests.support.asterisk import log_in
from tests.support.capture import AmiRecorder
from tests.support.gateway import Gateway
from tests.support.live import Frame, LivePage, live_page, until
from tests.support.ports import free_port
from tests.support.queue_log_truth import outcomes, recorded_outcomes
from tests.support.sipp import Sipp, caller, phone
from tests.support.system import System, gateway_for

GAP_S = 5.0


class TimedPage(LivePage):
    """Notes how late each ringing reached the page."""

    def __init__(self) -> None:
        super().__init__()
        self.late_s: dict[str, float] = {}

    def take(self, frame: Frame) -> None:
        """Keep a frame."""
        super().take(frame)
        if frame["name"] == "call.ringing":
            at = datetime.fromisoformat(frame["at"]).timestamp()
            self.late_s[frame["id"]] = time.time() - at


async def test_rolling_restart(system: System, redis_url: str, tmp_path: Path) -> None:
    board, first = system.switchboard, system.gateway
    sipp, port = Sipp(board.sip_port), free_port()
    await sipp.register("1001", board.secrets.seats["1001"], port)
    ami = await AmiRecorder.connect(board.ami_port, board.secrets.ami)
    await log_in(ami, "1001", "8001")
    await ami.close()
    async with AsyncExitStack() as stack:
        second, pages = [
            await another(stack, system, tmp_path / name, redis_url, roles)
            for name, roles in (("second", "switchboard"), ("pages", "web"))
        ]
        chief = await stack.enter_async_context(pages.browser("chief"))
        page = TimedPage()
        await stack.enter_async_context(live_page(chief, page))
        await stack.enter_async_context(sipp.phone(port, phone(ring_ms=100, talk_ms=100)))
        over = asyncio.Event()
        calling = asyncio.create_task(call_on(sipp, over))
        for gateway in (first, second):
            await page.until_more("call.ended")
            assert await gateway.stop(signal.SIGTERM) == 0
            await page.until_more("call.ended")
            await gateway.start()
        over.set()
        placed = await calling
        truth = sorted(outcomes(board.queue_log).items())
        assert [outcome for _, outcome in truth] == ["answered"] * placed
        await until(
            lambda: recorded_outcomes(system.database_dsn), lambda rows: rows == truth, wait_s=10
        )
        await until(lambda: ended(page), lambda calls: calls == [call for call, _ in truth])
    assert max(page.late_s.values()) < GAP_S
    assert len(page.late_s) == placed
    told = Counter(frame["id"] for frame in page.frames[1:])
    assert [event_id for event_id, times in told.items() if times > 1] == []


async def another(
    stack: AsyncExitStack, system: System, directory: Path, redis_url: str, roles: str
) -> Gateway:
    """One more process on the same engines and switchboard."""
    directory.mkdir()
    gateway = gateway_for(system.switchboard, directory, system.database_dsn, redis_url)
    gateway.arguments = ("run", "--role", roles)
    await gateway.start()
    stack.push_async_callback(gateway.stop)
    return gateway


async def call_on(sipp: Sipp, over: asyncio.Event) -> int:
    """One call after the other until it is ``over``; how many."""
    for number in count(1):
        await sipp.call("12345", caller(f"1380000{number:04d}", stay_ms=5_000))
        if over.is_set():
            return number
    raise AssertionError


async def ended(page: LivePage) -> list[str]:
    """The calls that the page saw end, as often as it did."""
    ends = [frame["data"]["call_id"] for frame in page.frames if frame["name"] == "call.ended"]
    return sorted(call_id.partition("-")[2] for call_id in ends)
