"""Limits on how often something may be asked, counted in Redis over a fixed window."""

import hashlib

from redis.asyncio import Redis

from gateway.errors import GatewayError


class RateExceededError(GatewayError):
    """Asked too often; ``retry_s`` seconds remain until it may be asked again."""

    def __init__(self, retry_s: int) -> None:
        super().__init__(f"请求过于频繁，请在 {retry_s} 秒后再试")
        self.retry_s = retry_s


async def count(redis: Redis, kind: str, value: str, *, limit: int, window_s: int) -> None:
    """Count one request of ``value``, which is not stored in clear.

    Raises `RateExceededError` when there were more than ``limit`` within ``window_s`` seconds, or
    `redis.exceptions.RedisError`.
    """
    key = _key(kind, value)
    async with redis.pipeline(transaction=True) as pipeline:
        pipeline.set(key, 0, ex=window_s, nx=True)
        pipeline.incr(key)
        pipeline.ttl(key)
        _, asked, remaining_s = await pipeline.execute()
    if asked > limit:
        raise RateExceededError(max(1, remaining_s))


async def forget(redis: Redis, kind: str, value: str) -> None:
    """Let ``value`` start anew."""
    await redis.delete(_key(kind, value))


def _key(kind: str, value: str) -> str:
    return f"hotline:rate:{kind}:{hashlib.sha256(value.encode()).hexdigest()}"
