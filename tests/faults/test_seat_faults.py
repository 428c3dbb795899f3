"""FAULTS 15, 16, 19, 20: lists come late or lie, events are missing, a thousand seats reload."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from gateway.switchboard_watch import SwitchboardWatch
from telephony.link import Link, LinkSink, LinkStatus
from tests.support.capture import AmiRecorder
from tests.support.live import live_page, until
from tests.support.ports import free_port
from tests.support.sipp import Sipp, caller, phone
from tests.support.system import System, running_system
from tests.unit.telephony.scripted_switch import items, scripted_switch
from tests.unit.telephony.story import Story
from tests.unit.telephony.test_calls import queued
from tests.unit.telephony.test_link import FAST, said
from tests.unit.telephony.tracking import new_tracker

SWEPT_WITHIN_S = 30
MEMBERS = 1000
LAG_S = 2.0
here = [pytest.mark.switchboard, pytest.mark.usefixtures("switchboard_here")]


async def rows(dsn: str, query: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(query)
    finally:
        await connection.close()


async def at_work(system: System) -> int:
    """Agent 8001 is logged in at a registered phone; its port."""
    port = free_port()
    board = system.switchboard
    await Sipp(board.sip_port).register("1001", board.secrets.seats["1001"], port)
    async with system.gateway.browser("agent8001") as api:
        await api.put("/api/v1/seat", {"state": "ready"})
    return port


class TestSnapshotRace:
    """FAULTS 15."""

    pytestmark = here

    async def test_calls_end_and_begin_while_the_list_is_on_its_way(
        self, tmp_path: Path, database_dsn: str, redis_url: str
    ) -> None:
        async with running_system(tmp_path, database_dsn, redis_url, proxied=True) as system:
            proxy, sipp = system.proxy, Sipp(system.switchboard.sip_port)
            assert proxy is not None
            async with asyncio.TaskGroup() as calls, system.gateway.browser("chief") as chief:
                port = await at_work(system)
                async with sipp.phone(port, phone(talk_ms=60_000)), live_page(chief) as page:
                    before = sipp.call("12345", caller("13800000151", stay_ms=6000))
                    before_task = calls.create_task(before)
                    await page.until("call.answered")
                    proxy.delayed = (b"Event: CoreShowChannel",)
                    connections = proxy.connections
                    proxy.cut()
                    await until(lambda: _now(proxy.connections), lambda now: now > connections)
                    # One call is listed and ends before the list comes, one begins meanwhile.
                    after = calls.create_task(
                        sipp.call("12345", caller("13800000152", stay_ms=5000))
                    )
                    await before_task
                    proxy.release()
                    await page.until(
                        "call.queued", lambda one: one["data"]["caller"] == "138****0152"
                    )
                    await after
                found = await until(
                    lambda: rows(database_dsn, "select * from calls order by arrived_at"),
                    lambda calls: len(calls) == 2 and all(call["ended_at"] for call in calls),
                    15,
                )
                assert [call["caller"] for call in found] == ["13800000151", "13800000152"]
                assert found[0]["outcome"] == "answered"
                assert await chief.get("/api/v1/board") is not None
                counted = [frame for frame in page.frames if frame["name"] == "call.arrived"]
                assert len({frame["data"]["call_id"] for frame in counted}) == 2


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


@pytest.mark.switchboard
@pytest.mark.usefixtures("switchboard_here")
@pytest.mark.parametrize("missing", ENDINGS)
async def test_no_seat_stays_stuck(
    tmp_path: Path, database_dsn: str, redis_url: str, missing: str
) -> None:
    """FAULTS 19."""
    async with running_system(
        tmp_path, database_dsn, redis_url, proxied=True, switchboard={"rating_timeout_s": 1}
    ) as system:
        proxy, sipp = system.proxy, Sipp(system.switchboard.sip_port)
        assert proxy is not None
        port = await at_work(system)
        async with (
            sipp.phone(port, phone(talk_ms=1500)),
            system.gateway.browser("agent8001") as api,
            live_page(api) as page,
        ):
            proxy.dropped = ENDINGS[missing]
            await sipp.call("12345", caller("13800000191", stay_ms=20_000))
            assert proxy.lost > 0
            talking = await page.until(
                "seat.changed", lambda one: one["data"]["state"] == "talking"
            )

            async def seat() -> str:
                return str((await api.get("/api/v1/seat"))["state"])

            if missing != "AgentComplete":
                assert await seat() == "talking"
            assert talking["data"]["call_id"]
            await until(seat, lambda state: state == "ready", SWEPT_WITHIN_S)
        [call] = await until(
            lambda: rows(database_dsn, "select * from calls"),
            lambda calls: all(call["ended_at"] for call in calls),
        )
    [part] = json.loads(call["agents"])
    assert (call["outcome"], part["agent"]) == ("answered", "8001")


@pytest.mark.switchboard
@pytest.mark.usefixtures("switchboard_here")
async def test_a_thousand_members_are_reloaded(
    tmp_path: Path, database_dsn: str, redis_url: str
) -> None:
    """FAULTS 20: what an agent does meanwhile is on his page within two seconds."""
    async with running_system(tmp_path, database_dsn, redis_url) as system:
        board = system.switchboard
        ami = await AmiRecorder.connect(board.ami_port, board.secrets.ami)
        await at_work(system)
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
                    await ami.action(
                        "QueuePause", Interface="PJSIP/1001", Paused="true", Reason=reason
                    )
                    told = await page.until(
                        "seat.changed", lambda one, reason=reason: one["data"]["reason"] == reason
                    )
                    lag = datetime.now(UTC) - datetime.fromisoformat(told["at"])
                    assert lag.total_seconds() < LAG_S
                wanted = MEMBERS if round_ == 0 else 0
                await until(
                    lambda: chief.get("/api/v1/seats"),
                    lambda seats, wanted=wanted: (
                        sum(
                            seat["agent"].startswith("9") and bool(seat["queues"]) for seat in seats
                        )
                        == wanted
                    ),
                    10,
                )
        await ami.close()
