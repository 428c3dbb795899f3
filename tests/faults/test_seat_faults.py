"""FAULTS 15, 16, 19, 20: lists come late or lie, events are missing, a thousand seats reload."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry, generate_latest

from gateway.switchboard_watch import SwitchboardWatch
from telephony.link import Link, LinkSink, LinkStatus
from tests.support.capture import AmiRecorder
from tests.support.live import live_page, until
from tests.support.ports import free_port
from tests.support.postgres import copied_database
from tests.support.sipp import Sipp, caller, phone
from tests.support.system import System, running_system
from tests.unit.telephony.scenes import queued
from tests.unit.telephony.scripted_switch import items, scripted_switch
from tests.unit.telephony.story import Story
from tests.unit.telephony.test_link import FAST, said
from tests.unit.telephony.tracking import new_tracker

SWEPT_WITHIN_S = 30
MEMBERS = 1000
LAG_S = 2.0
here = [
    pytest.mark.switchboard,
    pytest.mark.usefixtures("switchboard_here"),
    pytest.mark.asyncio(loop_scope="module"),
]


def on_the_floor(test: Any) -> Any:
    """A test with a real Asterisk, in the loop of the one system that serves all of them."""
    for mark in here:
        test = mark(test)
    return test


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def floor(
    switchboard_here: None,
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: str,
    template_database: str,
    redis_server: str,
) -> AsyncIterator[tuple[System, int]]:
    """One system for all tests here; agent 8001's phone is registered at the port."""
    directory = tmp_path_factory.mktemp("seat-faults")
    async for dsn in copied_database(postgres_server, template_database):
        async with running_system(
            directory, dsn, redis_server, proxied=True, switchboard={"rating_timeout_s": 1}
        ) as system:
            port, board = free_port(), system.switchboard
            await Sipp(board.sip_port).register("1001", board.secrets.seats["1001"], port)
            async with system.gateway.browser("agent8001") as api:
                await api.put("/api/v1/seat", {"state": "ready"})
            yield system, port


async def rows(system: System, number: str) -> list[asyncpg.Record]:
    """The calls of this caller."""
    connection = await asyncpg.connect(system.database_dsn)
    try:
        return await connection.fetch("select * from calls where caller = $1", number)
    finally:
        await connection.close()


async def ended(system: System, number: str) -> asyncpg.Record:
    """The one call of this caller, once its end is recorded."""
    [call] = await until(
        lambda: rows(system, number),
        lambda calls: len(calls) == 1 and calls[0]["ended_at"] is not None,
    )
    return call


@on_the_floor
async def test_calls_end_and_begin_while_the_list_is_on_its_way(floor: tuple[System, int]) -> None:
    """FAULTS 15."""
    system, port = floor
    proxy, sipp = system.proxy, Sipp(system.switchboard.sip_port)
    assert proxy is not None
    async with (
        system.gateway.browser("chief") as chief,
        sipp.phone(port, phone(talk_ms=60_000)),
        live_page(chief) as page,
        asyncio.TaskGroup() as calls,
    ):
        first = calls.create_task(sipp.call("12345", caller("13800000151", stay_ms=4000)))
        await page.until("call.answered")
        proxy.delayed = (b"Event: CoreShowChannel",)
        connections = proxy.connections
        proxy.cut()
        await until(lambda: _now(proxy.connections), lambda now: now > connections)
        # One call is listed and ends before the list comes, one begins meanwhile.
        calls.create_task(sipp.call("12345", caller("13800000152", stay_ms=3500)))
        await first
        proxy.release()
        await page.until("call.queued", lambda one: one["data"]["caller"] == "138****0152")
    assert (await ended(system, "13800000151"))["outcome"] == "answered"
    await ended(system, "13800000152")
    arrived = [frame for frame in page.frames if frame["name"] == "call.arrived"]
    assert len({frame["data"]["call_id"] for frame in arrived}) == 2


async def _now(value: int) -> int:
    return value


async def test_phantom_channel_is_quarantined_and_told() -> None:
    """FAULTS 16: a channel that was hung up stays in the list."""
    watch, registry = SwitchboardWatch(), CollectorRegistry()
    registry.register(watch)
    up = asyncio.Event()
    sink = LinkSink(
        on_events=list,
        on_state=lambda state: up.set() if state.status is LinkStatus.UP else None,
        on_lost=list,
        on_restored=lambda restored: watch.saw(restored.quarantined, len(restored.orphans)),
    )
    async with scripted_switch() as switch:
        link = Link(switch.endpoint, new_tracker(), sink, FAST)
        task = asyncio.create_task(link.run())
        await asyncio.wait_for(up.wait(), 5)
        story = Story()
        story.now = link.switch_now() - 3
        leg = queued(story)
        lines = (f"{key}: {value}" for key, value in leg.headers())
        listed = "\r\n".join(("Event: CoreShowChannel", *lines))
        story.hangup(leg)
        switch.send(said(story.messages))
        switch.answers["CoreShowChannels"] = items(listed)

        async def metrics() -> str:
            return generate_latest(registry).decode()

        await until(metrics, lambda text: "hotline_phantom_channels 1.0" in text, 5)
        assert not link.tracker.open_calls(link.switch_now())
        switch.answers["CoreShowChannels"] = items()
        await until(metrics, lambda text: "hotline_phantom_channels 0.0" in text, 5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


ENDINGS = {
    "AgentComplete": (b"Event: AgentComplete",),
    "every sign of the end": (
        b"Event: AgentComplete",
        b"Event: BridgeLeave",
        b"Event: BridgeDestroy",
        b"Event: Hangup",
        b"Event: QueueMemberStatus",
        b"Event: DeviceStateChange",
    ),
}


@on_the_floor
@pytest.mark.parametrize("missing", ENDINGS)
async def test_no_seat_stays_stuck(floor: tuple[System, int], missing: str) -> None:
    """FAULTS 19."""
    system, port = floor
    proxy, sipp, number = (
        system.proxy,
        Sipp(system.switchboard.sip_port),
        f"1380000019{len(missing)}",
    )
    assert proxy is not None
    async with (
        sipp.phone(port, phone(talk_ms=1000)),
        system.gateway.browser("agent8001") as api,
        live_page(api) as page,
    ):
        proxy.dropped = ENDINGS[missing]
        await sipp.call("12345", caller(number, stay_ms=20_000))
        assert proxy.lost > 0
        await page.until("seat.changed", lambda one: one["data"]["state"] == "talking")

        async def seat() -> str:
            return str((await api.get("/api/v1/seat"))["state"])

        if missing != "AgentComplete":
            assert await seat() == "talking"
        await until(seat, lambda state: state == "ready", SWEPT_WITHIN_S)
        proxy.dropped = ()
    call = await ended(system, number)
    [part] = json.loads(call["agents"])
    assert (call["outcome"], part["agent"]) == ("answered", "8001")


@on_the_floor
async def test_a_thousand_members_are_reloaded(floor: tuple[System, int]) -> None:
    """FAULTS 20: what an agent does meanwhile is on his page within two seconds."""
    system, _ = floor
    board = system.switchboard
    ami = await AmiRecorder.connect(board.ami_port, board.secrets.ami)
    queues = board.directory / "srv" / "etc" / "queues.conf"
    text = queues.read_text("utf-8")
    members = "\n".join(f"member => PJSIP/2{n:03d},0,9{n:03d}" for n in range(MEMBERS))
    async with (
        system.gateway.browser("agent8001") as api,
        live_page(api) as page,
        system.gateway.browser("chief") as chief,
    ):
        for round_, content in enumerate((f"{text}\n{members}\n", text)):
            queues.write_text(content, "utf-8")
            await board.cli("module reload app_queue.so")
            for number in range(4):
                reason = f"{round_}{number}"
                await ami.action("QueuePause", Interface="PJSIP/1001", Paused="true", Reason=reason)
                told = await page.until(
                    "seat.changed", lambda one, reason=reason: one["data"]["reason"] == reason
                )
                lag = datetime.now(UTC) - datetime.fromisoformat(told["at"])
                assert lag.total_seconds() < LAG_S
            wanted = MEMBERS if round_ == 0 else 0
            await until(
                lambda: chief.get("/api/v1/seats"),
                lambda seats, wanted=wanted: (
                    sum(seat["agent"].startswith("9") and bool(seat["queues"]) for seat in seats)
                    == wanted
                ),
                10,
            )
    await ami.close()
