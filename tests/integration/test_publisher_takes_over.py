"""Taking over from another publisher: nothing is missing, comes twice or goes back."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from gateway.live import STREAM, LiveEvent
from gateway.publisher import Publisher
from tests.support.live import until

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)


def seat(agent: str, state: str, heard: str) -> LiveEvent:
    data = {
        "switchboard": "sb1",
        "agent": agent,
        "state": state,
        "reason": "",
        "queues": ["12345"],
        "call_id": None,
    }
    return LiveEvent(f"seat-{agent}:{state}:{heard}", "seat.changed", AT, data)


def call(name: str, heard: str = "") -> LiveEvent:
    data = {
        "call_id": "sb1-1.1",
        "switchboard": "sb1",
        "agent": None,
        "agents": [],
        "ended_at": "2026-11-23T08:00:09.000Z" if name == "ended" else None,
    }
    return LiveEvent(f"sb1-1.1:{name}{heard}", f"call.{name}", AT, data)


async def streamed(redis: Redis) -> list[str]:
    return [LiveEvent.from_json(fields["e"]).event_id for _, fields in await redis.xrange(STREAM)]


async def publish(redis: Redis, publisher: Publisher, last: str) -> list[str]:
    """Let it work until the event ``last`` is on the stream."""
    running = asyncio.create_task(publisher.run())
    try:
        return await until(lambda: streamed(redis), lambda ids: last in ids)
    finally:
        running.cancel()
        await asyncio.wait([running])


@pytest.mark.parametrize(
    ("told", "recent", "added"),
    [
        pytest.param(
            [seat("8001", "ringing", "1")],
            [seat("8001", "ringing", "1"), seat("8001", "talking", "2")],
            [seat("8001", "talking", "2")],
            id="what the former one did not tell",
        ),
        pytest.param(
            [seat("8001", "talking", "1"), seat("8001", "ready", "3")],
            [seat("8001", "talking", "list"), seat("8001", "ready", "3")],
            [],
            id="a list is older than what was told after it",
        ),
        pytest.param(
            [call("answered", "1"), call("ended")],
            [call("answered", "list"), call("ended")],
            [],
            id="a call that was told to have ended does not come back",
        ),
        pytest.param(
            [seat("8001", "ready", "3")],
            [seat("8002", "talking", "list"), seat("8001", "ready", "3")],
            [seat("8002", "talking", "list")],
            id="of another seat nothing was told",
        ),
    ],
)
async def test_what_is_told_on_taking_over(
    redis_url: str,
    told: Sequence[LiveEvent],
    recent: Sequence[LiveEvent],
    added: Sequence[LiveEvent],
) -> None:
    fresh = seat("8009", "ready", "fresh")
    async with Redis.from_url(redis_url, decode_responses=True) as redis:
        former, ours = Publisher(redis), Publisher(redis)
        for event in told:
            former.put(event)
        await publish(redis, former, told[-1].event_id)
        ours.take_over(recent)
        ours.put(fresh)
        ids = await publish(redis, ours, fresh.event_id)
    assert ids == [event.event_id for event in (*told, *added, fresh)]
