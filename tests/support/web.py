"""The HTTP surface over real PostgreSQL and Redis, with people who are logged in.

The switchboard alone is played: `Switchboard` serves the commands and tells events.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiohttp import ClientResponse, ClientSession, ClientWebSocketResponse, CookieJar
from aiohttp.test_utils import TestServer
from redis.asyncio import Redis

from gateway.api_keys import KeyTerms, create_key
from gateway.auth import sessions
from gateway.auth.keys import KeyScope
from gateway.auth.roles import Person, Role
from gateway.commands import RedisCommands, serve_commands
from gateway.http.application import create_app
from gateway.http.services import Services
from gateway.http.sockets import SocketHub
from gateway.live_state import RedisLiveState
from gateway.readiness import Readiness
from gateway.recorder import save_calls
from gateway.redis_client import connect
from gateway.settings import Settings
from telephony.events import AgentPart, CallRecord, Outcome
from tests.support.web_switchboard import CALLER, NOW, SWITCHBOARD, Switchboard
from ticketing.case import Case, CaseSource
from ticketing.categories import create_category
from ticketing.departments import Level, create_department, find_department

# argon2id of "correct horse battery" with little memory, so that tests need not wait for hashing.
PASSWORD = "correct horse battery"
PASSWORD_HASH = (
    "$argon2id$v=19$m=8,t=1,p=1$CwA9UcrBnO+8BUihrTcNeA$olCQq2h2vNbuJvInUMEsJw89H0hdkdaCv1QV0/L8iCs"
)


@dataclass
class Browser:
    """A person's browser, or nobody's."""

    http: ClientSession
    person: Person | None
    token: str

    async def ask(self, method: str, path: str, **how: Any) -> ClientResponse:
        """Send a request; the page's own header goes with it."""
        headers = {"X-Hotline": "1"} | how.pop("headers", {})
        return await self.http.request(method, path, headers=headers, **how)

    async def json(self, method: str, path: str, **how: Any) -> tuple[int, Any]:
        """Status and content of the answer."""
        async with await self.ask(method, path, **how) as response:
            return response.status, await response.json(content_type=None)

    async def socket(self, *, origin: str | None = None) -> ClientWebSocketResponse:
        """Open the socket as a page of our own does."""
        own = str(self.http._base_url).rstrip("/")
        return await self.http.ws_connect("/ws", origin=origin or own)


async def next_event(socket: ClientWebSocketResponse) -> Any:
    """The next frame of a socket."""
    return await socket.receive_json(timeout=5)


async def until(condition: Callable[[], bool | Awaitable[bool]], *, within_s: float = 5) -> None:
    """Wait until ``condition`` holds; fails when it does not in time."""
    async with asyncio.timeout(within_s):
        while True:
            holds = condition()
            if holds if isinstance(holds, bool) else await holds:
                return
            await asyncio.sleep(0.01)


@dataclass
class Hotline:
    """The HTTP surface under test and what it stands on."""

    pool: asyncpg.Pool
    redis: Redis
    services: Services
    settings: Settings
    switchboard: Switchboard
    server: TestServer
    stack: contextlib.AsyncExitStack
    closed: list[str]

    async def add_user(
        self,
        role: Role,
        login: str,
        *,
        agent: str | None = None,
        extension: str | None = None,
        switchboard: str = SWITCHBOARD,
        department: str | None = None,
    ) -> Person:
        """Store a user with `PASSWORD`; an agent's extension is his number after an 8."""
        department_id = department and (await find_department(self.pool, department)).department_id
        extension = extension or (f"8{agent}" if agent else None)
        user_id = await self.pool.fetchval(
            "insert into users (login, password_hash, role, display_name, agent, extension,"
            " switchboard, department_id) values ($1, $2, $3, $4, $5, $6, $7, $8)"
            " returning user_id",
            *(login, PASSWORD_HASH, role.value, f"姓名{login}", agent, extension, switchboard),
            department_id,
        )
        return Person(
            user_id=user_id,
            login=login,
            display_name=f"姓名{login}",
            role=role,
            agent=agent,
            extension=extension,
            switchboard=switchboard,
            department_id=department_id or None,
            department=department,
        )

    async def department(self, code: str, parent: str | None = None) -> str:
        """Store a department below ``parent``, or one of the city; its code."""
        level = Level.CITY
        if parent is not None:
            above = (await find_department(self.pool, parent)).level
            level = list(Level)[above.number]
        async with self.pool.acquire() as connection, connection.transaction():
            await create_department(
                connection, code=code, name=f"部门{code}", level=level, parent=parent
            )
        return code

    async def department_user(self, code: str) -> Browser:
        """Somebody of a department, logged in."""
        person = await self.add_user(Role.DEPARTMENT, f"dept-{code.lower()}", department=code)
        return await self.browser(person)

    @contextlib.asynccontextmanager
    async def serving(self, settings: Settings) -> AsyncIterator[str]:
        """Another surface over the same, with other settings; its address."""
        async with TestServer(create_app(self.services, settings)) as server:
            yield str(server.make_url("/")).rstrip("/")

    async def category(self, code: str, name: str = "路灯", *, group: str = "C1") -> str:
        """Store a sub-class, in a class that is made with it if need be; its code."""
        async with self.pool.acquire() as connection, connection.transaction():
            if not await connection.fetchval(
                "select count(*) from categories where code=$1", group
            ):
                await create_category(
                    connection, code=group, name="市政设施", parent=None, department=None
                )
            await create_category(connection, code=code, name=name, parent=group, department=None)
        return code

    async def api_key(
        self, name: str, *scopes: KeyScope, channel: CaseSource = CaseSource.WEB
    ) -> dict[str, str]:
        """Connect another system; the header that it sends."""
        terms = KeyTerms(name=name, channel=channel, scopes=frozenset(scopes or KeyScope))
        async with self.pool.acquire() as connection, connection.transaction():
            _, secret = await create_key(connection, terms, actor="admin", at=NOW)
        return {"Authorization": f"Bearer {secret}"}

    async def administrator(self) -> Browser:
        """A logged-in administrator."""
        return await self.browser(await self.add_user(Role.ADMINISTRATOR, "admin"))

    async def store_call(
        self,
        uniqueid: str,
        *agents: str,
        caller: str = CALLER,
        arrived_at: datetime = NOW,
    ) -> str:
        """Record a call that was answered by ``agents`` and is over, or abandoned; its id."""
        end = arrived_at + timedelta(minutes=2)
        parts = tuple(
            AgentPart(
                agent=agent,
                interface=f"PJSIP/8{agent}",
                answered_at=arrived_at,
                released_at=end,
                talk_s=120,
                hold_s=0,
            )
            for agent in agents
        )
        call = CallRecord(
            switchboard=SWITCHBOARD,
            uniqueid=uniqueid,
            line="12345",
            caller=caller,
            queue="12345",
            arrived_at=arrived_at,
            offered_at=arrived_at,
            answered_at=arrived_at if agents else None,
            ended_at=end,
            outcome=Outcome.ANSWERED if agents else Outcome.ABANDONED_QUEUE,
            wait_s=10,
            talk_s=120.0 if agents else 0.0,
            hold_s=0,
            agents=parts,
            revision=1,
        )
        async with self.pool.acquire() as connection:
            await save_calls(connection, [call])
        return call.call_id

    async def browser(self, person: Person | None = None) -> Browser:
        """A browser of ``person``, logged in, or of nobody."""
        jar = CookieJar(unsafe=True)
        token = ""
        if person:
            token = await sessions.start(self.redis, person, lifetime_s=600)
            jar.update_cookies({sessions.COOKIE: token}, self.server.make_url("/"))
        http = ClientSession(base_url=self.server.make_url("/"), cookie_jar=jar)
        await self.stack.enter_async_context(http)
        return Browser(http, person, token)

    async def agent(self, number: str = "1001") -> Browser:
        """A logged-in agent."""
        return await self.browser(await self.add_user(Role.AGENT, f"agent{number}", agent=number))

    async def supervisor(self) -> Browser:
        """A logged-in supervisor."""
        return await self.browser(await self.add_user(Role.SUPERVISOR, "supervisor"))


@contextlib.asynccontextmanager
async def running(*work: Any) -> AsyncIterator[None]:
    """Run coroutines beside the test, and end them with it."""
    async with asyncio.TaskGroup() as tasks:
        started = [tasks.create_task(each) for each in work]
        yield
        for task in started:
            task.cancel()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A client as the program makes it."""
    async with connect(redis_url) as client:
        yield client


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """Where the pages are: something to serve; tests of the pages themselves override this."""
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html><title>12345</title>")
    (dist / "assets" / "index-C0ffee12.js").write_text("export {}")
    (dist / "assets" / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    return dist


@pytest.fixture
async def hotline(
    pool: asyncpg.Pool, redis: Redis, dist: Path, tmp_path: Path
) -> AsyncIterator[Hotline]:
    """The HTTP surface, served, with a connected switchboard."""
    settings = Settings(
        switchboard=SWITCHBOARD,
        allowed_origins=("https://cti.example",),
        attachments_dir=tmp_path / "attachments",
        recordings_dir=tmp_path / "recordings",
    )
    closed: list[str] = []

    async def note_closed(connection: Any, case: Case) -> None:
        assert connection.is_in_transaction()
        if "出错" in case.result:
            raise ZeroDivisionError
        closed.append(case.case_no)

    services = Services(
        pool=pool,
        redis=redis,
        commands=RedisCommands(redis),
        live=RedisLiveState(redis),
        hub=SocketHub(redis, check_sessions_s=0.1),
        readiness=Readiness(),
        on_case_closed=note_closed,
        clock=lambda: NOW,
    )
    switchboard = Switchboard(redis)
    await switchboard.connect()
    async with contextlib.AsyncExitStack() as stack:
        serving = serve_commands(redis, SWITCHBOARD, switchboard.serve)
        await stack.enter_async_context(running(services.hub.run(), serving))
        server = TestServer(create_app(services, settings, dist=dist))
        await stack.enter_async_context(server)
        yield Hotline(pool, redis, services, settings, switchboard, server, stack, closed)
