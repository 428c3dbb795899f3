"""Limits on guessing passwords, counted in Redis over a fixed window.

An attempt is counted before the password is looked at and taken back when it was right, so that
many attempts at the same moment cannot slip through together.
"""

import hashlib
from dataclasses import dataclass

from redis.asyncio import Redis

from gateway.errors import GatewayError

WINDOW_S = 300
PER_ACCOUNT = 5
PER_ADDRESS = 20


class TooManyAttemptsError(GatewayError):
    """The account or the address has used its failures up; ``retry_s`` seconds remain."""

    def __init__(self, retry_s: int) -> None:
        super().__init__(f"登录失败次数过多，请在 {retry_s} 秒后再试")
        self.retry_s = retry_s


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to log in that was counted."""

    account: str
    address: str


def _key(kind: str, value: str) -> str:
    return f"hotline:limit:{kind}:{hashlib.sha256(value.encode()).hexdigest()}"


async def begin(redis: Redis, login: str, address: str) -> Attempt:
    """Count an attempt. Raises `TooManyAttemptsError`, or `redis.exceptions.RedisError`."""
    attempt = Attempt(_key("account", login), _key("address", address))
    async with redis.pipeline(transaction=True) as pipeline:
        for key in (attempt.account, attempt.address):
            pipeline.set(key, 0, ex=WINDOW_S, nx=True)
            pipeline.incr(key)
            pipeline.ttl(key)
        _, by_account, account_s, _, by_address, address_s = await pipeline.execute()
    waits = [account_s] * (by_account > PER_ACCOUNT) + [address_s] * (by_address > PER_ADDRESS)
    if waits:
        raise TooManyAttemptsError(max(1, *waits))
    return attempt


async def forgive(redis: Redis, attempt: Attempt) -> None:
    """The password was right: the account starts anew, the address loses this attempt."""
    async with redis.pipeline(transaction=True) as pipeline:
        pipeline.delete(attempt.account)
        pipeline.decr(attempt.address)
        pipeline.expire(attempt.address, WINDOW_S)
        await pipeline.execute()
