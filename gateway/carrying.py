"""Carries what waits in the database to other systems: leased, so many at once, for ever.

A piece belongs to whoever leased it, so nothing is sent twice on purpose. When he dies the lease
ends, and the piece may be sent a second time, with the same id.
"""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, TypeVar

import structlog

from gateway.context import Context
from gateway.database_away import DATABASE_AWAY

LEASE_MARGIN = timedelta(seconds=30)
POLL_S = 1.0
RESTART_S = 2.0

Piece = TypeVar("Piece")

log = structlog.get_logger(__name__)


@dataclass
class Carrier(ABC, Generic[Piece]):
    """Sends what is due, at each destination so many pieces at once (`limit`)."""

    context: Context
    _busy: Counter[int] = field(default_factory=Counter, init=False)
    _freed: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    @property
    @abstractmethod
    def limit(self) -> int:
        """How many pieces may be on their way to one destination at once."""

    @abstractmethod
    async def lease(self, connection: Any) -> Sequence[Piece]:
        """Lease pieces that are due, as many as there is `room` for."""

    @abstractmethod
    def destination(self, piece: Piece) -> int:
        """Where a piece goes."""

    @abstractmethod
    async def carry(self, piece: Piece) -> None:
        """Send a leased piece and write down what came of it."""

    async def run(self) -> None:
        """Send for ever. Raises what asyncpg raises when the database cannot be used."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._freed.clear()
                begun = await self.begin(tasks)
                if not begun or self._full:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._freed.wait(), POLL_S)

    async def begin(self, tasks: asyncio.TaskGroup) -> int:
        """Lease what is due and send it in ``tasks``; how many pieces."""
        async with self.context.engines.pool.acquire() as connection:
            leased = await self.lease(connection)
        for piece in leased:
            self._busy[self.destination(piece)] += 1
            tasks.create_task(self._drive(piece), name="carry")
        return len(leased)

    def room(self, destinations: Iterable[int]) -> dict[int, int]:
        """How many more pieces may go to each; one for which there is no room is left out."""
        free = {each: self.limit - self._busy[each] for each in destinations}
        return {each: room for each, room in free.items() if room > 0}

    @property
    def _full(self) -> bool:
        return any(busy >= self.limit for busy in self._busy.values())

    async def _drive(self, piece: Piece) -> None:
        try:
            await self.carry(piece)
        finally:
            self._busy[self.destination(piece)] -= 1
            self._freed.set()


async def keep_carrying(
    opened: Callable[[], AbstractAsyncContextManager[Carrier[Any]]], *, what: str
) -> None:
    """Have a carrier send until cancelled; a lost database is waited for."""
    while True:
        try:
            async with opened() as carrier:
                await carrier.run()
        except* DATABASE_AWAY as group:
            log.warning(f"{what}_interrupted", error=type(group.exceptions[0]).__name__)
        await asyncio.sleep(RESTART_S)
