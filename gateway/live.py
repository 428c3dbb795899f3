"""Live events: one shape on the Redis Stream, on the WebSocket and, by name, on webhooks.

Redis carries the live wire only; it may be emptied at any time (`docs/decisions/0003`).
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from telephony.events import AgentPart, CallEvent, CallRecord, Event

STREAM = "hotline:live"
STREAM_LENGTH = 10_000
RETRY_S = 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """Something that happened, as consumers see it; a repeated ``event_id`` is the same event."""

    event_id: str
    name: str
    at: datetime
    data: Mapping[str, Any]

    def to_json(self) -> str:
        """The frame ``{"id", "name", "at", "data"}``, times in UTC."""
        frame = {"id": self.event_id, "name": self.name, "at": iso(self.at), "data": self.data}
        return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> "LiveEvent":
        """Inverse of `to_json`."""
        frame = json.loads(text)
        return cls(frame["id"], frame["name"], datetime.fromisoformat(frame["at"]), frame["data"])


def iso(at: datetime | None) -> str | None:
    """UTC with milliseconds and ``Z``, or ``None``."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_domain(event: Event) -> LiveEvent:
    """The live form of a domain event of the switchboard."""
    if isinstance(event, CallEvent):
        data = call_data(event.call) | {"agent": event.agent, "detail": event.detail}
        return LiveEvent(event.event_id, event.name.value, event.at, data)
    seat = {
        "switchboard": event.switchboard,
        "agent": event.agent,
        "state": event.state.value,
        "reason": event.reason,
        "queues": list(event.queues),
        "call_id": event.call_id,
    }
    return LiveEvent(event.event_id, event.name, event.at, seat)


def call_data(call: CallRecord) -> dict[str, Any]:
    """A call as a JSON object; ``caller`` is unmasked here and masked at every surface."""
    return {
        "call_id": call.call_id,
        "switchboard": call.switchboard,
        "line": call.line,
        "line_mode": call.line_mode.value if call.line_mode else None,
        "district": call.district,
        "caller": call.caller,
        "queue": call.queue,
        "agent": call.agent,
        "outcome": call.outcome.value if call.outcome else None,
        "arrived_at": iso(call.arrived_at),
        "offered_at": iso(call.offered_at),
        "answered_at": iso(call.answered_at),
        "ended_at": iso(call.ended_at),
        "wait_s": call.wait_s,
        "talk_s": call.talk_s,
        "hold_s": call.hold_s,
        "agents": [part_data(part) for part in call.agents],
    }


def part_data(part: AgentPart) -> dict[str, Any]:
    """One agent's share of a call as a JSON object."""
    return {
        "agent": part.agent,
        "interface": part.interface,
        "answered_at": iso(part.answered_at),
        "released_at": iso(part.released_at),
        "talk_s": part.talk_s,
        "hold_s": part.hold_s,
    }


async def publish(redis: Redis, event: LiveEvent) -> None:
    """Append ``event`` to the stream. Raises `redis.exceptions.RedisError`."""
    await redis.xadd(STREAM, {"e": event.to_json()}, maxlen=STREAM_LENGTH, approximate=True)


async def read(redis: Redis, *, since: str = "$") -> AsyncIterator[LiveEvent]:
    """Every event from now on, for ever; outages of Redis are waited out.

    ``redis`` decodes its answers (``decode_responses=True``), as every client of ours does.

    After an emptied or restarted Redis the stream's ids may start again below ours: reading then
    goes on from the new beginning, and consumers discard repeats by ``event_id``.
    """
    cursor = since
    while True:
        try:
            if cursor == "$":
                cursor = await _last_id(redis)
            batches: Any = await redis.xread({STREAM: cursor}, count=500, block=1000)
            if not batches and cursor > "0" and await _restarted(redis, cursor):
                cursor = "0-0"
        except RedisError as error:
            log.warning("live_wire_down", error=type(error).__name__)
            await asyncio.sleep(RETRY_S)
            continue
        for _stream, entries in batches or ():
            for entry_id, fields in entries:
                cursor = entry_id
                yield LiveEvent.from_json(fields["e"])


async def _last_id(redis: Redis) -> str:
    newest: Any = await redis.xrevrange(STREAM, count=1)
    return str(newest[0][0]) if newest else "0-0"


async def _restarted(redis: Redis, cursor: str) -> bool:
    """Whether the stream's newest entry is older than what was read already."""
    newest = await _last_id(redis)
    return _order(newest) < _order(cursor)


def _order(entry_id: str) -> tuple[int, ...]:
    return tuple(int(part) for part in entry_id.split("-"))
