"""The whole system for browser tests: people, a seat's phone that answers, calls on demand."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.gateway import PASSWORD
from tests.support.ports import free_ports
from tests.support.sipp import Sipp, caller, phone, press
from tests.support.system import System, running_system


@dataclass
class RunningGateway:
    """A gateway with its switchboard; the agent's phone rings 4 s, then talks for 8 s."""

    system: System
    calls: asyncio.TaskGroup
    agent_login: str = "agent8001"
    agent_password: str = PASSWORD
    supervisor_login: str = "chief"
    supervisor_password: str = PASSWORD
    placed: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where the pages are."""
        return self.system.gateway.url

    async def place_call(self, line: str = "12345") -> None:
        """A citizen calls the hotline; he rates when the agent has hung up. Returns at once."""
        number = f"1380000{len(self.placed) + 1:04d}"
        rating = [press("1", after_ms=900) for _ in range(20)]
        call = Sipp(self.system.switchboard.sip_port).call(line, caller(number, steps=rating))
        self.placed.append(self.calls.create_task(call))


@pytest.fixture
async def running_gateway(
    switchboard_here: None, tmp_path: Path, database_dsn: str, redis_url: str
) -> AsyncIterator[RunningGateway]:
    """The system, with agent 8001's phone registered and a citizen's phone behind the trunk."""
    (port,) = free_ports(1)
    async with running_system(tmp_path, database_dsn, redis_url) as system:
        board = system.switchboard
        sipp = Sipp(board.sip_port)
        await sipp.register("1001", board.secrets.seats["1001"], port)
        survey = phone(ring_ms=300, steps=[press("1", after_ms=700) for _ in range(14)])
        async with (
            sipp.phone(port, phone(ring_ms=2500, talk_ms=8000)),
            sipp.phone(board.settings.trunk_port, survey),
            asyncio.TaskGroup() as calls,
        ):
            running = RunningGateway(system, calls)
            yield running
            for call in running.placed:
                call.cancel()
