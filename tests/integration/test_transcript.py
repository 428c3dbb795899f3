"""The real program without a switchboard: a transcript's calls happen, commands are refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from gateway.transcript import read_messages
from telephony.clock import timestamp
from tests.support.gateway import Gateway, add_people, gateway_on
from tests.support.live import live_page, until

WIRE = Path(__file__).parents[1] / "wire"
# One call that is answered and one that is still up when the file ends.
LENGTH_S = 5.0


def short_transcript(directory: Path) -> Path:
    """The beginning of a capture."""
    messages = list(read_messages(WIRE / "mixed.ami"))
    first = next(at for raw in messages if (at := timestamp(raw)) is not None)
    kept = [raw for raw in messages if (timestamp(raw) or first) < first + LENGTH_S]
    file = directory / "short.ami"
    file.write_bytes(b"".join(raw + b"\r\n\r\n" for raw in kept))
    return file


@asynccontextmanager
async def replaying(directory: Path, dsn: str, redis_url: str) -> AsyncIterator[Gateway]:
    """A gateway of all roles, with people, that replays the short transcript."""
    await add_people(dsn)
    transcript = short_transcript(directory)
    gateway = gateway_on(directory, database=dsn, redis=redis_url, ami=None, transcript=transcript)
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop()


async def rows(dsn: str) -> list[Any]:
    """All recorded calls, oldest first."""
    connection = await asyncpg.connect(dsn)
    try:
        return list(await connection.fetch("select * from calls order by arrived_at"))
    finally:
        await connection.close()


def answered(found: list[Any]) -> list[Any]:
    return [row for row in found if row["outcome"] == "answered"]


def unseen(found: list[Any]) -> list[Any]:
    return [row for row in found if row["outcome"] == "unseen"]


async def test_calls_happen_over_and_over(
    tmp_path: Path, database_dsn: str, redis_url: str
) -> None:
    async with replaying(tmp_path, database_dsn, redis_url) as gateway:
        async with gateway.browser("chief") as chief, live_page(chief) as page:
            ringing = await page.until("call.ringing")
            assert ringing["data"]["call_id"].startswith("sb1-transcript-")
            assert ringing["data"]["caller"] == "138****0001"
            await page.until("seat.changed", lambda frame: frame["data"]["state"] == "talking")
            board = await chief.get("/api/v1/board")
            assert [link["connected"] for link in board["switchboards"]] == [True]
            assert {"8001", "8002", "8003"} <= {seat["agent"] for seat in board["seat_list"]}
            found = await until(lambda: rows(database_dsn), lambda now: len(answered(now)) >= 3)
            listed = await chief.get("/api/v1/calls")
        ids = [row["call_id"] for row in found]
        assert len(set(ids)) == len(ids)
        assert set(ids) <= {call["call_id"] for call in listed}
        # What the file leaves up ends with its round; the answered call is the same every time.
        assert len(unseen(found)) >= len(answered(found)) - 2
        assert len({(row["caller"], row["queue"], row["agent"]) for row in answered(found)}) == 1
        await assert_said_clearly(gateway)
        starts = [row["arrived_at"].timestamp() for row in answered(found)]
        assert min(b - a for a, b in pairwise(starts)) >= LENGTH_S - 1


async def assert_said_clearly(gateway: Gateway) -> None:
    """Readiness and the terminal tell that this is no switchboard and what does not work."""
    url = f"{gateway.url}/readyz"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        switchboard = (await answer.json())["components"]["switchboard"]
    assert switchboard == {
        "ready": True,
        "detail": "the transcript short.ami is replayed, there is no switchboard",
    }
    said = " ".join(gateway.log.read_text("utf-8").split())
    assert "no call can be placed, the commands of seats are refused" in said
    assert "nobody is called back and nobody rates" in said


async def test_what_needs_a_switchboard_is_not_done(
    tmp_path: Path, database_dsn: str, redis_url: str
) -> None:
    async with (
        replaying(tmp_path, database_dsn, redis_url) as gateway,
        gateway.browser("agent8001") as agent,
        live_page(agent) as page,
    ):
        async with agent.session.put("/api/v1/seat", json={"state": "ready"}) as answer:
            problem = await answer.json()
        assert (answer.status, problem["detail"]) == (
            409,
            "当前回放的是录制的通话，没有连接真实的交换机，坐席操作不可用",
        )
        ended = await page.until("call.ended", lambda frame: bool(frame["data"]["agents"]))
        case = await agent.post(
            "/api/v1/cases",
            {
                "call_id": ended["data"]["call_id"],
                "kind": "consultation",
                "title": "咨询",
                "body": "咨询办理时间",
                "result": "已答复",
            },
        )
        assert case["state"] == "closed"
    connection = await asyncpg.connect(database_dsn)
    try:
        (caller,) = await connection.fetchrow("select caller from cases")
        jobs = await connection.fetchval("select count(*) from pgqueuer")
        attempts = await connection.fetchval("select count(*) from survey_attempts")
    finally:
        await connection.close()
    assert (caller, jobs, attempts) == ("13800000001", 0, 0)


async def test_killed_in_the_middle(tmp_path: Path, database_dsn: str, redis_url: str) -> None:
    """What was up then is closed at the next start."""
    async with replaying(tmp_path, database_dsn, redis_url) as gateway:
        (up,) = await until(
            lambda: rows(database_dsn), lambda now: len(now) == 1 and now[0]["outcome"] is None
        )
        gateway.kill()
        await asyncio.wait_for(gateway.stop(), 10)
        await gateway.start()

        async def outcome_now() -> object:
            return {row["call_id"]: row["outcome"] for row in await rows(database_dsn)}[
                up["call_id"]
            ]

        await until(outcome_now, lambda outcome: outcome == "unseen")
