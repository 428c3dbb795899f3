"""Everything the endpoints work with, handed over explicitly."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import asyncpg
from aiohttp import web
from redis.asyncio import Redis

from gateway.commands import Command
from gateway.http.sockets import SocketHub
from gateway.live_state import Fields, Link, LiveCall
from gateway.readiness import Readiness
from gateway.settings import Settings
from ticketing.case import Case

ACQUIRE_TIMEOUT_S = 2.0


class Commands(Protocol):
    """Way to the switchboards (`gateway.commands.RedisCommands`)."""

    async def send(self, switchboard: str, command: Command) -> None:
        """Raises `CommandRefusedError` or `CommandSilentError`."""


class LiveState(Protocol):
    """What goes on now (`gateway.live_state.RedisLiveState`)."""

    async def seats(self) -> list[Fields]:
        """Every seat that was seen."""

    async def seat(self, switchboard: str, agent: str) -> Fields | None:
        """One seat."""

    async def calls(self) -> list[Fields]:
        """Every call that is up."""

    async def call(self, call_id: str) -> LiveCall | None:
        """A call of the last hours."""

    async def link(self, switchboard: str) -> Link:
        """The connection to a switchboard."""

    async def links(self) -> list[Link]:
        """The connections to all of them."""


CaseClosed = Callable[[Any, Case], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the HTTP surface needs from the rest of the program.

    ``redis`` comes from `gateway.redis_client`. ``on_case_closed`` is called with the connection
    and the case inside the closing transaction, to enqueue what must follow. ``hub.run()`` is run
    by whoever made the hub.
    """

    pool: "asyncpg.Pool[asyncpg.Record]"
    redis: Redis
    commands: Commands
    live: LiveState
    hub: SocketHub
    readiness: Readiness
    on_case_closed: CaseClosed
    clock: Callable[[], datetime]

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Any]:
        """A connection of the pool; raises `TimeoutError` when there is none in time."""
        async with self.pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection:
            yield connection


SERVICES: web.AppKey[Services] = web.AppKey("services", Services)
SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
