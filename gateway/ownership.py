"""Ownership of a switchboard: of several gateways exactly one records and dials.

The claim is a PostgreSQL session advisory lock held on a connection of its own; it ends with the
connection, however the process ends. Everything that reads is free to go on without it.
"""

import asyncio
import zlib
from collections.abc import Callable
from enum import Enum

import asyncpg
import structlog

CHECK_EVERY_S = 2.0
TIMEOUT_S = 5.0
LOCK_CLASS = 0x12345

log = structlog.get_logger(__name__)


class Standing(Enum):
    """Where this process stands towards a switchboard."""

    STANDBY = "standby"  # another process owns it, or nobody was asked yet
    OWNER = "owner"  # records and dials
    CUT_OFF = "cut_off"  # was owner, PostgreSQL is away: shows, but neither records nor dials


class Ownership:
    """Tries for ever to own ``switchboard``; ``owned`` is set exactly while it does."""

    def __init__(self, dsn: str, switchboard: str, on_change: Callable[[Standing], None]) -> None:
        self._dsn = dsn
        self._key = zlib.crc32(switchboard.encode()) - 2**31
        self._switchboard = switchboard
        self._on_change = on_change
        self.standing = Standing.STANDBY
        self.owned = asyncio.Event()

    async def run(self) -> None:
        """Acquire, hold, and after a loss acquire again."""
        while True:
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    connection = await asyncpg.connect(self._dsn)
                try:
                    await self._hold(connection)
                finally:
                    connection.terminate()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("ownership_unreachable", error=type(error).__name__)
                self._lose()
            await asyncio.sleep(CHECK_EVERY_S)

    async def _hold(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        ask = "select pg_try_advisory_lock($1, $2)"
        while not await connection.fetchval(ask, LOCK_CLASS, self._key, timeout=TIMEOUT_S):
            self._stand(Standing.STANDBY)
            await asyncio.sleep(CHECK_EVERY_S)
        self._stand(Standing.OWNER)
        while True:
            await connection.fetchval("select 1", timeout=TIMEOUT_S)
            await asyncio.sleep(CHECK_EVERY_S)

    def _lose(self) -> None:
        if self.standing is Standing.OWNER:
            self._stand(Standing.CUT_OFF)

    def _stand(self, standing: Standing) -> None:
        if standing is self.standing:
            return
        self.standing = standing
        if standing is Standing.OWNER:
            self.owned.set()
        else:
            self.owned.clear()
        log.info("ownership_changed", switchboard=self._switchboard, standing=standing.value)
        self._on_change(standing)
