"""T9: a city's and a district's switchboard, two real Asterisks with seats of the same numbers."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest

from deploy.embedded.asterisk_process import AsteriskInstance
from gateway.auth.roles import Role
from gateway.users import NewUser, create_user
from tests.support.asterisk import running_switchboard, short_settings
from tests.support.gateway import PASSWORD, Gateway, gateway_on
from tests.support.live import live_page, until
from tests.support.ports import free_port
from tests.support.sipp import Sipp, caller, phone, press
from tests.switchboard.test_whole_loop import CASE, make_ready

NAMES = ("city", "east")
LINES = {"city": "12345", "east": "12348"}


@dataclass
class TwoSwitchboards:
    """One gateway that works for both."""

    gateway: Gateway
    pool: asyncpg.Pool
    boards: dict[str, AsteriskInstance] = field(default_factory=dict)


@pytest.fixture
async def two(
    switchboard_here: None, tmp_path: Path, database_dsn: str, redis_url: str, pool: asyncpg.Pool
) -> AsyncIterator[TwoSwitchboards]:
    """Everything up and ready, an agent 8001 with telephone 1001 at each."""
    agi_port = free_port()
    async with AsyncExitStack() as stack:
        boards = {}
        for number, name in enumerate(NAMES):
            first_rtp = 21_000 + 100 * number
            wanted = short_settings(
                switchboard=name, agi_port=agi_port, rtp_start=first_rtp, rtp_end=first_rtp + 99
            )
            directory = tmp_path / name
            directory.mkdir()
            boards[name] = await stack.enter_async_context(running_switchboard(directory, wanted))
            agent = NewUser(
                login=f"agent-{name}",
                role=Role.AGENT,
                display_name=name,
                agent="8001",
                extension="1001",
                switchboard=name,
            )
            await create_user(pool, agent, PASSWORD)
        await pool.execute(
            "insert into lines values ('12348', '公共法律服务', 'dual', '司法局', '')"
        )
        gateway = gateway_on(
            tmp_path,
            database=database_dsn,
            redis=redis_url,
            ami=None,
            agi_port=agi_port,
            switchboards=json.dumps([entry(name, board) for name, board in boards.items()]),
        )
        await gateway.start()
        stack.push_async_callback(gateway.stop)
        async with gateway.browser("agent-city") as agent:
            await until(lambda: agent.get("/readyz"), ready_everywhere)
        yield TwoSwitchboards(gateway, pool, boards)


def ready_everywhere(found: dict[str, Any]) -> bool:
    return all(component["ready"] for component in found["components"].values())


def entry(name: str, board: AsteriskInstance) -> dict[str, str]:
    secret = quote(board.secrets.ami, safe="")
    return {
        "switchboard": name,
        "district": "东区" if name == "east" else "",
        "ami_url": f"ami://hotline:{secret}@127.0.0.1:{board.ami_port}",
        "queue_log": str(board.queue_log),
        "cel_csv": str(board.cel_csv),
    }


async def serve_a_call(two: TwoSwitchboards, name: str) -> dict[str, Any]:
    """Call, case, rating, callback at one switchboard; the case as it is then."""
    board, seat = two.boards[name], free_port()
    sipp = Sipp(board.sip_port)
    await sipp.register("1001", board.secrets.seats["1001"], seat)
    keys = [press("1", after_ms=700) for _ in range(12)]
    survey = phone(ring_ms=300, steps=[press("1", after_ms=700) for _ in range(14)])
    number = f"1380000000{NAMES.index(name)}"
    async with (
        two.gateway.browser(f"agent-{name}") as agent,
        live_page(agent) as page,
        sipp.phone(seat, phone(ring_ms=500, talk_ms=1500)),
        sipp.phone(board.settings.trunk_port, survey),
    ):
        await make_ready(agent, page)
        calling = asyncio.create_task(sipp.call(LINES[name], caller(number, steps=keys)))
        answered = await page.until("call.answered")
        new = CASE | {"call_id": answered["data"]["call_id"], "result": "已派维修"}
        case = await agent.post("/api/v1/cases", new)
        case = await until(
            lambda: agent.get(f"/api/v1/cases/{case['case_no']}"),
            lambda found: found["rating"] and found["survey"] and found["survey"][0]["outcome"],
        )
        await calling
        told = {frame["data"]["call_id"] for frame in page.frames if "call." in frame["name"]}
        assert told == {answered["data"]["call_id"]}, "of the other 8001 nothing is told"
        return dict(case)


async def test_city_and_district_beside_each_other(two: TwoSwitchboards) -> None:
    cases = await asyncio.gather(*(serve_a_call(two, name) for name in NAMES))
    for name, case in zip(NAMES, cases, strict=True):
        assert case["call_id"].startswith(f"{name}-")
        assert case["rating"]["answer"] == "satisfied"
        assert [attempt["outcome"] for attempt in case["survey"]] == ["completed"]
    rows = await two.pool.fetch(
        "select switchboard, line, line_mode, district, outcome from calls order by switchboard"
    )
    assert [tuple(row) for row in rows] == [
        ("city", "12345", "main", "", "answered"),
        ("east", "12348", "dual", "东区", "answered"),
    ]
    dialled = "select switchboard from survey_attempts order by switchboard"
    assert [row[0] for row in await two.pool.fetch(dialled)] == list(NAMES)
