"""Two hundred agents who are logged in and whose pages wait for calls."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import asyncpg
from redis.asyncio import Redis

from gateway.auth import sessions
from gateway.auth.passwords import hash_password
from gateway.users import list_users
from tests.support.gateway import PASSWORD, Gateway

FIRST_AGENT = 8001
FIRST_SEAT = 1001
SESSION_S = 3600
GREETED_WITHIN_S = 30.0
AT_ONCE = 40  # handshakes; who is refused in a rush comes back a little later, as a page does
_ADD = """
insert into users (login, password_hash, role, display_name, agent, extension)
values ('agent' || $1, $2, 'agent', '坐席' || $1, $1, $3)
"""


@dataclass(slots=True)
class Pops:
    """What arrived at all pages together."""

    arrived: dict[str, list[tuple[str, float]]] = field(default_factory=dict)  # call -> agent, when
    frames: int = 0
    strangers: int = 0  # frames of events that do not concern the agent who got them
    closed: int = 0  # pages that lost their connection


async def add_agents(dsn: str, count: int) -> None:
    """Agents of consecutive numbers and seats; the same password hash for all saves minutes."""
    hashed = await hash_password(PASSWORD)
    rows = [(str(FIRST_AGENT + n), hashed, str(FIRST_SEAT + n)) for n in range(count)]
    connection = await asyncpg.connect(dsn)
    try:
        await connection.executemany(_ADD, rows)
    finally:
        await connection.close()


async def sessions_of_agents(dsn: str, redis_url: str) -> dict[str, str]:
    """A session for each agent, as the log-in starts it; agent number to session id.

    The log-in itself is left out: it is slow by intention and limited per address.
    """
    connection = await asyncpg.connect(dsn)
    redis = Redis.from_url(redis_url, decode_responses=True)
    try:
        people = [user.person for user in await list_users(connection) if user.person.agent]
        return {
            str(person.agent): await sessions.start(redis, person, lifetime_s=SESSION_S)
            for person in people
        }
    finally:
        await redis.aclose()
        await connection.close()


@asynccontextmanager
async def connected_pages(gateway: Gateway, tokens: dict[str, str]) -> AsyncIterator[Pops]:
    """A page per agent on the live wire; each has had its ``hello`` when the block begins."""
    pops = Pops()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as client, asyncio.TaskGroup() as tasks:
        agents = list(tokens)
        pages = []
        for first in range(0, len(agents), AT_ONCE):
            some = agents[first : first + AT_ONCE]
            opening = (_open(client, gateway.url, agent, tokens[agent]) for agent in some)
            for agent, socket in zip(some, await asyncio.gather(*opening), strict=True):
                pages.append(tasks.create_task(_read(agent, socket, pops)))
        yield pops
        for page in pages:
            page.cancel()


async def _open(
    client: aiohttp.ClientSession, origin: str, agent: str, token: str
) -> aiohttp.ClientWebSocketResponse:
    headers = {"Cookie": f"{sessions.COOKIE}={token}"}
    async with asyncio.timeout(GREETED_WITHIN_S):
        socket = await client.ws_connect(f"{origin}/ws", origin=origin, headers=headers)
        hello = await socket.receive_json()
    assert (hello["name"], hello["data"]["seat"]["agent"]) == ("hello", agent), hello
    return socket


async def _read(agent: str, socket: aiohttp.ClientWebSocketResponse, pops: Pops) -> None:
    async for message in socket:
        _note(agent, json.loads(message.data), time.perf_counter(), pops)
    pops.closed += 1


def _note(agent: str, frame: dict, arrived_at: float, pops: Pops) -> None:
    pops.frames += 1
    data = frame["data"]
    named = {data["agent"], *(part["agent"] for part in data.get("agents", ()))}
    if agent not in named:
        pops.strangers += 1
    if frame["name"] == "call.ringing":
        pops.arrived.setdefault(data["call_id"], []).append((agent, arrived_at))
