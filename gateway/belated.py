"""Calls that were told to be up and whose end nobody saw: the live wire is told of it later.

The gateway was killed between storing and publishing, or the call ended while the link was cut. As
soon as PostgreSQL has the end, from the recorder or from the switchboard's own records, the event
is made of it; consumers that have had it discard it by its id.
"""

import asyncio
from collections.abc import Callable, Iterable

import asyncpg
import structlog

from gateway.database_away import DATABASE_AWAY
from gateway.live import LiveEvent, from_domain
from gateway.stored_calls import ended_calls
from telephony.calls.records import announce
from telephony.events import CallEventName

LOOK_EVERY_S = 1.0
LOOKS = 600  # then nobody will ever know

log = structlog.get_logger(__name__)


class BelatedEnds:
    """Tells ``put`` of the ends of the calls that are expected, while `run` runs."""

    def __init__(
        self, pool: "asyncpg.Pool[asyncpg.Record]", put: Callable[[LiveEvent], None]
    ) -> None:
        self._pool = pool
        self._put = put
        self._looks: dict[str, int] = {}
        self._wake = asyncio.Event()

    def expect(self, call_ids: Iterable[str]) -> None:
        """These calls are not up any more."""
        self._looks |= dict.fromkeys(call_ids, LOOKS)
        self._wake.set()

    async def run(self) -> None:
        """Look for them for ever."""
        while True:
            await self._wake.wait()
            try:
                await self._look()
            except DATABASE_AWAY as error:
                log.warning("ends_untold", error=type(error).__name__, calls=len(self._looks))
            if self._looks:
                await asyncio.sleep(LOOK_EVERY_S)
            else:
                self._wake.clear()

    async def _look(self) -> None:
        async with self._pool.acquire() as connection:
            ended = await ended_calls(connection, self._looks)
        for call in ended:
            # S101: for the type checker; the query finds only calls that have ended.
            assert call.ended_at is not None  # noqa: S101
            at = call.ended_at.timestamp()
            self._put(from_domain(announce(CallEventName.ENDED, call, at, "", "")))
            del self._looks[call.call_id]
        self._looks = {call_id: left - 1 for call_id, left in self._looks.items() if left > 1}
