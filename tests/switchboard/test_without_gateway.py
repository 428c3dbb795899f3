"""Callers are greeted, queued and answered whatever becomes of the gateway (DESIGN 1.1, issue 1).

PostgreSQL and Redis are absent in all of these: nothing of the project runs beside Asterisk.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from deploy.embedded.asterisk_process import AsteriskInstance
from tests.support.agi_peer import dying_agi, frozen_agi
from tests.support.asterisk import log_in, running_switchboard, short_settings
from tests.support.capture import AmiRecorder
from tests.support.live import until
from tests.support.ports import free_port
from tests.support.sipp import Sipp, caller, phone, press
from tests.switchboard.records import arrival_s, queue_log_of, ratings_of

pytestmark = pytest.mark.switchboard

Gateway = Callable[[int], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def absent(_port: int) -> AsyncIterator[None]:
    """Nothing listens."""
    yield


@pytest.mark.parametrize(
    ("gateway", "number"),
    [(absent, "13800000101"), (frozen_agi, "13800000102"), (dying_agi, "13800000103")],
    ids=["absent", "frozen", "dying"],
)
async def test_caller_is_queued_and_answered(
    switchboard: AsteriskInstance, ami: AmiRecorder, gateway: Gateway, number: str
) -> None:
    sipp = Sipp(switchboard.sip_port)
    port = free_port()
    await sipp.register("1001", switchboard.secrets.seats["1001"], port)
    await log_in(ami, "1001", "8001")

    # The agent hangs up; the hotline asks for the rating itself and ends the call.
    rating = [press("2", after_ms=900) for _ in range(20)]
    async with gateway(switchboard.settings.agi_port), sipp.phone(port, phone(talk_ms=500)):
        await sipp.call("12345", caller(number, steps=rating), deadline_s=30)

    lines = queue_log_of(switchboard.queue_log, number)
    assert [line.event for line in lines] == ["ENTERQUEUE", "CONNECT", "COMPLETEAGENT"]
    assert lines[1].agent == "8001"
    greeting_s, rounding_s = 1, 1
    latest = switchboard.settings.entry_timeout_s + greeting_s + rounding_s
    assert lines[0].time_s - arrival_s(switchboard.cel_csv, number) <= latest
    assert ratings_of(switchboard.cel_csv, number) == ["three_step 2"]


async def test_caller_who_does_not_rate_is_let_go(
    switchboard: AsteriskInstance, ami: AmiRecorder
) -> None:
    """A frozen gateway does not keep him in silence: asked twice, then the hotline hangs up."""
    sipp = Sipp(switchboard.sip_port)
    port = free_port()
    await sipp.register("1001", switchboard.secrets.seats["1001"], port)
    await log_in(ami, "1001", "8001")
    async with frozen_agi(switchboard.settings.agi_port), sipp.phone(port, phone(talk_ms=300)):
        await sipp.call("12345", caller("13800000111"), deadline_s=15)
    assert ratings_of(switchboard.cel_csv, "13800000111") == []


async def test_agents_stay_logged_in_over_a_restart_of_the_switchboard(tmp_path: Path) -> None:
    settings = short_settings()
    port = free_port()
    async with running_switchboard(tmp_path, settings) as instance:
        recorder = await AmiRecorder.connect(instance.ami_port, instance.secrets.ami)
        await Sipp(instance.sip_port).register("1001", instance.secrets.seats["1001"], port)
        await log_in(recorder, "1001", "8001")
        await recorder.close()

    async with running_switchboard(tmp_path, settings) as again:
        sipp = Sipp(again.sip_port)
        async with sipp.phone(port, phone(talk_ms=300)):
            await sipp.call("12345", caller("13800000121"), deadline_s=15)
        events = [line.event for line in queue_log_of(again.queue_log, "13800000121")]
    assert events == ["ENTERQUEUE", "CONNECT", "COMPLETEAGENT"]


async def test_caller_who_hangs_up_anywhere_leaves_nothing_behind(
    switchboard: AsteriskInstance, ami: AmiRecorder
) -> None:
    sipp = Sipp(switchboard.sip_port)
    await sipp.register("1001", switchboard.secrets.seats["1001"], free_port())
    await log_in(ami, "1001", "8001", paused=True)
    async with frozen_agi(switchboard.settings.agi_port):
        await sipp.call("12345", caller("13800000131", stay_ms=300))
    await sipp.call("12345", caller("13800000132", stay_ms=300))  # in the greeting
    await sipp.call("12345", caller("13800000133", stay_ms=2500))  # in the queue

    async def silent() -> bool:
        return "0 active channels" in await switchboard.cli("core show channels count")

    await until(silent, bool)
    events = [line.event for line in queue_log_of(switchboard.queue_log, "13800000133")]
    assert events == ["ENTERQUEUE", "ABANDON"]
