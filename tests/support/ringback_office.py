"""A gateway's part in ringing back, and a switchboard that is played."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from callback_survey.ringback.task import Task
from gateway import ringback_desk as desk_module
from gateway import ringback_resolver as resolver_module
from gateway.call_desk import CallDesk
from gateway.commands import Command, CommandName
from gateway.context import Context
from gateway.engines import Engines
from gateway.ownership import Ownership
from gateway.readiness import Readiness
from gateway.redis_client import connect
from gateway.ringback_attempts import RingbackAttempts
from gateway.ringback_board import Board
from gateway.ringback_desk import RingbackDesk
from gateway.ringback_resolver import RingbackResolver
from gateway.ringback_tasks import RingbackTasks
from gateway.settings import Settings
from telephony.ami.action import Action
from telephony.ami.message import Message
from telephony.ami.session import Answer
from telephony.cel import FIELDS
from telephony.errors import LinkLostError
from telephony.tracker import Tracker
from telephony.watch import Sign, Watch, Watches
from tests.support.live import until
from tests.support.missed_calls import at, call, save
from tests.support.owning import running
from tests.support.postgres_proxy import PostgresProxy, postgres_proxy

COMMAND = Command(name=CommandName.RING_BACK, agent="8001", extension="1001", task_id=1)


@dataclass
class Played:
    """A switchboard whose telephones do as they are told; what was sent is kept.

    ``on_ring`` is awaited while the agent's telephone rings; ``answers`` says whether it is
    answered; ``up`` are the channels that are up.
    """

    watches: Watches = field(default_factory=Watches)
    sent: list[Action] = field(default_factory=list)
    up: set[str] = field(default_factory=set)
    answers: bool = True
    lost: str = ""  # the action whose answer never comes
    on_ring: Callable[[], Any] | None = None

    def watch(self, *signs: Sign) -> Watch:
        return Watch(self.watches, signs)

    async def request(self, action: Action, timeout_s: float = 5.0) -> Answer:
        del timeout_s
        self.sent.append(action)
        if action.name == self.lost:
            raise LinkLostError("the link is lost")
        items: list[bytes] = []
        match action.name:
            case "ExtensionState":
                return Answer(Message(b"Response: Success\r\nStatus: 0"))
            case "Originate":
                if self.on_ring:
                    await self.on_ring()
                items = [f"Event: OriginateResponse\r\nReason: {4 if self.answers else 3}".encode()]
            case "CoreShowChannels":
                items = [f"Event: CoreShowChannel\r\nUniqueid: {one}".encode() for one in self.up]
        return Answer(Message(b"Response: Success"), tuple(Message(item) for item in items))

    def dialled(self, status: str) -> None:
        """The citizen's telephone has rung."""
        near = self.of("Redirect").headers["Channel"]
        text = f"Event: DialEnd\r\nUniqueid: {near}\r\nDialStatus: {status}"
        self.watches.see([text.encode()])

    def of(self, name: str) -> Action:
        """The only action of this name."""
        [action] = [action for action in self.sent if action.name == name]
        return action

    def names(self) -> list[str]:
        return [action.name for action in self.sent if action.name != "CoreShowChannels"]


@dataclass
class Office:
    """One gateway's part in ringing back; task 1 waits."""

    pool: asyncpg.Pool
    switch: Played
    desk: RingbackDesk
    resolver: RingbackResolver
    tracker: Tracker

    async def attempts(self) -> list[tuple[str, str | None]]:
        rows = await self.pool.fetch("select * from ringback_attempts order by claimed_at")
        return [(row["state"], row["outcome"]) for row in rows]

    async def ended(self) -> str:
        """The outcome of the only attempt, once there is one."""
        found = await until(self.attempts, lambda all_: all_ and all_[0][1] is not None)
        assert len(found) == 1
        return str(found[0][1])

    async def task(self) -> Task:
        return Task.from_row(await self.pool.fetchrow("select * from ringback_tasks"))

    async def ring_back(self) -> None:
        await self.desk.handlers[CommandName.RING_BACK](COMMAND)


MakeOffice = Callable[..., Any]


@pytest.fixture
async def offices(
    pool: asyncpg.Pool,
    database_dsn: str,
    ownership: Ownership,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[MakeOffice]:
    """Makes gateways; the resolver looks often and does not wait long."""
    monkeypatch.setattr(resolver_module, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(resolver_module, "GONE_FOR_S", 0.1)
    monkeypatch.setattr(resolver_module, "UNTOLD_FOR_S", 0.3)
    monkeypatch.setattr(desk_module, "RETRY_S", 0.05)
    await save(pool, call(1, 0))
    async with AsyncExitStack() as stack:

        async def make(
            *, through: asyncpg.Pool | None = None, owner: Ownership = ownership, cel: bool = True
        ) -> Office:
            context = context_of(database_dsn, through or pool)
            await RingbackTasks(context, "sb1", owner, lambda: at(30))._settle_all()
            switch, tracker = Played(), Tracker("sb1", inbound_contexts={"from-trunk"})
            calls = CallDesk(
                switch, tracker, queues=("12345",), caller_id="12345", outside_min_digits=5
            )
            board = Board(switch=switch, now=lambda: at(30), tracker=tracker)
            attempts = RingbackAttempts(context, "sb1", owner)
            desk = RingbackDesk(board, calls, attempts)
            cel_csv = tmp_path / "Master.csv" if cel else None
            straight = RingbackAttempts(context_of(database_dsn, pool), "sb1", owner)
            resolver = RingbackResolver(board, desk, straight, owner, cel_csv)
            await stack.enter_async_context(running(desk.run()))
            return Office(pool, switch, desk, resolver, tracker)

        yield make


def context_of(dsn: str, pool: asyncpg.Pool) -> Context:
    hours = {"ringback_opens": "00:00", "ringback_closes": "23:59:59.999999"}
    return Context(
        settings=Settings(**hours),  # type: ignore[arg-type]  # pydantic reads times of day
        engines=Engines(dsn, pool, connect("redis://127.0.0.1:1/0")),
        readiness=Readiness(),
    )


def write_cel(path: Path, *events: tuple[str, str, float], near: str, status: str = "") -> None:
    """CEL of an attempt: (event, Uniqueid, seconds after it was claimed)."""
    lines = []
    for name, uniqueid, after_s in events:
        extra = f'{{""dialstatus"":""{status}""}}' if name == "HANGUP" else ""
        when = (at(30) + timedelta(seconds=after_s)).timestamp()
        values = dict.fromkeys(FIELDS, "") | {
            "eventenum": name,
            "eventtime": f"{when:.6f}",
            "uniqueid": uniqueid,
            "linkedid": near,
            "eventextra": extra,
        }
        lines.append(",".join(f'"{values[field]}"' for field in FIELDS))
    path.write_text("\n".join(lines) + "\n")


@asynccontextmanager
async def far_database(dsn: str) -> AsyncIterator[tuple[PostgresProxy, asyncpg.Pool]]:
    """Connections through a door that may swallow an answer."""
    async with (
        postgres_proxy(dsn) as proxy,
        asyncpg.create_pool(proxy.url, min_size=1, max_size=4) as pool,
    ):
        yield proxy, pool
