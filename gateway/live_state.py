"""Live state in Redis: what every seat and every call up is doing now.

Written by the owner of the switchboard together with the stream entry of the same event, read by
every web process. It is a view: after Redis was emptied the owner writes it anew (`replace`).

Keys:

- ``hotline:seats``, ``hotline:calls``: hashes, agent or call id → JSON of the event's data plus
  ``at`` and ``event`` (its name); only calls that are up
- ``hotline:call:<call_id>``: JSON of the call's newest state, kept 6 h so that a pop and its case
  work after the call; ``hotline:call:<call_id>:agents``: set of the agents it has concerned
- ``hotline:link:<switchboard>``: JSON of the AMI link, expires unless refreshed
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from gateway.live import LiveEvent, iso

SEATS = "hotline:seats"
CALLS = "hotline:calls"
CALL_KEPT_S = 6 * 3600
LINK_KEPT_S = 15
WAITING = frozenset({"call.queued", "call.ringing", "call.ring_missed"})

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """Connection between a switchboard and its owner; ``since`` is when it last changed."""

    connected: bool
    since: datetime | None


@dataclass(frozen=True, slots=True)
class LiveCall:
    """A call of the last hours: its newest state and every agent it has concerned."""

    data: Fields
    agents: frozenset[str]


def _call_key(call_id: str) -> str:
    return f"hotline:call:{call_id}"


def _agents_key(call_id: str) -> str:
    return f"hotline:call:{call_id}:agents"


def _link_key(switchboard: str) -> str:
    return f"hotline:link:{switchboard}"


def write(pipeline: Pipeline, event: LiveEvent) -> None:
    """Add the commands that bring the state up to ``event`` to ``pipeline`` (not executed)."""
    fields = _fields(event)
    if event.name == "seat.changed":
        pipeline.hset(SEATS, fields["agent"], _json(fields))
    elif event.name.startswith("call."):
        text = _json(fields)
        _keep_call(pipeline, fields, text)
        if fields["ended_at"] is None:
            pipeline.hset(CALLS, fields["call_id"], text)
        else:
            pipeline.hdel(CALLS, fields["call_id"])


def _fields(event: LiveEvent) -> Fields:
    return {**event.data, "at": iso(event.at), "event": event.name}


def _keep_call(pipeline: Pipeline, fields: Fields, text: str) -> None:
    call_id = fields["call_id"]
    agents = {part["agent"] for part in fields["agents"]} | {fields["agent"]} - {None}
    pipeline.set(_call_key(call_id), text, ex=CALL_KEPT_S)
    if agents:
        pipeline.sadd(_agents_key(call_id), *sorted(agents))
        pipeline.expire(_agents_key(call_id), CALL_KEPT_S)


def replace(pipeline: Pipeline, events: Iterable[LiveEvent]) -> None:
    """Forget all seats and calls and write ``events`` (one per seat and call up) instead.

    For the owner after a snapshot of the switchboard, and after Redis was away; run ``pipeline``
    as a transaction so that nobody sees the gap. Each hash is written by one command: pops wait
    while hundreds are sent and answered (docs/performance.md).
    """
    hashes: dict[str, dict[Any, str]] = {SEATS: {}, CALLS: {}}
    for event in events:
        fields = _fields(event)
        text = _json(fields)
        if event.name == "seat.changed":
            hashes[SEATS][fields["agent"]] = text
        else:
            hashes[CALLS][fields["call_id"]] = text
            _keep_call(pipeline, fields, text)
    pipeline.delete(*hashes)
    for key, entries in hashes.items():
        if entries:
            pipeline.hset(key, mapping=entries)


async def write_link(redis: Redis, switchboard: str, *, connected: bool, since: datetime) -> None:
    """Tell the state of the AMI link; repeat at least every `LINK_KEPT_S` / 3 seconds."""
    text = _json({"connected": connected, "since": iso(since)})
    await redis.set(_link_key(switchboard), text, ex=LINK_KEPT_S)


class RedisLiveState:
    """Reads the live state. Every method raises `redis.exceptions.RedisError`."""

    def __init__(self, redis: Redis, switchboard: str) -> None:
        self._redis = redis
        self._switchboard = switchboard

    async def seats(self) -> list[Fields]:
        """Every seat that was seen, by agent."""
        stored = await self._redis.hgetall(SEATS)
        return [json.loads(stored[agent]) for agent in sorted(stored)]

    async def seat(self, agent: str) -> Fields | None:
        """One seat."""
        return _parsed(await self._redis.hget(SEATS, agent))

    async def calls(self) -> list[Fields]:
        """Every call that is up, oldest first, callers in full."""
        stored = [json.loads(text) for text in (await self._redis.hgetall(CALLS)).values()]
        return sorted(stored, key=lambda fields: str(fields["arrived_at"]))

    async def call(self, call_id: str) -> LiveCall | None:
        """A call of the last hours, up or ended; ``None`` if it is not known (any more)."""
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.get(_call_key(call_id))
            pipeline.smembers(_agents_key(call_id))
            text, agents = await pipeline.execute()
        data = _parsed(text)
        return None if data is None else LiveCall(data, frozenset(agents))

    async def link(self) -> Link:
        """Whether the switchboard's owner is connected to it; nobody telling means no."""
        fields = _parsed(await self._redis.get(_link_key(self._switchboard)))
        if fields is None:
            return Link(connected=False, since=None)
        return Link(fields["connected"], datetime.fromisoformat(fields["since"]))


def waiting(calls: Iterable[Mapping[str, Any]]) -> int:
    """How many of these calls wait in a queue for a person, also while a seat rings for them."""
    return sum(call["event"] in WAITING for call in calls)


def concerns(call: Mapping[str, Any], agent: str) -> bool:
    """Whether ``agent`` is the one concerned now or has had a part in ``call``."""
    return call["agent"] == agent or any(part["agent"] == agent for part in call["agents"])


def _json(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _parsed(text: bytes | str | None) -> Fields | None:
    return None if text is None else json.loads(text)
