"""Ringing back while things fail (T8, O): links, databases, owners; the switchboard is played.

What must hold: nobody is dialled before `dialling` is stored, nobody twice, and every attempt ends.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
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
from gateway.errors import CommandRefusedError, CommandSilentError
from gateway.live import STREAM, LiveEvent
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
from telephony.errors import ControlRefusedError, LinkLostError
from telephony.events import CallEvent, CallEventName
from telephony.tracker import Tracker
from telephony.watch import Sign, Watch, Watches
from tests.support.live import until
from tests.support.missed_calls import NUMBER, at, call, save
from tests.support.owning import owning, running
from tests.support.postgres_proxy import PostgresProxy, postgres_proxy

COMMAND = Command(name=CommandName.RING_BACK, agent="8001", extension="1001", task_id=1)
CHANNEL_START = """Event: Newchannel
Channel: PJSIP/trunk-00000001
ChannelState: 4
CallerIDNum: +86{number}
Context: from-trunk
Exten: 12345
Uniqueid: 1795420800.9
Linkedid: 1795420800.9"""


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
async def ownership(database_dsn: str) -> AsyncIterator[Ownership]:
    async with owning(database_dsn) as owner:
        await owner.held()
        yield owner


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


async def test_the_agent_first_then_the_citizen(offices: MakeOffice) -> None:
    office: Office = await offices()
    await office.ring_back()
    assert office.switch.names() == ["ExtensionState", "Originate", "Redirect"]
    originate, redirect = office.switch.of("Originate"), office.switch.of("Redirect")
    assert NUMBER not in str(originate.headers)
    assert (originate.headers["Context"], redirect.headers["Context"]) == ("ring-back", "seats")
    assert originate.headers["ChannelId"] == redirect.headers["Channel"]
    assert redirect.headers["Exten"] == NUMBER
    assert await office.attempts() == [("dialling", None)]
    office.switch.dialled("ANSWER")
    assert await office.ended() == "answered"
    task = await office.task()
    assert (task.state, task.agent, task.attempts) == ("reached", "8001", 1)


@pytest.mark.parametrize(
    ("status", "outcome", "attempts"),
    [("BUSY", "busy", 1), ("NOANSWER", "no_answer", 1), ("CANCEL", "cancelled", 1)],
)
async def test_citizen_not_reached(
    offices: MakeOffice, status: str, outcome: str, attempts: int
) -> None:
    office: Office = await offices()
    await office.ring_back()
    office.switch.dialled(status)
    assert await office.ended() == outcome
    task = await office.task()
    assert (task.state, task.attempts, task.agent) == ("open", attempts, None)
    with pytest.raises(CommandRefusedError, match="时间太短"):
        await office.ring_back()


async def test_agent_who_does_not_pick_up(offices: MakeOffice) -> None:
    office: Office = await offices()
    office.switch.answers = False
    with pytest.raises(ControlRefusedError):
        await office.ring_back()
    assert await office.ended() == "agent_absent"
    assert "Redirect" not in office.switch.names()
    office.switch.answers = True
    await office.ring_back()  # at once: nobody was rung


async def test_who_is_calling_in_is_not_rung(offices: MakeOffice) -> None:
    office: Office = await offices()
    text = CHANNEL_START.format(number=NUMBER).replace("\n", "\r\n")
    office.tracker.feed_all([text.encode()], at(30).timestamp())
    with pytest.raises(CommandRefusedError, match="正在来电"):
        await office.ring_back()
    assert await office.attempts() == []


@pytest.mark.parametrize("recorded", [True, False])
async def test_who_gets_through_while_the_agents_phone_rings(
    offices: MakeOffice, recorded: bool
) -> None:
    office: Office = await offices()
    through = call(2, 31, caller=f"0{NUMBER}", through=True)

    async def get_through() -> None:
        if recorded:
            return await save(office.pool, through)
        event = CallEvent(event_id="1", name=CallEventName.ANSWERED, at=at(30), call=through)
        return office.desk.heard(event)

    office.switch.on_ring = get_through
    with pytest.raises(CommandRefusedError, match="已取消回拨"):
        await office.ring_back()
    assert await office.ended() == "overtaken"
    assert "Redirect" not in office.switch.names()
    assert "Hangup" in office.switch.names()
    with pytest.raises(CommandRefusedError, match="已结束"):  # also while it is not recorded
        await office.ring_back()


async def test_a_supervisor_drops_it_while_the_citizens_phone_rings(offices: MakeOffice) -> None:
    office: Office = await offices()
    await office.ring_back()
    async with running(office.resolver.run()):
        await save(office.pool, call(2, 31, through=True))
        context = context_of("", office.pool)
        tasks = RingbackTasks(context, "sb1", office.resolver._ownership, lambda: at(32))
        await tasks._settle_all()
        await until(_names(office), lambda names: "Hangup" in names)
        office.switch.dialled("CANCEL")
        assert await office.ended() == "cancelled"
    assert (await office.task()).reason == "got_through"


def _names(office: Office) -> Callable[[], Any]:
    async def names() -> list[str]:
        return office.switch.names()

    return names


async def test_claim_of_which_nobody_heard(offices: MakeOffice, database_dsn: str) -> None:
    """It may be stored: nothing rings, and the task comes back by itself."""
    async with far_database(database_dsn) as (proxy, far):
        office: Office = await offices(through=far)
        proxy.swallow_answer_to = b"COMMIT"
        with pytest.raises(CommandSilentError, match="数据库"):
            await office.ring_back()
        assert office.switch.names() == ["ExtensionState"]
        await until(office.attempts, lambda all_: all_ == [("claimed", None)])
        async with running(office.resolver.run()):
            assert await office.ended() == "not_dialled"
        assert (await office.task()).state == "open"
        await office.ring_back()


async def test_dialling_of_which_nobody_heard(
    offices: MakeOffice, database_dsn: str, tmp_path: Path
) -> None:
    """It may be stored: the citizen is not dialled, and CEL knows it."""
    async with far_database(database_dsn) as (proxy, far):
        office: Office = await offices(through=far)

        async def swallow() -> None:
            proxy.swallow_answer_to = b"COMMIT"

        office.switch.on_ring = swallow
        with pytest.raises(CommandSilentError, match="数据库"):
            await office.ring_back()
        assert office.switch.names() == ["ExtensionState", "Originate", "Hangup"]
        await until(office.attempts, lambda all_: all_ == [("dialling", None)])
        near = office.switch.of("Originate").headers["ChannelId"]
        over = ("CHAN_START", near, 1), ("HANGUP", near, 2), ("CHAN_END", near, 2)
        write_cel(tmp_path / "Master.csv", *over, near=str(near))
        async with running(office.resolver.run()):
            assert await office.ended() == "not_dialled"


async def test_outcome_of_which_nobody_heard(offices: MakeOffice, database_dsn: str) -> None:
    async with far_database(database_dsn) as (proxy, far):
        office: Office = await offices(through=far)
        await office.ring_back()
        proxy.swallow_answer_to = b"COMMIT"
        async with running(office.resolver.run()):
            office.switch.dialled("ANSWER")
            assert await office.ended() == "answered"

            async def seen_to() -> bool:
                return office.desk.is_ringing(near)

            near = str(office.switch.of("Redirect").headers["Channel"])
            await until(seen_to, lambda still: not still)
        task = await office.task()
        assert (task.state, task.attempts) == ("reached", 1)


async def test_link_lost_while_the_citizens_phone_rings(
    offices: MakeOffice, tmp_path: Path
) -> None:
    office: Office = await offices()
    await office.ring_back()
    near = str(office.switch.of("Redirect").headers["Channel"])
    office.switch.up.add(near)
    office.switch.watches.fail(LinkLostError("the link is lost"))
    async with running(office.resolver.run()):
        looks = len(office.switch.sent)

        async def looked() -> int:
            return len(office.switch.sent) - looks

        await until(looked, lambda count: count > 20)  # far longer than one that is gone is let be
        assert await office.attempts() == [("dialling", None)]
        with pytest.raises(CommandRefusedError, match="其他坐席正在回拨"):
            await office.ring_back()
        talk = ("CHAN_START", "1.2", 3), ("ANSWER", "1.2", 8), ("CHAN_END", near, 60)
        write_cel(tmp_path / "Master.csv", ("CHAN_START", near, 1), *talk, near=near)
        office.switch.up.clear()
        assert await office.ended() == "answered"
    task = await office.task()
    assert (task.state, task.closed_at) == ("reached", at(30) + timedelta(seconds=8))


async def test_outcome_that_nobody_can_tell(offices: MakeOffice) -> None:
    office: Office = await offices(cel=False)
    await office.ring_back()
    office.switch.watches.fail(LinkLostError("the link is lost"))
    async with running(office.resolver.run()):
        assert await office.ended() == "unknown"
    task = await office.task()
    assert (task.state, task.attempts) == ("open", 1)


async def test_answer_to_originate_lost(offices: MakeOffice) -> None:
    office: Office = await offices()
    office.switch.lost = "Originate"
    with pytest.raises(LinkLostError):
        await office.ring_back()
    assert await office.attempts() == [("claimed", None)]
    async with running(office.resolver.run()):
        assert await office.ended() == "not_dialled"


async def test_who_does_not_own_the_switchboard_claims_nothing(
    offices: MakeOffice, database_dsn: str
) -> None:
    async with owning(database_dsn) as standby:
        office: Office = await offices()
        office.desk._attempts._ownership = standby
        with pytest.raises(CommandRefusedError, match="主备切换"):
            await office.ring_back()
        assert await office.attempts() == []


async def test_owner_replaced_while_the_agents_phone_rings(
    offices: MakeOffice, pool: asyncpg.Pool
) -> None:
    """The former owner wakes up with an agent on the line, and does not dial the citizen."""
    office: Office = await offices()

    async def replaced() -> None:
        await pool.execute("update switchboard_owners set epoch = epoch + 1")

    office.switch.on_ring = replaced
    with pytest.raises(CommandSilentError):
        await office.ring_back()
    assert "Redirect" not in office.switch.names()
    assert await office.attempts() == [("claimed", None)]


async def test_settling_of_which_nobody_heard(
    pool: asyncpg.Pool, ownership: Ownership, database_dsn: str
) -> None:
    await save(pool, call(1, 0))
    async with far_database(database_dsn) as (proxy, far):
        tasks = RingbackTasks(context_of(database_dsn, far), "sb1", ownership, lambda: at(1))
        proxy.swallow_answer_to = b"COMMIT"
        for _ in range(2):
            await tasks._settle_all()
    [row] = await pool.fetch("select * from ringback_tasks")
    assert (row["missed_calls"], row["version"]) == (1, 1)


async def test_everything_is_told_once_redis_is_back(
    pool: asyncpg.Pool,
    ownership: Ownership,
    database_dsn: str,
    redis_url: str,
) -> None:
    await save(pool, call(1, 0))
    away = RingbackTasks(context_of(database_dsn, pool), "sb1", ownership, lambda: at(1))
    async with running(away.run()):  # its Redis never answers
        await until(lambda: pool.fetchval("select count(*) from ringback_tasks"), bool)
    async with connect(redis_url) as redis:
        engines = Engines(database_dsn, pool, redis)
        context = Context(settings=Settings(), engines=engines, readiness=Readiness())
        for _ in range(2):  # a gateway, and the one that takes over
            tasks = RingbackTasks(context, "sb1", ownership, lambda: datetime.now(UTC))
            await tasks._tell_all()
        entries: Any = await redis.xrange(STREAM)
    told = [LiveEvent.from_json(fields["e"]) for _, fields in entries]
    ours = [event for event in told if event.name.startswith("ringback.")]
    assert [(event.name, event.event_id) for event in ours] == [("ringback.opened", "ringback-1:1")]
    assert NUMBER not in str(ours)
