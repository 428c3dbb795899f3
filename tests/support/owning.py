"""Ownership of a switchboard, and other things that run for the time of a block."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest

from gateway.ownership import Ownership, Standing

SWITCHBOARD = "sb1"


@asynccontextmanager
async def running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """``work`` goes on until the block ends, and no less long."""
    task = asyncio.create_task(work)
    try:
        yield
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def owning(
    dsn: str,
    switchboard: str = SWITCHBOARD,
    on_change: Callable[[Standing], None] = lambda _standing: None,
) -> AsyncIterator[Ownership]:
    """Tries to own ``switchboard`` until the block ends."""
    ownership = Ownership(dsn, switchboard, on_change)
    async with running(ownership.run()):
        yield ownership


@pytest.fixture
async def ownership(database_dsn: str) -> AsyncIterator[Ownership]:
    """The switchboard is ours."""
    async with owning(database_dsn) as ours:
        await ours.held()
        yield ours
