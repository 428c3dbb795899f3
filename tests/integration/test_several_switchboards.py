"""Several switchboards on the same engines, each owned by one process, the others standing by (T9).

Gateway ``city`` works for one switchboard, gateway ``both`` for that one and for another, which has
an agent and a telephone of the same numbers.
"""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gateway.auth.roles import Role
from gateway.users import NewUser, create_user
from tests.support.gateway import PASSWORD, Gateway, gateway_on
from tests.support.live import live_page, of, until
from tests.support.played_switch import PlayedSwitch, played_switch

SEAT, BUSY = "/api/v1/seat", {"state": "not_ready", "reason": "小休"}


@dataclass
class Hotline:
    """Two switchboards and two gateways."""

    city: PlayedSwitch
    east: PlayedSwitch
    city_alone: Gateway
    both: Gateway
    pool: asyncpg.Pool

    async def owners(self) -> dict[str, int]:
        """How often each switchboard has had a new owner."""
        rows = await self.pool.fetch("select switchboard, epoch from switchboard_owners")
        return {row["switchboard"]: row["epoch"] for row in rows}


async def add_people(pool: asyncpg.Pool) -> None:
    for login, switchboard in (("li", "city"), ("wang", "east")):
        seat = {"agent": "8001", "extension": "1001", "switchboard": switchboard}
        await create_user(
            pool, NewUser(login=login, role=Role.AGENT, display_name=login, **seat), PASSWORD
        )
    chief = NewUser(
        login="chief",
        role=Role.SUPERVISOR,
        display_name="值班长",
        extension="1003",
        switchboard="city",
    )
    await create_user(pool, chief, PASSWORD)


@pytest.fixture
async def hotline(
    tmp_path: Path, database_dsn: str, redis_url: str, pool: asyncpg.Pool
) -> AsyncIterator[Hotline]:
    """Both gateways ready: the first owns ``city``, the second ``east``."""
    async with AsyncExitStack() as stack:
        city = await stack.enter_async_context(played_switch())
        east = await stack.enter_async_context(played_switch())
        await add_people(pool)
        entries = [
            {"switchboard": "city", "ami_url": city.url},
            {"switchboard": "east", "ami_url": east.url, "district": "东区"},
        ]
        engines = {"database": database_dsn, "redis": redis_url}
        first = _gateway(tmp_path / "first", engines, ami=city.url, switchboard="city")
        second = _gateway(tmp_path / "second", engines, ami=None, switchboards=json.dumps(entries))
        second.arguments = ("run", "--role", "switchboard,web")
        hotline = Hotline(city, east, first, second, pool)
        for gateway, owned in ((first, {"city": 1}), (second, {"city": 1, "east": 1})):
            await gateway.start()
            stack.push_async_callback(gateway.stop)
            await until(hotline.owners, lambda now, owned=owned: now == owned)
        async with first.browser("chief") as chief:
            await until(lambda: chief.get("/api/v1/board"), connected_everywhere)
        yield hotline


def _gateway(directory: Path, engines: dict[str, str], **settings: Any) -> Gateway:
    directory.mkdir()
    return gateway_on(directory, **engines, **settings)


@asynccontextmanager
async def taken(switch: PlayedSwitch, number: str, serial: int) -> AsyncIterator[str]:
    """A call that is answered and up inside the block; its Uniqueid."""
    caller, leg = switch.ring(number, serial)
    switch.answer(caller, leg)
    yield caller.uniqueid
    switch.hang_up(caller, leg)


async def test_one_hotline_of_two_switchboards(hotline: Hotline) -> None:
    city, east = hotline.city, hotline.east
    async with (
        hotline.city_alone.browser("wang") as wang,
        hotline.city_alone.browser("li") as li,
        hotline.both.browser("chief") as chief,
        live_page(wang) as of_wang,
        live_page(li) as of_li,
    ):
        # Each agent's commands reach the switchboard on which his telephone is.
        await wang.put(SEAT, {"state": "ready"})
        assert (len(east.told("QueueAdd")), city.told("QueueAdd")) == (2, [])
        await li.put(SEAT, {"state": "ready"})
        await of_li.until("seat.changed", lambda frame: frame["data"]["state"] == "ready")
        assert [action["MemberName"] for action in city.told("QueueAdd")] == ["8001", "8001"]

        # Two calls at once, of the same Uniqueid, each at the 8001 of its own switchboard.
        async with taken(east, "13800000002", 7) as uniqueid, taken(city, "13800000001", 7):
            told = await of_wang.until("call.answered", of("0002"))
            await of_li.until("call.answered", of("0001"))
            board = await until(lambda: chief.get("/api/v1/board"), talking_everywhere)
        assert (told["data"]["district"], told["data"]["line_mode"]) == ("东区", "main")
        assert told["data"]["call_id"] == f"east-{uniqueid}"
        await of_wang.until("call.ended", of("0002"))
        await of_li.until("call.ended", of("0001"))
        assert callers(of_wang.frames) == {"138****0002"}
        assert callers(of_li.frames) == {"138****0001"}
        seats = [(seat["switchboard"], seat["agent"]) for seat in board["seat_list"]]
        assert seats == [("city", "8001"), ("east", "8001")]
        links = [(link["switchboard"], link["district"]) for link in board["switchboards"]]
        assert links == [("city", ""), ("east", "东区")]

        # The citizen is called back by the switchboard that he called.
        case = {"kind": "help", "title": "路灯不亮", "body": "三天了", "result": "已修"}
        await wang.post("/api/v1/cases", {**case, "call_id": f"east-{uniqueid}"})
        await east.switch.until_told("Originate")
        assert city.told("Originate") == []
        attempt = await hotline.pool.fetchrow("select switchboard, state from survey_attempts")
        assert tuple(attempt) == ("east", "dialling")
        figures = await chief.get("/api/v1/board")
        by_district = figures["splits"]["by_district"]
        assert {row["key"]: row["answered"] for row in by_district} == {"": 1, "东区": 1}


def connected_everywhere(board: dict[str, Any]) -> bool:
    return [link["connected"] for link in board["switchboards"]] == [True, True]


def talking_everywhere(board: dict[str, Any]) -> bool:
    return board["seats"].get("talking") == 2


def callers(frames: list[dict[str, Any]]) -> set[str]:
    return {frame["data"]["caller"] for frame in frames if frame["name"].startswith("call.")}


async def test_a_supervisor_names_the_switchboard_of_a_number_that_several_have(
    hotline: Hotline,
) -> None:
    async with hotline.city_alone.browser("chief") as chief:
        path = "/api/v1/seats/8001"
        async with chief.session.put(f"{path}/state", json=BUSY) as refused:
            assert (refused.status, "指明" in await refused.text()) == (409, True)
        await chief.put(f"{path}/state?switchboard=east", BUSY)
        async with chief.session.post(f"{path}/listen?switchboard=east") as refused:
            assert (refused.status, "另一台" in await refused.text()) == (409, True)
    assert [action["Reason"] for action in hotline.east.told("QueuePause")] == ["小休"]
    assert hotline.city.told("QueuePause") == []
    rows = await hotline.pool.fetch("select detail ->> 'switchboard' from audit_log")
    assert [row[0] for row in rows] == ["east", "east"]


async def test_the_process_that_stands_by_takes_over_the_one_switchboard(
    hotline: Hotline,
) -> None:
    assert hotline.city_alone.process is not None
    async with hotline.both.browser("li") as li, live_page(li) as page:
        await li.put(SEAT, {"state": "ready"})
        hotline.city_alone.kill()
        await hotline.city_alone.process.wait()
        assert await until(hotline.owners, lambda now: now["city"] == 2) == {"city": 2, "east": 1}
        async with taken(hotline.city, "13800000003", 9) as uniqueid:
            await page.until("call.answered", of("0003"))
            pauses = len(hotline.city.told("QueuePause"))
            await li.put(SEAT, BUSY)
            assert len(hotline.city.told("QueuePause")) == pauses + 1
        await page.until("call.ended", of("0003"))
        recorded = "select outcome from calls where call_id = $1"
        call_id = f"city-{uniqueid}"
        await until(lambda: hotline.pool.fetchval(recorded, call_id), lambda now: now == "answered")
    assert hotline.east.told("QueuePause") == []
