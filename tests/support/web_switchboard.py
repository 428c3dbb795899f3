"""A switchboard as the pages know it: what it tells over Redis, and what it is commanded."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from gateway import live_state
from gateway.commands import Command
from gateway.errors import CommandRefusedError
from gateway.live import STREAM, LiveEvent, iso

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
SWITCHBOARD = "sb1"
CALLER = "13800000001"

_numbers = itertools.count(1)


def call_data(call_id: str, **changed: Any) -> dict[str, Any]:
    """Data of a call's event: a caller who waits in the queue, and what is ``changed``."""
    waiting = {
        "call_id": call_id,
        "switchboard": call_id.partition("-")[0],
        "line": "12345",
        "line_mode": "main",
        "district": "",
        "caller": CALLER,
        "queue": "12345",
        "agent": None,
        "detail": "",
        "outcome": None,
        "arrived_at": iso(NOW),
        "offered_at": iso(NOW),
        "answered_at": None,
        "ended_at": None,
        "wait_s": None,
        "talk_s": 0.0,
        "hold_s": 0.0,
        "agents": [],
    }
    return waiting | changed


def part(agent: str) -> dict[str, Any]:
    """The share of an agent who talks."""
    return {
        "agent": agent,
        "interface": f"PJSIP/8{agent}",
        "answered_at": iso(NOW),
        "released_at": None,
        "talk_s": 0.0,
        "hold_s": 0.0,
    }


@dataclass
class Switchboard:
    """Stands for the owner of the switchboard: tells events, answers commands."""

    redis: Redis
    refusal: str = ""
    commands: list[Command] = field(default_factory=list)

    async def tell(self, name: str, data: dict[str, Any], *, at: datetime = NOW) -> LiveEvent:
        """Publish an event as the publisher does."""
        event = LiveEvent(f"e{next(_numbers)}", name, at, data)
        async with self.redis.pipeline(transaction=True) as pipeline:
            pipeline.xadd(STREAM, {"e": event.to_json()})
            live_state.write(pipeline, event)
            await pipeline.execute()
        return event

    async def tell_seat(self, agent: str, state: str, **changed: Any) -> LiveEvent:
        """Publish what a seat does."""
        data = {
            "switchboard": SWITCHBOARD,
            "agent": agent,
            "state": state,
            "reason": "",
            "queues": ["12345"],
            "extensions": [f"8{agent}"],
            "call_id": None,
        }
        return await self.tell("seat.changed", data | changed)

    async def connect(self, *, connected: bool = True) -> None:
        """Tell how the link is."""
        link = live_state.Link(SWITCHBOARD, connected, NOW, queues=("12345", "expert"))
        await live_state.write_link(self.redis, link)

    async def serve(self, command: Command) -> None:
        """Accept a command, or refuse it with `refusal`."""
        self.commands.append(command)
        if self.refusal:
            raise CommandRefusedError(self.refusal)
