"""Missed-call ring-back (REQUIREMENTS T8) on a real Asterisk: from the missed call to the outcome.

Each outcome that the gateway tells from events is compared with what CEL tells of the same channel.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from gateway.ledger_files import cel_since
from gateway.ringback_board import OUTCOMES
from telephony.far_end import far_end_of
from tests.support.live import live_page, until
from tests.support.office import Desk
from tests.support.ports import free_ports
from tests.support.postgres import copied_database
from tests.support.sipp import (
    Sipp,
    caller,
    phone,
    phone_that_never_answers,
    phone_that_rejects,
)
from tests.support.system import System, running_system

pytestmark = [pytest.mark.switchboard, pytest.mark.asyncio(loop_scope="module")]

ANSWERS = phone(ring_ms=300)
SETTINGS = {
    "ringback_spacing_s": 0,
    "ringback_short_abandons": True,  # so that no caller has to wait long
}


class RingBack:
    """Two agents on a break with their phones, and citizens who are not answered."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.sipp = Sipp(system.switchboard.sip_port)
        self._ports = dict(zip(("1001", "1002"), free_ports(2), strict=True))
        self._callers = 0

    async def register(self) -> None:
        """The agents' phones; nobody takes calls."""
        board = self.system.switchboard
        for seat, port in self._ports.items():
            await self.sipp.register(seat, board.secrets.seats[seat], port)
        for login in ("agent8001", "agent8002"):
            async with self.system.gateway.browser(login) as api:
                await api.put("/api/v1/seat", {"state": "not_ready", "reason": "小休"})

    def new_number(self) -> str:
        """A citizen's number that nobody called from yet."""
        self._callers += 1
        return f"1390000{self._callers:04d}"

    @asynccontextmanager
    async def phones(self, citizen: str, agent: str = ANSWERS) -> AsyncIterator[None]:
        """What the citizens' phones and that of agent 8001 do when they ring."""
        trunk = self.system.switchboard.settings.trunk_port
        async with (
            self.sipp.phone(self._ports["1001"], agent),
            self.sipp.phone(self._ports["1002"], ANSWERS),
            self.sipp.phone(trunk, citizen),
        ):
            yield

    @asynccontextmanager
    async def desk(self, login: str = "agent8001") -> AsyncIterator[Desk]:
        """An agent's browser."""
        async with self.system.gateway.browser(login) as api, live_page(api) as page:
            yield Desk(api, page)

    async def missed(self, desk: Desk, number: str, line: str = "12345") -> int:
        """A citizen calls and gives up; the id of the task, which the agent's page is told."""
        await self.sipp.call(line, caller(number, stay_ms=2500))
        ends = number[-4:]
        told = await desk.page.until(
            "ringback.opened", lambda frame: frame["data"]["number"].endswith(ends)
        )
        assert told["data"]["number"] == f"139****{ends}"
        return int(told["data"]["task_id"])

    async def attempt(self, task_id: int) -> dict[str, Any]:
        """The only attempt of a task, once it has ended."""
        rows = await until(
            lambda: self.rows("select * from ringback_attempts where task_id = $1", task_id),
            lambda found: found and all(row["outcome"] for row in found),
        )
        assert len(rows) == 1
        return dict(rows[0])

    async def rows(self, sql: str, *values: object) -> list[Any]:
        connection = await asyncpg.connect(self.system.database_dsn)
        try:
            return list(await connection.fetch(sql, *values))
        finally:
            await connection.close()

    async def agrees(self, attempt: dict[str, Any]) -> None:
        """CEL tells the same, once the agent's channel is gone."""
        since = datetime.now(UTC) - timedelta(minutes=5)
        path = self.system.switchboard.cel_csv

        async def seen() -> Any:
            return far_end_of(cel_since(path, since), attempt["attempt_id"])

        found = await until(seen, lambda one: one is not None)
        assert OUTCOMES[found.what] == attempt["outcome"]

    async def far_ends(self, attempt_id: str) -> int:
        """How many telephones rang for the attempt besides the agent's."""
        events = cel_since(
            self.system.switchboard.cel_csv, datetime.now(UTC) - timedelta(minutes=5)
        )
        return len(
            {e.uniqueid for e in events if e.linkedid == attempt_id and e.uniqueid != attempt_id}
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ring_back(
    switchboard_here: None,
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: str,
    template_database: str,
    redis_server: str,
) -> AsyncIterator[RingBack]:
    """One system for all tests here."""
    directory = tmp_path_factory.mktemp("ring-back")
    async for dsn in copied_database(postgres_server, template_database):
        short = {"dial_timeout_s": 3}
        async with running_system(directory, dsn, redis_server, short, **SETTINGS) as system:
            made = RingBack(system)
            await made.register()
            yield made


async def test_from_the_missed_call_to_the_citizen_reached(ring_back: RingBack) -> None:
    number = ring_back.new_number()
    async with ring_back.phones(ANSWERS), ring_back.desk() as desk:
        task_id = await ring_back.missed(desk, number)
        [listed] = await desk.api.get("/api/v1/ringbacks")
        assert (listed["task_id"], listed["state"], listed["missed_calls"]) == (task_id, "open", 1)
        assert await desk.command(f"ringbacks/{task_id}/dial") == (202, "")
        taken = await desk.page.until("ringback.taken")
        assert taken["data"]["agent"] == "8001"
        await desk.page.until("ringback.reached")
        attempt = await ring_back.attempt(task_id)
        assert attempt["outcome"] == "answered"
        assert await desk.command(f"ringbacks/{task_id}/dial") == (409, "您的话机正忙")
        assert await desk.command("seat/hangup") == (202, "")
        refused = await until(
            lambda: desk.command(f"ringbacks/{task_id}/dial"), lambda said: "正忙" not in said[1]
        )
        assert refused == (409, "这个回拨任务已结束，无需回拨")
        assert await desk.api.get("/api/v1/ringbacks") == []
        detail = await desk.api.get(f"/api/v1/ringbacks/{task_id}")
        assert [(one["agent"], one["outcome"]) for one in detail["tries"]] == [("8001", "answered")]
    await ring_back.agrees(attempt)
    async with ring_back.desk("chief") as chief:
        callers = await chief.api.get("/api/v1/board/callers")
    rate = callers["caller_connection_rate"]
    assert (rate["numerator"], rate["denominator"]) == (1, 1)
    metrics = await until(
        ring_back.system.gateway.metrics,
        lambda text: 'hotline_callers_reached{by="ring_back"} 1.0' in text,
    )
    assert 'hotline_ringback_attempts_total{outcome="answered"} 1.0' in metrics
    assert number not in metrics
    assert number not in ring_back.system.gateway.log.read_text("utf-8")


@pytest.mark.parametrize(
    ("citizen", "outcome"),
    [
        (phone_that_rejects(486, "Busy Here"), "busy"),
        (phone_that_never_answers(), "no_answer"),
        (phone_that_rejects(503, "Service Unavailable"), "congestion"),
    ],
)
async def test_citizen_not_reached(ring_back: RingBack, citizen: str, outcome: str) -> None:
    async with ring_back.phones(citizen), ring_back.desk() as desk:
        task_id = await ring_back.missed(desk, ring_back.new_number())
        assert await desk.command(f"ringbacks/{task_id}/dial") == (202, "")
        await desk.page.until("ringback.returned")
        attempt = await ring_back.attempt(task_id)
        assert attempt["outcome"] == outcome
        detail = await desk.api.get(f"/api/v1/ringbacks/{task_id}")
        assert (detail["state"], detail["attempts"]) == ("open", 1)
    await ring_back.agrees(attempt)


async def test_agent_does_not_pick_up(ring_back: RingBack) -> None:
    rejects = phone_that_rejects(486, "Busy Here")
    async with ring_back.phones(ANSWERS, agent=rejects), ring_back.desk() as desk:
        task_id = await ring_back.missed(desk, ring_back.new_number())
        status, sentence = await desk.command(f"ringbacks/{task_id}/dial")
        assert (status, sentence.startswith("您的话机")) == (409, True)
        await desk.page.until("ringback.returned")
        attempt = await ring_back.attempt(task_id)
    assert attempt["outcome"] == "agent_absent"
    assert await ring_back.far_ends(attempt["attempt_id"]) == 0


async def test_two_agents_ring_one_citizen_once(ring_back: RingBack) -> None:
    async with (
        ring_back.phones(ANSWERS),
        ring_back.desk() as desk,
        ring_back.desk("agent8002") as other,
    ):
        task_id = await ring_back.missed(desk, ring_back.new_number())
        answers = await asyncio.gather(
            *(each.command(f"ringbacks/{task_id}/dial") for each in (desk, other))
        )
        assert sorted(answers) == [(202, ""), (409, "其他坐席正在回拨")]
        attempt = await ring_back.attempt(task_id)
        winner = desk if attempt["agent"] == "8001" else other
        assert await winner.command("seat/hangup") == (202, "")
    assert await ring_back.far_ends(attempt["attempt_id"]) == 1


async def test_who_gets_through_meanwhile_is_not_rung(ring_back: RingBack) -> None:
    number = ring_back.new_number()
    async with (
        ring_back.phones(ANSWERS, agent=phone(ring_ms=7000)),
        ring_back.desk() as desk,
        ring_back.desk("agent8002") as other,
    ):
        task_id = await ring_back.missed(desk, number)
        dialling = asyncio.create_task(desk.command(f"ringbacks/{task_id}/dial"))
        await desk.page.until("ringback.taken", lambda frame: frame["data"]["task_id"] == task_id)
        await other.api.put("/api/v1/seat", {"state": "ready"})
        calling = asyncio.create_task(ring_back.sipp.call("12345", caller(number, stay_ms=4000)))
        status, sentence = await dialling
        assert (status, sentence) == (409, "来电人已接通或任务已结束，已取消回拨")
        dropped = await desk.page.until("ringback.dropped")
        assert dropped["data"]["reason"] == "got_through"
        await calling
        await other.api.put("/api/v1/seat", {"state": "not_ready", "reason": "小休"})
        attempt = await ring_back.attempt(task_id)
    assert attempt["outcome"] == "overtaken"
    assert await ring_back.far_ends(attempt["attempt_id"]) == 0


async def test_gateway_dies_while_they_talk(ring_back: RingBack) -> None:
    """Nobody heard that the citizen answered, or it was not written: CEL tells."""
    gateway = ring_back.system.gateway
    async with ring_back.phones(phone(ring_ms=2500, talk_ms=4000)):
        async with ring_back.desk() as desk:
            task_id = await ring_back.missed(desk, ring_back.new_number())
            assert await desk.command(f"ringbacks/{task_id}/dial") == (202, "")
            gateway.kill()  # the citizen's phone rings
        await gateway.start()
        [row] = await ring_back.rows(
            "select state from ringback_attempts where task_id = $1", task_id
        )
        assert row["state"] == "dialling"
        attempt = await ring_back.attempt(task_id)
    assert attempt["outcome"] == "answered"
    [task] = await ring_back.rows("select state from ringback_tasks where task_id = $1", task_id)
    assert task["state"] == "reached"
    assert re.search(r"ring_back_resolved", gateway.log.read_text("utf-8"))
