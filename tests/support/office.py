"""Two agents and a supervisor with telephones, one gateway, one switchboard, for many tests.

Agents 8001 and 8002 sit at 1001 and 1002, the supervisor ``chief`` at 1003; behind the trunk an
outside telephone answers. All of them answer after a moment and stay until the others hang up.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import asyncpg

from gateway.ledger_files import cel_since, queue_log_since
from gateway.stored_calls import calls_since
from telephony.events import CallRecord
from telephony.ledger import Seating, reconstruct
from telephony.repair import differences
from tests.support.capture import AmiRecorder
from tests.support.gateway import Api
from tests.support.live import LivePage, live_page, until
from tests.support.ports import free_ports
from tests.support.sipp import Sipp, caller, phone
from tests.support.system import System

SEATS = [Seating(0.0, "PJSIP/1001", "8001"), Seating(0.0, "PJSIP/1002", "8002")]
OUTSIDE = "13900000900"
STAY_MS = 9_000


@dataclass
class Desk:
    """Somebody's browser: requests and live events."""

    api: Api
    page: LivePage

    async def command(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, str]:
        """Status of a command, and the sentence when it was refused."""
        async with self.api.session.post(f"/api/v1/{path}", json=body) as answer:
            said = await answer.json(content_type=None)
            return answer.status, said.get("detail", "")


@dataclass
class Office:
    """The people and their telephones."""

    system: System
    sipp: Sipp
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    @asynccontextmanager
    async def desk(self, login: str) -> AsyncIterator[Desk]:
        """The browser of ``login``, signed in."""
        gateway = self.system.gateway
        async with gateway.browser(login) as api, live_page(api) as page:
            yield Desk(api, page)

    @asynccontextmanager
    async def call(self, *, stay_ms: int = STAY_MS) -> AsyncIterator[tuple[Desk, str]]:
        """A citizen speaks with agent 8001: his desk and the call's id; ends with the call.

        The switchboard's own records must then tell the same of the call as the gateway.
        """
        number = f"1380000{next(self._numbers):04d}"
        async with self.desk("agent8001") as desk, asyncio.TaskGroup() as tasks:
            await desk.api.put("/api/v1/seat", {"state": "ready"})
            talking = tasks.create_task(
                self.sipp.call("12345", caller(number, stay_ms=stay_ms), deadline_s=60)
            )
            try:
                answered = await desk.page.until("call.answered")
                call_id = answered["data"]["call_id"]
                yield desk, call_id
            except BaseException:
                await self._hang_up_everybody()  # whom the killed SIPp would leave hanging
                raise
            await talking
            await desk.api.put("/api/v1/seat", {"state": "not_ready", "reason": "小休"})
        await self._agrees(call_id)

    async def _hang_up_everybody(self) -> None:
        await self.system.switchboard.cli("channel request hangup all")

    @asynccontextmanager
    async def ami(self) -> AsyncIterator[AmiRecorder]:
        """Everything that the switchboard says meanwhile."""
        board = self.system.switchboard
        recorder = await AmiRecorder.connect(board.ami_port, board.secrets.ami)
        try:
            yield recorder
        finally:
            await recorder.close()

    async def record(self, call_id: str) -> CallRecord:
        """The call as it was recorded, once it has ended."""
        return await until(lambda: self._recorded(call_id), lambda call: call and call.ended_at)

    async def acts(self, action: str) -> list[dict[str, Any]]:
        """The audit log's rows of this action, oldest first."""
        connection = await asyncpg.connect(self.system.database_dsn)
        try:
            rows = await connection.fetch(
                "select actor, subject, detail::text from audit_log where action = $1"
                " order by audit_id",
                action,
            )
        finally:
            await connection.close()
        return [{**row, "detail": json.loads(row["detail"])} for row in rows]

    async def _recorded(self, call_id: str) -> CallRecord | None:
        connection = await asyncpg.connect(self.system.database_dsn)
        try:
            since = datetime.now(UTC) - timedelta(minutes=5)
            calls = await calls_since(connection, call_id.partition("-")[0], since)
        finally:
            await connection.close()
        return next((call for call in calls if call.call_id == call_id), None)

    async def _agrees(self, call_id: str) -> None:
        ours = await self.record(call_id)
        board, since = self.system.switchboard, ours.arrived_at - timedelta(seconds=1)
        ledger = reconstruct(
            ours.switchboard,
            queue_log_since(board.queue_log, since),
            cel_since(board.cel_csv, since),
            inbound_contexts={"from-trunk"},
            seats=SEATS,
        )
        truth = ledger.ended[ours.uniqueid]
        assert differences(ours, truth) == (), (ours, truth)


@asynccontextmanager
async def opened_office(system: System) -> AsyncIterator[Office]:
    """Register the telephones and let them answer."""
    board = system.switchboard
    sipp = Sipp(board.sip_port)
    async with AsyncExitStack() as stack:
        for seat, port in zip(("1001", "1002", "1003"), free_ports(3), strict=True):
            await sipp.register(seat, board.secrets.seats[seat], port)
            await stack.enter_async_context(sipp.phone(port, phone()))
        await stack.enter_async_context(sipp.phone(board.settings.trunk_port, phone()))
        for login in ("agent8001", "agent8002"):
            async with system.gateway.browser(login) as api:
                await api.put("/api/v1/seat", {"state": "not_ready", "reason": "小休"})
        yield Office(system, sipp)
