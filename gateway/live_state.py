"""Live state in Redis: what every seat and every call up is doing now.

Written by the owner of each switchboard together with the stream entry of the same event, read by
every web process. It is a view: after Redis was emptied the owners write it anew (`replace`).

Keys:

- ``hotline:switchboards``: sorted set of names, by when their owner was last heard of (seconds)
- ``hotline:seats:<switchboard>``, ``hotline:calls:<switchboard>``: hashes, agent or call id → JSON
  of the event's data plus ``at`` and ``event`` (its name); only calls that are up
- ``hotline:call:<call_id>``: JSON of the call's newest state, kept 6 h so that a pop and its case
  work after the call; ``hotline:call:<call_id>:agents``: set of the agents it has concerned
- ``hotline:link:<switchboard>``: JSON of the AMI link, with what the owner knows of the
  switchboard; expires unless refreshed
"""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from gateway.live import LiveEvent, iso

SWITCHBOARDS = "hotline:switchboards"
CALL_KEPT_S = 6 * 3600
LINK_KEPT_S = 15
SWITCHBOARD_KEPT_S = 7 * 24 * 3600  # shown as not connected until then
WAITING = frozenset({"call.queued", "call.ringing", "call.ring_missed"})

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """Connection between a switchboard and its owner; ``since`` is when it last changed.

    ``queues`` can be transferred to there; unknown, as ``district``, while no owner tells.
    """

    switchboard: str
    connected: bool
    since: datetime | None
    district: str = ""
    queues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LiveCall:
    """A call of the last hours: its newest state and every agent it has concerned."""

    data: Fields
    agents: frozenset[str]


def _seats_key(switchboard: str) -> str:
    return f"hotline:seats:{switchboard}"


def _calls_key(switchboard: str) -> str:
    return f"hotline:calls:{switchboard}"


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
        pipeline.hset(_seats_key(fields["switchboard"]), fields["agent"], _json(fields))
    elif event.name.startswith("call."):
        text = _json(fields)
        _keep_call(pipeline, fields, text)
        key = _calls_key(fields["switchboard"])
        if fields["ended_at"] is None:
            pipeline.hset(key, fields["call_id"], text)
        else:
            pipeline.hdel(key, fields["call_id"])


def _fields(event: LiveEvent) -> Fields:
    return {**event.data, "at": iso(event.at), "event": event.name}


def _keep_call(pipeline: Pipeline, fields: Fields, text: str) -> None:
    call_id = fields["call_id"]
    agents = {part["agent"] for part in fields["agents"]} | {fields["agent"]} - {None}
    pipeline.set(_call_key(call_id), text, ex=CALL_KEPT_S)
    if agents:
        pipeline.sadd(_agents_key(call_id), *sorted(agents))
        pipeline.expire(_agents_key(call_id), CALL_KEPT_S)


def replace(pipeline: Pipeline, switchboard: str, events: Iterable[LiveEvent]) -> None:
    """Forget all its seats and calls and write ``events`` (one per seat and call up) instead.

    For the owner after a snapshot of the switchboard, and after Redis was away; run ``pipeline``
    as a transaction so that nobody sees the gap. Each hash is written by one command: pops wait
    while hundreds are sent and answered (docs/performance.md).
    """
    seats, calls = _seats_key(switchboard), _calls_key(switchboard)
    hashes: dict[str, dict[Any, str]] = {seats: {}, calls: {}}
    for event in events:
        fields = _fields(event)
        text = _json(fields)
        if event.name == "seat.changed":
            hashes[seats][fields["agent"]] = text
        else:
            hashes[calls][fields["call_id"]] = text
            _keep_call(pipeline, fields, text)
    pipeline.delete(*hashes)
    for key, entries in hashes.items():
        if entries:
            pipeline.hset(key, mapping=entries)


async def calls_told(redis: Redis, switchboard: str) -> set[str]:
    """The ids of the calls that are shown as being up."""
    told: Any = await redis.hkeys(_calls_key(switchboard))
    return set(told)


async def write_link(redis: Redis, link: Link) -> None:
    """Tell the state of the AMI link; repeat at least every `LINK_KEPT_S` / 3 seconds."""
    text = _json({**asdict(link), "since": iso(link.since)})
    async with redis.pipeline(transaction=True) as pipeline:
        pipeline.set(_link_key(link.switchboard), text, ex=LINK_KEPT_S)
        pipeline.zadd(SWITCHBOARDS, {link.switchboard: time.time()})
        await pipeline.execute()


class RedisLiveState:
    """Reads the live state of all switchboards.

    Every method raises `redis.exceptions.RedisError`.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def switchboards(self) -> list[str]:
        """The switchboards that had an owner within the last days, by name."""
        since = time.time() - SWITCHBOARD_KEPT_S
        names: Any = await self._redis.zrangebyscore(SWITCHBOARDS, since, "+inf")
        return sorted(names)

    async def seats(self) -> list[Fields]:
        """Every seat that was seen, by switchboard and agent."""
        stored = await self._all(_seats_key)
        return sorted(stored, key=lambda fields: (fields["switchboard"], fields["agent"]))

    async def seat(self, switchboard: str, agent: str) -> Fields | None:
        """One seat."""
        return _parsed(await self._redis.hget(_seats_key(switchboard), agent))

    async def calls(self) -> list[Fields]:
        """Every call that is up, oldest first, callers in full."""
        return sorted(await self._all(_calls_key), key=lambda fields: str(fields["arrived_at"]))

    async def _all(self, key: Callable[[str], str]) -> list[Fields]:
        names = await self.switchboards()
        async with self._redis.pipeline(transaction=False) as pipeline:
            for name in names:
                pipeline.hgetall(key(name))
            hashes = await pipeline.execute()
        return [json.loads(text) for stored in hashes for text in stored.values()]

    async def call(self, call_id: str) -> LiveCall | None:
        """A call of the last hours, up or ended; ``None`` if it is not known (any more)."""
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.get(_call_key(call_id))
            pipeline.smembers(_agents_key(call_id))
            text, agents = await pipeline.execute()
        data = _parsed(text)
        return None if data is None else LiveCall(data, frozenset(agents))

    async def link(self, switchboard: str) -> Link:
        """Whether the switchboard's owner is connected to it; nobody telling means no."""
        fields = _parsed(await self._redis.get(_link_key(switchboard)))
        if fields is None:
            return Link(switchboard, connected=False, since=None)
        since = datetime.fromisoformat(fields["since"])
        return Link(**{**fields, "since": since, "queues": tuple(fields["queues"])})

    async def links(self) -> list[Link]:
        """The same of every switchboard."""
        return [await self.link(name) for name in await self.switchboards()]


def waiting(calls: Iterable[Mapping[str, Any]]) -> int:
    """How many of these calls wait in a queue for a person, also while a seat rings for them."""
    return sum(call["event"] in WAITING for call in calls)


def concerns(call: Mapping[str, Any], switchboard: str, agent: str) -> bool:
    """Whether ``agent`` of a switchboard is the one concerned now or has had a part in ``call``."""
    if call["switchboard"] != switchboard:
        return False
    return call["agent"] == agent or any(part["agent"] == agent for part in call["agents"])


def _json(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _parsed(text: bytes | str | None) -> Fields | None:
    return None if text is None else json.loads(text)
