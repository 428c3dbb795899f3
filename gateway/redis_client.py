"""The Redis client of every role: quick to fail, and cancelled when its task is.

redis-py sends with `asyncio.wait_for`, which before Python 3.12 loses a cancellation that arrives
while the sending has just finished (python/cpython#86296). A lost one leaves a loop running for
ever and the program unable to stop, so it is noticed here and raised after all.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisDownError

SOCKET_TIMEOUT_S = 3.0
CONNECT_TIMEOUT_S = 1.0
RETRIES = 1  # the server closed an idle connection; anything longer is the caller's decision

Result = TypeVar("Result")


def connect(url: str) -> Redis:
    """A client for ``url`` that decodes answers; connects when first used."""
    return _Client.from_url(
        url,
        decode_responses=True,
        socket_timeout=SOCKET_TIMEOUT_S,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        retry=Retry(NoBackoff(), RETRIES, supported_errors=(RedisDownError,)),
    )


async def cancelled_if_asked(work: Awaitable[Result]) -> Result:
    """What ``work`` gives, unless this task was cancelled meanwhile: raises `CancelledError`."""
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        return await work
    finally:  # also in place of an error, with which a loop would go on
        if task and task.cancelling() > before:
            raise asyncio.CancelledError


class _Client(Redis):
    async def execute_command(self, *args: Any, **options: Any) -> Any:
        # redis-py carries no types for this method.
        work: Awaitable[Any] = super().execute_command(*args, **options)  # type: ignore[no-untyped-call]
        return await cancelled_if_asked(work)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        return _Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class _Pipeline(Pipeline):
    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        return await cancelled_if_asked(super().execute(raise_on_error))
