"""The real program as a process of its own, started on free ports and reachable over HTTP."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from gateway.auth.roles import Role
from gateway.users import NewUser, create_user
from tests.support.ports import free_ports

START_S = 30.0
STOP_S = 15.0
PASSWORD = "correct horse battery"


@dataclass
class Gateway:
    """Settings of one gateway process; `start`, `kill` and `stop` act on it."""

    environment: Mapping[str, str]
    log: Path
    http_port: int
    metrics_port: int
    arguments: tuple[str, ...] = ("run",)
    failpoint: str | None = None  # see `tests.support.failpoint`
    process: asyncio.subprocess.Process | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.http_port}"

    async def start(self, *, ready: bool = True) -> None:
        """Start it, and wait until every component is ready unless told otherwise."""
        program = ("tests.support.failpoint", self.failpoint) if self.failpoint else ("gateway",)
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", *program, *self.arguments),
                env={**os.environ, **self.environment},
                stdout=log,
                stderr=log,
            )
        if ready:
            try:
                await self.until_ready()
            except BaseException:
                await self.stop(signal.SIGKILL)
                raise

    async def until_ready(self, timeout_s: float = START_S) -> None:
        """Return when ``/readyz`` says so; fail with the end of the log otherwise."""
        try:
            async with asyncio.timeout(timeout_s), aiohttp.ClientSession() as session:
                while not await self._is_ready(session):
                    assert self.process is not None
                    assert self.process.returncode is None, self.last_words()
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"the gateway did not become ready: {self.last_words()}") from None

    async def _is_ready(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"http://127.0.0.1:{self.metrics_port}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientConnectionError:
            return False

    def last_words(self) -> str:
        """The end of its log."""
        return self.log.read_text("utf-8", "replace")[-3000:]

    def kill(self) -> None:
        """End it at once, without a chance to clean up."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)

    async def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        """Ask it to end; its exit code."""
        if self.process is None:
            return 0
        if self.process.returncode is None:
            self.process.send_signal(how)
        async with asyncio.timeout(STOP_S):
            return await self.process.wait()

    async def metrics(self) -> str:
        """The text of ``/metrics``."""
        url = f"http://127.0.0.1:{self.metrics_port}/metrics"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return await answer.text()

    @asynccontextmanager
    async def browser(self, login: str) -> AsyncIterator["Api"]:
        """A logged-in client of the API."""
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(
            self.url, cookie_jar=jar, headers={"X-Hotline": "1"}
        ) as session:
            api = Api(session, self.url)
            await api.post("/api/v1/session", {"login": login, "password": PASSWORD})
            yield api


@dataclass
class Api:
    """JSON in, JSON out; an unexpected status fails with what was answered."""

    session: aiohttp.ClientSession
    origin: str

    async def get(self, path: str) -> Any:
        """The JSON at ``path``."""
        return await self._ask("GET", path)

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """What is answered to ``body``."""
        return await self._ask("POST", path, body)

    async def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """What is answered to ``body``."""
        return await self._ask("PUT", path, body)

    async def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        async with self.session.request(method, path, json=body) as answer:
            text = await answer.text()
            assert answer.status < 400, f"{method} {path}: {answer.status} {text}"
            return await answer.json() if text else None


def gateway_on(
    directory: Path, *, database: str, redis: str, ami: str | None, **settings: object
) -> Gateway:
    """A gateway on these engines and this switchboard, with free ports and its log in a file.

    A setting that is ``None`` is not set.
    """
    http_port, metrics_port, agi_port = free_ports(3)
    chosen: dict[str, object] = {
        "database_url": database,
        "redis_url": redis,
        "ami_url": ami,
        "var_dir": directory / "var",
        "http_port": http_port,
        "metrics_port": metrics_port,
        "agi_port": agi_port,
        "survey_delay_s": 0,
        "survey_opens": "00:00",
        "survey_closes": "23:59:59.999999",
        "ringback_opens": "00:00",
        "ringback_closes": "23:59:59.999999",
    } | settings
    environment = {
        f"HOTLINE_{name.upper()}": str(value) for name, value in chosen.items() if value is not None
    }
    return Gateway(
        environment={**environment, "HOTLINE_CONFIG": os.devnull},
        log=directory / "gateway.log",
        http_port=http_port,
        metrics_port=metrics_port,
    )


async def add_people(dsn: str) -> None:
    """Two agents (8001 at 1001, 8002 at 1002) and a supervisor at 1003, all with `PASSWORD`."""
    await add_agents(dsn, {"1001": "8001", "1002": "8002"})
    chief = NewUser(login="chief", role=Role.SUPERVISOR, display_name="值班长", extension="1003")
    connection = await asyncpg.connect(dsn)
    try:
        await create_user(connection, chief, PASSWORD)
    finally:
        await connection.close()


async def add_agents(dsn: str, agents: Mapping[str, str]) -> None:
    """Agents by extension, with the login ``agent<number>`` and `PASSWORD`."""
    connection = await asyncpg.connect(dsn)
    try:
        for extension, agent in agents.items():
            person = NewUser(
                login=f"agent{agent}",
                role=Role.AGENT,
                display_name=f"坐席{agent}",
                agent=agent,
                extension=extension,
            )
            await create_user(connection, person, PASSWORD)
    finally:
        await connection.close()
