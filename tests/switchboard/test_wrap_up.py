"""Wrap-up (话后处理) against a real Asterisk (REQUIREMENTS T3).

It ends by time or by hand, and calls come again at that instant, with the gateway or without it.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

import pytest
import pytest_asyncio

from telephony.seats.seat import WRAP_UP_REASON
from telephony.seats.tracker import ORPHANED_AFTER_S
from tests.support.capture import AmiRecorder
from tests.support.gateway import Api
from tests.support.live import Frame, LivePage, live_page, until
from tests.support.ports import free_ports
from tests.support.postgres import copied_database
from tests.support.sipp import Sipp, caller, phone
from tests.support.system import System, running_system

pytestmark = [pytest.mark.switchboard, pytest.mark.asyncio(loop_scope="module")]

WRAP_UP_S = 3
NEXT_CALL_S = 1.8  # app_queue offers a waiting call once a second, and the phone rings a moment
CLOCKS_S = 0.1  # the gateway reckons the switchboard's clock from its pings
_numbers = count(1)

Standing = dict[tuple[str, str], str | None]


@dataclass
class Floor:
    """Agent 8001 at 1001, whose telephone answers and hangs up soon; another one at 1004."""

    system: System
    ami: AmiRecorder
    calls: list[asyncio.Task[None]] = field(default_factory=list)

    @asynccontextmanager
    async def desk(self) -> AsyncIterator[tuple[Api, LivePage]]:
        """The agent's browser."""
        async with self.system.gateway.browser("agent8001") as api, live_page(api) as page:
            yield api, page

    def call(self) -> None:
        """A citizen calls and stays until he is hung up on."""
        sipp = Sipp(self.system.switchboard.sip_port)
        number = f"1390000{next(_numbers):04d}"
        self.calls.append(asyncio.create_task(sipp.call("12345", caller(number, stay_ms=60_000))))

    async def served(self) -> None:
        """All the calls are over."""
        await asyncio.gather(*self.calls)
        self.calls.clear()

    async def standing(self) -> Standing:
        """Reason of each member's pause by queue and interface, ``None`` where it is not paused."""
        start = self.ami.mark()
        await self.ami.list_action("QueueStatus", "QueueStatusComplete")
        found: Standing = {}
        for message in bytes(self.ami.raw[start:]).decode().split("\r\n\r\n"):
            if message.startswith("Event: QueueMember\r\n"):
                said = dict(re.findall(r"\r\n([A-Za-z]+): ([^\r]*)", message))
                reason = said["PausedReason"] if said["Paused"] == "1" else None
                found[said["Queue"], said["Location"]] = reason
        return found


BOTH = (("12345", "PJSIP/1001"), ("expert", "PJSIP/1001"))
HELD: Standing = dict.fromkeys(BOTH, WRAP_UP_REASON)
READY: Standing = dict.fromkeys(BOTH)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def floor(
    switchboard_here: None,
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: str,
    template_database: str,
    redis_server: str,
) -> AsyncIterator[Floor]:
    """One floor for all tests here."""
    directory = tmp_path_factory.mktemp("wrap-up")
    async for dsn in copied_database(postgres_server, template_database):
        async with running_system(
            directory,
            dsn,
            redis_server,
            switchboard={"wrapup_s": 1, "rating_timeout_s": 1},
            wrap_up_s=WRAP_UP_S,
        ) as system:
            board = system.switchboard
            ami = await AmiRecorder.connect(board.ami_port, board.secrets.ami)
            sipp, ports = Sipp(board.sip_port), free_ports(2)
            for seat, port in zip(("1001", "1004"), ports, strict=True):
                await sipp.register(seat, board.secrets.seats[seat], port)
            async with (
                sipp.phone(ports[0], phone(ring_ms=100, talk_ms=500)),
                sipp.phone(ports[1], phone(ring_ms=100, talk_ms=500)),
            ):
                running = Floor(system, ami)
                yield running
            await running.ami.close()


def seat(state: str, since: Frame | None = None) -> Callable[[Frame], bool]:
    """Frames of a seat that enters ``state``, later than ``since``."""
    after = since["at"] if since else ""
    return lambda frame: frame["data"]["state"] == state and frame["at"] > after


def seconds(one: Frame, other: Frame) -> float:
    """From one event to the other, by the switchboard's clock."""
    begin, end = (datetime.fromisoformat(frame["at"]) for frame in (one, other))
    return (end - begin).total_seconds()


async def wraps_up(floor: Floor, api: Api, page: LivePage) -> tuple[Frame, Frame]:
    """Agent 8001 has had a call and the switchboard holds the next one back: talk, wrap-up."""
    await api.put("/api/v1/seat", {"state": "ready", "extensions": ["1001"]})
    floor.call()
    talking = await page.until("seat.changed", seat("talking"))
    resting = await page.until("seat.changed", seat("wrap_up", talking))
    await until(floor.standing, lambda now: now == HELD)
    return talking, resting


async def test_by_time(floor: Floor) -> None:
    async with floor.desk() as (api, page):
        talking, resting = await wraps_up(floor, api, page)
        floor.call()
        again = await page.until("seat.changed", seat("ringing", resting))
        rested_s = seconds(resting, again)
        assert WRAP_UP_S - CLOCKS_S <= rested_s < WRAP_UP_S + NEXT_CALL_S
        ready = await page.until("seat.changed", seat("ready", resting))
        await floor.served()
        call = await api.get(f"/api/v1/calls/{talking['data']['call_id']}")
        [spent], [part] = call["seats"], call["agents"]
        assert spent["wrap_up_s"] == pytest.approx(seconds(resting, ready), abs=1)
        assert spent["talk_s"] == pytest.approx(part["talk_s"], abs=1)


async def test_by_hand_the_next_call_comes_at_once(floor: Floor) -> None:
    async with floor.desk() as (api, page):
        _, resting = await wraps_up(floor, api, page)
        floor.call()
        await api.post("/api/v1/seat/wrap-up/finish", {})
        ready = await page.until("seat.changed", seat("ready", resting))
        again = await page.until("seat.changed", seat("ringing", ready))
        assert seconds(resting, again) < WRAP_UP_S
        await floor.served()


async def test_prolonged_until_a_supervisor_ends_it(floor: Floor) -> None:
    async with floor.desk() as (api, page), floor.system.gateway.browser("chief") as chief:
        await wraps_up(floor, api, page)
        await api.post("/api/v1/seat/wrap-up/prolong", {})
        await asyncio.sleep(WRAP_UP_S + 0.5)  # the first timer is over
        assert await floor.standing() == HELD
        await chief.put("/api/v1/seats/8001/state", {"state": "ready"})
        await until(floor.standing, lambda now: now == READY)
        await floor.served()


async def test_a_break_taken_in_wrap_up_outlasts_it(floor: Floor) -> None:
    async with floor.desk() as (api, page):
        await wraps_up(floor, api, page)
        await api.put("/api/v1/seat", {"state": "not_ready", "reason": "小休"})
        await floor.served()
        timers = rb"Local/1001@wrap-up"

        async def channels() -> bytes:
            start = floor.ami.mark()
            await floor.ami.list_action("CoreShowChannels", "CoreShowChannelsComplete")
            return bytes(floor.ami.raw[start:])

        await until(channels, lambda listed: timers not in listed)
        assert await floor.standing() == dict.fromkeys(BOTH, "小休")


async def test_gateway_killed_in_wrap_up(floor: Floor) -> None:
    """Callers do not wait for a gateway: the switchboard makes the agent ready by itself."""
    gateway = floor.system.gateway
    async with floor.desk() as (api, page):
        await wraps_up(floor, api, page)
        gateway.kill()
        await gateway.stop()
    since = floor.ami.mark()
    floor.call()
    await floor.ami.until(rb"Event: AgentConnect", since=since, deadline_s=WRAP_UP_S + 6)
    await floor.served()
    await gateway.start()
    async with floor.desk() as (api, page):
        await until(lambda: api.get("/api/v1/seat"), lambda now: now["state"] == "ready")
        assert await floor.standing() == READY


async def test_switchboard_restarted_in_wrap_up(floor: Floor) -> None:
    """Asterisk keeps the pauses over its restart and loses their timers."""
    async with floor.desk() as (api, page):
        await wraps_up(floor, api, page)
        await floor.served()
        await floor.ami.close()
        board = floor.system.switchboard
        await board.stop()
        await board.start()
        floor.ami = await AmiRecorder.connect(board.ami_port, board.secrets.ami)
        await until(floor.standing, lambda now: now == READY)
        await floor.system.gateway.until_ready()


async def test_moving_to_another_phone(floor: Floor) -> None:
    async with floor.desk() as (api, page):
        await api.put("/api/v1/seat", {"state": "ready", "extensions": ["1001"]})
        await api.put("/api/v1/seat", {"state": "ready", "extensions": ["1004"]})
        moved = dict.fromkeys((queue, "PJSIP/1004") for queue, _ in BOTH)
        assert await floor.standing() == moved
        now = await until(
            lambda: api.get("/api/v1/seat"), lambda now: now["extensions"] == ["1004"]
        )
        assert now["state"] == "ready"
        floor.call()
        await page.until("seat.changed", seat("talking"))
        async with (
            floor.system.gateway.browser("agent8002") as other,
            other.session.put(
                "/api/v1/seat", json={"state": "ready", "extensions": ["1004"]}
            ) as answer,
        ):
            assert answer.status == 409
            assert (await answer.json())["detail"] == "该分机已有其他坐席签入"
        await floor.served()


async def test_different_queues_for_different_seats(floor: Floor) -> None:
    async with floor.desk() as (api, _), floor.system.gateway.browser("chief") as chief:
        await api.put(
            "/api/v1/seat", {"state": "not_ready", "reason": "会议", "extensions": ["1001"]}
        )
        await chief.put("/api/v1/seats/8001/queues", {"queues": ["expert"]})
        assert await floor.standing() == {("expert", "PJSIP/1001"): "会议"}
        await chief.put("/api/v1/seats/8001/queues", {"queues": []})
        assert await floor.standing() == dict.fromkeys(BOTH, "会议")


async def test_no_second_call_at_the_other_phone(floor: Floor) -> None:
    """With two phones at once the free one does not ring while the agent talks at the other."""
    board, extensions = floor.system.switchboard, ("1002", "1003")
    sipp, ports = Sipp(board.sip_port), free_ports(2)
    for extension, port in zip(extensions, ports, strict=True):
        await sipp.register(extension, board.secrets.seats[extension], port)
    async with (
        sipp.phone(ports[0], phone(ring_ms=100, talk_ms=2500)),
        sipp.phone(ports[1], phone(ring_ms=100, talk_ms=2500)),
        floor.desk() as (api, page),
    ):
        await api.put("/api/v1/seat", {"state": "ready", "extensions": list(extensions)})
        floor.call()
        talking = await page.until("seat.changed", seat("talking"))
        floor.call()
        resting = await page.until("seat.changed", seat("wrap_up", talking))
        again = await page.until("seat.changed", seat("ringing", resting))
        # It waited while he talked and while he wrapped up, and no phone rang for it.
        assert seconds(talking, resting) == pytest.approx(2.5, abs=1)
        assert seconds(resting, again) >= WRAP_UP_S - CLOCKS_S
        await floor.served()
        between = [
            frame["data"]["state"]
            for frame in page.frames
            if frame["name"] == "seat.changed" and talking["at"] < frame["at"] < again["at"]
        ]
        assert set(between) <= {"wrap_up", "ready"}
        missed = [frame for frame in page.frames if frame["name"] == "call.ring_missed"]
        assert not missed


async def test_a_pause_whose_timer_is_gone_is_ended(floor: Floor) -> None:
    async with floor.desk() as (api, page):
        await api.put("/api/v1/seat", {"state": "ready", "extensions": ["1001"]})
        await floor.ami.action(
            "QueuePause", Interface="PJSIP/1001", Paused="true", Reason=WRAP_UP_REASON
        )
        await page.until("seat.changed", seat("wrap_up"))
        await asyncio.sleep(ORPHANED_AFTER_S + 1)  # it counts as forsaken from then on
        await floor.system.switchboard.cli("module reload app_queue.so")  # brings a snapshot
        await until(floor.standing, lambda now: now == READY)
        assert "hotline_wrap_ups_forsaken_total" in await floor.system.gateway.metrics()
