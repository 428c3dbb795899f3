"""A receiver of webhooks that misbehaves as it is told, and couriers on a clock set by hand."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import asyncpg

from gateway.context import Context
from gateway.engines import Engines
from gateway.readiness import Readiness
from gateway.settings import Settings
from gateway.webhooks.courier import Courier, guard_of
from gateway.webhooks.sending import Sender, sending
from ticketing import cases
from ticketing.case import Actor, ActorRole, Case, CaseKind, NewCase
from ticketing.lifecycle import Step
from ticketing.steps import StepRequest, take_step

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
INSIDE = Settings(
    webhook_http_hosts=("127.0.0.1",), webhook_networks=("127.0.0.0/8",), webhook_timeout_s=0.3
)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def answer(status: int, *headers: str, body: str = "") -> bytes:
    """An HTTP response."""
    lines = (f"HTTP/1.1 {status} X", f"Content-Length: {len(body.encode())}", *headers)
    return "\r\n".join((*lines, "", body)).encode()


@dataclass(frozen=True)
class Received:
    """A request that was read to its end."""

    headers: dict[str, str]
    body: bytes
    accepted: bool

    @property
    def event_id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def content(self) -> Any:
        return json.loads(self.body)

    def is_signed(self, secret: str = SECRET) -> bool:
        """Whether a signature is right, worked out as docs/webhooks.md tells receivers to."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = b".".join(
            (self.event_id.encode(), self.headers["webhook-timestamp"].encode(), self.body)
        )
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        given = self.headers["webhook-signature"].split(" ")
        return any(hmac.compare_digest(one, f"v1,{expected}") for one in given)


@dataclass
class Receiver:
    """Answers each request with what is next in ``script``, and with 200 when that is used up.

    Empty bytes: it hangs up after reading; `None`: it says nothing until `awake` is set.
    """

    port: int = 0
    script: list[bytes | None] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    awake: asyncio.Event = field(default_factory=asyncio.Event)
    at_once: int = 0
    most_at_once: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def accepted(self) -> list[str]:
        """Ids in the order in which they were accepted first."""
        return list(dict.fromkeys(one.event_id for one in self.received if one.accepted))

    def of_case(self, case: Case) -> list[str]:
        """Names of the events of a case in the order in which they were accepted first."""
        first = {one.event_id: one for one in reversed(self.received) if one.accepted}
        return [
            first[each].content["type"]
            for each in self.accepted
            if first[each].content["data"]["case_no"] == case.case_no
        ]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and answer it."""
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the courier gave up waiting
        finally:
            self.at_once -= 1
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers["content-length"]))
        says = self.script.pop(0) if self.script else OK
        self.received.append(Received(headers, body, says is not None and b" 200 " in says))
        if says is None:
            await self.awake.wait()
            says = OK
        writer.write(says)
        await writer.drain()


@asynccontextmanager
async def receiving(port: int = 0) -> AsyncIterator[Receiver]:
    """A receiver on a port of its own, or on ``port``."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", port)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        receiver.awake.set()
        server.close()
        await server.wait_closed()


@dataclass
class Wall:
    """A clock on the wall that is set by hand."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


@dataclass
class PostOffice:
    """Cases whose events go to destinations, and the couriers that carry them."""

    context: Context
    wall: Wall
    sender: Sender
    actor: Actor

    @property
    def pool(self) -> asyncpg.Pool:
        return self.context.engines.pool

    def courier(self) -> Courier:
        """Another worker's courier, without jitter."""
        return Courier(self.context, self.sender, chance=lambda: 0.5)

    async def destination(
        self, url: str, *events: str, secret: str = SECRET, name: str | None = None
    ) -> int:
        """An active destination; its id."""
        return int(
            await self.pool.fetchval(
                "insert into webhook_destinations (name, url, secret, events, created_at)"
                " values (coalesce($1, gen_random_uuid()::text), $2, $3, $4, $5)"
                " returning destination_id",
                *(name, url, secret, list(events), START),
            )
        )

    async def open(self, *, confidential: bool = False) -> Case:
        """A case: event ``case.opened``."""
        new = NewCase(
            kind=CaseKind.HELP,
            title="路灯不亮",
            body="请回电 13800000001",
            caller="13800000001",
            confidential=confidential,
        )
        async with self.pool.acquire() as conn, conn.transaction():
            return await cases.open_case(conn, new, actor=self.actor, now=self.wall.now)

    async def note(self, case: Case) -> None:
        """A note: event ``case.noted``."""
        await self.step(case, Step.NOTED, note="看过 13800000001")

    async def step(self, case: Case, step: Step, **fields: Any) -> None:
        """A step of a case as it is now."""
        now = self.wall.now
        async with self.pool.acquire() as conn, conn.transaction():
            version = await conn.fetchval(
                "select version from cases where case_id = $1", case.case_id
            )
            wanted = StepRequest(step=step, version=version, **fields)
            await take_step(conn, case.case_no, wanted, actor=self.actor, now=now)

    async def round(self, courier: Courier | None = None) -> int:
        """Send what is due until nothing is: how many lanes were gone through."""
        courier, gone_through = courier or self.courier(), 0
        while True:
            async with asyncio.TaskGroup() as tasks:
                begun = await courier.begin(tasks)
            if not begun:
                return gone_through
            gone_through += begun

    async def until_arrived(self, *, rounds: int = 100) -> None:
        """Let the time pass that is waited for, until nothing waits any more."""
        for _ in range(rounds):
            await self.round()
            due_at = await self.pool.fetchval("select min(due_at) from webhook_lanes")
            if due_at is None:
                return
            self.wall.now = max(self.wall.now, due_at)
        raise AssertionError("events still wait")

    async def states(self, destination: int) -> list[str]:
        """States of all deliveries of a destination, in the order of events."""
        rows = await self.pool.fetch(
            "select state from webhook_deliveries where destination_id = $1 order by event_no",
            destination,
        )
        return [row["state"] for row in rows]


@asynccontextmanager
async def post_office(
    pool: asyncpg.Pool, redis: Any, dsn: str, settings: Settings = INSIDE
) -> AsyncIterator[PostOffice]:
    """A post office over an empty database."""
    wall = Wall()
    engines = Engines(dsn=dsn, pool=pool, redis=redis)
    context = Context(settings=settings, engines=engines, readiness=Readiness(), clock=wall)
    user_id = await pool.fetchval(
        "insert into users (login, password_hash, role, display_name, agent, extension)"
        " values ('li', 'x', 'supervisor', '李', null, null) returning user_id"
    )
    actor = Actor(user_id=user_id, login="li", role=ActorRole.SUPERVISOR)
    async with sending(guard_of(settings), timeout_s=settings.webhook_timeout_s) as sender:
        yield PostOffice(context, wall, sender, actor)


def in_order(ids: Iterable[str]) -> bool:
    """Whether events, by their ids, come in the order of each case's versions."""
    seen: dict[str, int] = {}
    for each in ids:
        _name, case_no, version = each.split(":")
        if int(version) <= seen.get(case_no, 0):
            return False
        seen[case_no] = int(version)
    return True


def patient(office: PostOffice, **changed: Any) -> PostOffice:
    """The same office with other settings."""
    settings = INSIDE.model_copy(update=changed)
    return replace(office, context=replace(office.context, settings=settings))


LIFE = ["case.opened", "case.noted", "case.noted", "case.closed"]


async def lived(office: PostOffice, notes: int = 2) -> Case:
    """A case that was opened, noted and closed; with two notes `LIFE` are its events."""
    case = await office.open()
    for _ in range(notes):
        await office.note(case)
    await office.step(case, Step.CLOSED, result="已修好")
    return case
