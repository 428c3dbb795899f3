"""Cancelling a task that talks to Redis ends it, whenever the cancellation arrives."""

import asyncio
import contextlib
import time

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.redis_client import cancelled_if_asked, connect
from tests.support.ports import free_port


async def test_cancellation_is_never_lost(redis: Redis) -> None:
    async def commands() -> None:
        while True:
            await redis.get("key")
            async with redis.pipeline() as pipeline:
                pipeline.get("key")
                await pipeline.execute()

    # After so many turns of the loop: among them those at which redis-py has just sent.
    for turns in range(60):
        task = asyncio.create_task(commands())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=5)
        assert done, f"still running, cancelled after {turns} turns"


async def test_timeout_is_never_lost(redis: Redis) -> None:
    async def wait_for_ever(limit_s: float) -> None:
        async with asyncio.timeout(limit_s):
            while True:
                await redis.blpop(["nothing"], timeout=0.05)

    for limit_ms in range(-1, 20):
        task = asyncio.create_task(wait_for_ever(limit_ms / 1000))
        done, _ = await asyncio.wait([task], timeout=5)
        assert done, f"still running, limited to {limit_ms} ms"
        assert isinstance(task.exception(), TimeoutError)


async def test_absent_server_is_told_at_once() -> None:
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(connect(f"redis://127.0.0.1:{free_port()}"))
        started = time.monotonic()
        with pytest.raises(RedisError):
            await client.get("key")
        assert time.monotonic() - started < 1


async def test_an_error_does_not_take_the_place_of_being_cancelled() -> None:
    async def lose_it() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectionError from None

    asking = asyncio.create_task(cancelled_if_asked(lose_it()))
    await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait([asking])
    assert asking.cancelled()
