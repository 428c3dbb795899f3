"""Citizens ask how their case stands (C7), by web or telephone: guarded against guessing."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from redis.asyncio import Redis

from gateway.auth import rates
from ticketing.enquiry import Progress, enquire

# Four digits are soon tried out: of one case, whoever asks, 5 a quarter of an hour may be wrong.
PER_CASE, WINDOW_S = 5, 900
CASE = "enquiry-case"


async def guarded_enquiry(
    redis: Redis,
    database: Callable[[], AbstractAsyncContextManager[Any]],
    case_no: str,
    digits: str,
) -> Progress | None:
    """What `enquire` says. Of whom it is asked too often besides, the caller counts himself.

    Raises `RateExceededError` when too many wrong digits were tried with that case, and what Redis
    and the database raise.
    """
    await rates.count(redis, CASE, case_no, limit=PER_CASE, window_s=WINDOW_S)
    async with database() as connection:
        found = await enquire(connection, case_no, digits)
    if found is not None:
        await rates.forget(redis, CASE, case_no)
    return found
