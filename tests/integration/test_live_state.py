"""The live state in Redis: written event by event, and anew as a whole (FAULTS 25)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from redis.asyncio import Redis

from gateway import live_state
from gateway.live import LiveEvent
from gateway.live_state import RedisLiveState

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url, decode_responses=True) as client:
        await told_of(client, "sb1")
        yield client


async def told_of(redis: Redis, *switchboards: str) -> None:
    for name in switchboards:
        await live_state.write_link(redis, live_state.Link(name, connected=True, since=AT))


def seat(agent: str, state: str, switchboard: str = "sb1") -> LiveEvent:
    data = {
        "switchboard": switchboard,
        "agent": agent,
        "state": state,
        "reason": "",
        "queues": ["12345"],
        "call_id": None,
    }
    return LiveEvent(f"seat-{agent}-{state}", "seat.changed", AT, data)


def call(call_id: str, name: str = "call.ringing", ended_at: str | None = None) -> LiveEvent:
    data: dict[str, Any] = {
        "call_id": call_id,
        "switchboard": call_id.partition("-")[0],
        "caller": "13800000001",
        "agent": "8001",
        "agents": [{"agent": "8002"}],
        "arrived_at": "2026-11-23T08:00:00.000Z",
        "ended_at": ended_at,
    }
    return LiveEvent(f"{call_id}-{name}", name, AT, data)


async def write(redis: Redis, *events: LiveEvent) -> None:
    async with redis.pipeline(transaction=True) as pipeline:
        for event in events:
            live_state.write(pipeline, event)
        await pipeline.execute()


async def replace(redis: Redis, *events: LiveEvent, switchboard: str = "sb1") -> None:
    async with redis.pipeline(transaction=True) as pipeline:
        live_state.replace(pipeline, switchboard, events)
        await pipeline.execute()


async def test_replacing_leaves_what_is_and_nothing_else(redis: Redis) -> None:
    state = RedisLiveState(redis)
    await write(redis, seat("8001", "ringing"), seat("8009", "ready"), call("sb1-1"), call("sb1-2"))

    await replace(redis, seat("8001", "talking"), call("sb1-2", "call.answered"))

    assert [(one["agent"], one["state"]) for one in await state.seats()] == [("8001", "talking")]
    assert [(one["call_id"], one["event"]) for one in await state.calls()] == [
        ("sb1-2", "call.answered")
    ]
    assert await state.call("sb1-1") is not None, "a call of the last hours is still known"


async def test_replacing_fills_an_emptied_redis_as_writing_does(redis: Redis) -> None:
    events = (seat("8001", "ringing"), seat("8002", "ready"), call("sb1-1"), call("sb1-2"))
    await write(redis, *events)
    written = await contents(redis)
    await redis.flushall()
    await told_of(redis, "sb1")

    await replace(redis, *events)

    assert await contents(redis) == written


async def test_replacing_by_nothing_leaves_nothing(redis: Redis) -> None:
    state = RedisLiveState(redis)
    await write(redis, seat("8001", "ready"), call("sb1-1"))

    await replace(redis)

    assert (await state.seats(), await state.calls()) == ([], [])


async def test_one_switchboard_leaves_the_others_alone(redis: Redis) -> None:
    state = RedisLiveState(redis)
    await told_of(redis, "sb2")
    await write(redis, seat("8001", "ready"), seat("8001", "talking", "sb2"), call("sb2-1"))

    await replace(redis, seat("8001", "ringing"))

    both = [(one["switchboard"], one["state"]) for one in await state.seats()]
    assert both == [("sb1", "ringing"), ("sb2", "talking")]
    assert [one["call_id"] for one in await state.calls()] == ["sb2-1"]
    seat_of_sb2 = await state.seat("sb2", "8001")
    assert seat_of_sb2 is not None
    assert seat_of_sb2["state"] == "talking"


async def test_every_switchboard_tells_of_its_link(redis: Redis) -> None:
    state = RedisLiveState(redis)
    known = live_state.Link("sb2", connected=False, since=AT, district="东区", queues=("12345",))
    await live_state.write_link(redis, known)
    await redis.delete("hotline:link:sb1")  # its owner is gone, and no other has taken over

    assert await state.links() == [live_state.Link("sb1", connected=False, since=None), known]


async def test_an_ended_call_is_up_no_more_but_known(redis: Redis) -> None:
    state = RedisLiveState(redis)
    await write(redis, call("sb1-1"))
    await write(redis, call("sb1-1", "call.ended", ended_at="2026-11-23T08:01:00.000Z"))

    assert await state.calls() == []
    known = await state.call("sb1-1")
    assert known is not None
    assert known.agents == {"8001", "8002"}


async def contents(redis: Redis) -> dict[str, Any]:
    """Every key with its value."""
    found: dict[str, Any] = {}
    for key in sorted(await redis.keys("*")):
        kind = await redis.type(key)
        if kind == "hash":
            found[key] = await redis.hgetall(key)
        elif kind == "zset":
            found[key] = await redis.zrange(key, 0, -1)
        elif kind == "set":
            found[key] = await redis.smembers(key)
        else:
            found[key] = await redis.get(key)
    return found
