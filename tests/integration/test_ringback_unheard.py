"""Ringing back while links, databases and owners fail (T8, O): what nobody heard of.

What must hold: nobody is dialled before `dialling` is stored, nobody twice, and every attempt ends.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gateway.context import Context
from gateway.engines import Engines
from gateway.errors import CommandRefusedError, CommandSilentError
from gateway.live import STREAM, LiveEvent
from gateway.ownership import Ownership
from gateway.readiness import Readiness
from gateway.redis_client import connect
from gateway.ringback_tasks import RingbackTasks
from gateway.settings import Settings
from telephony.errors import LinkLostError
from tests.support.live import until
from tests.support.missed_calls import NUMBER, at, call, save
from tests.support.owning import owning, running
from tests.support.ringback_office import MakeOffice, Office, context_of, far_database, write_cel


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
