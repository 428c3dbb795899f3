"""Waiting for a condition outside this process, with a deadline."""

import asyncio
import time
from collections.abc import Awaitable, Callable

_POLL_S = 0.02


async def until(
    condition: Callable[[], Awaitable[bool]], what: str, *, deadline_s: float = 10
) -> None:
    """Returns as soon as ``condition`` holds; fails with ``what`` was waited for."""
    end = time.monotonic() + deadline_s
    while not await condition():
        assert time.monotonic() < end, f"not within {deadline_s} s: {what}"
        await asyncio.sleep(_POLL_S)
