"""Ownership of a switchboard: of several gateways exactly one records, publishes and dials.

The claim is a PostgreSQL session advisory lock, which ends with its connection however the process
ends. A process that stands still keeps its connection, so the owner also renews a lease. Its own
lease ends, by its own clock, before anybody may end its connection and take over; and because a
process can stand still between looking at its lease and writing, every write of the owner checks
the epoch of its ownership in the same transaction (`docs/decisions/0004`).
"""

import asyncio
import zlib
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any

import aiosql
import asyncpg
import structlog

from gateway.database_away import DATABASE_AWAY
from gateway.errors import OwnershipLostError

RENEW_EVERY_S = 0.5
PULSE_EVERY_S = 0.25
LEASE_S = 2.0  # by the owner's clock, from before it asked for the renewal
STALE_AFTER_S = 3.0  # by the clock of PostgreSQL, from when it renewed
TIMEOUT_S = 5.0
WRITES_END_S = 3.0  # more than a session may stand idle in a transaction
OWNED_LATELY_S = 600.0  # longer than a take-over or a restart lasts
LOCK_CLASS = 0x12345

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "ownership.sql", "asyncpg")
log = structlog.get_logger(__name__)


async def owned_lately(connection: Any) -> list[str]:
    """The switchboards that some process owns, or did so a moment ago; the latest renewed first."""
    rows = _QUERIES.owned_lately(connection, within_s=OWNED_LATELY_S)
    return [row["switchboard"] async for row in rows]


class Standing(Enum):
    """Where this process stands towards a switchboard."""

    STANDBY = "standby"  # another process owns it, or nobody was asked yet
    OWNER = "owner"  # records, publishes and dials
    CUT_OFF = "cut_off"  # was owner, PostgreSQL is away: shows, but neither records nor dials


class Ownership:
    """Tries for ever to own ``switchboard``; every change of standing is told at once."""

    def __init__(
        self, dsn: str, switchboard: str, on_change: Callable[[Standing], None] = lambda _: None
    ) -> None:
        self._dsn = dsn
        self._switchboard = switchboard
        self._key = zlib.crc32(switchboard.encode()) - 2**31
        self._on_change = on_change
        self._epoch = 0
        self._lease_ends_s = 0.0  # of the event loop's clock
        self._renewed = asyncio.Event()
        self._pulse_s = asyncio.get_running_loop().time()
        self._stopped = False
        self.standing = Standing.STANDBY

    @property
    def is_held(self) -> bool:
        """Whether this process owns the switchboard now, its lease included."""
        in_time = asyncio.get_running_loop().time() < self._lease_ends_s
        return self.standing is Standing.OWNER and in_time

    async def held(self) -> None:
        """Return as soon as the switchboard is owned by this process."""
        while not self.is_held:
            self._renewed.clear()
            await self._renewed.wait()

    async def fence(self, connection: Any) -> None:
        """Make the running transaction of ``connection`` one of the owner.

        Nobody takes over before it ends. Raises `OwnershipLostError` when somebody has.
        """
        epoch = await _QUERIES.hold_epoch(connection, switchboard=self._switchboard)
        if not self.is_held or epoch != self._epoch:
            raise OwnershipLostError("another gateway owns the switchboard now")

    @property
    def stood_still(self) -> bool:
        """Whether this process did nothing for so long that another may have taken over.

        So until PostgreSQL has said who owns now. One that is merely slow does not matter.
        """
        return self._stopped or asyncio.get_running_loop().time() - self._pulse_s > LEASE_S

    async def run(self) -> None:
        """Acquire, hold, and after a loss acquire again."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._feel_pulse())
            tasks.create_task(self._keep())

    async def _feel_pulse(self) -> None:
        while True:
            self._stopped = self.stood_still
            self._pulse_s = asyncio.get_running_loop().time()
            await asyncio.sleep(PULSE_EVERY_S)

    async def _keep(self) -> None:
        while True:
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    connection = await asyncpg.connect(self._dsn)
                try:
                    await self._hold(connection)
                finally:
                    connection.terminate()
            except DATABASE_AWAY as error:
                log.warning("ownership_unreachable", error=type(error).__name__)
                if self.standing is Standing.OWNER:
                    self._stand(Standing.CUT_OFF)
            await asyncio.sleep(RENEW_EVERY_S)

    async def _hold(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        while not await self._claim(connection):
            self._stand(Standing.STANDBY)
            await self._end_stale_owner(connection)
            await asyncio.sleep(RENEW_EVERY_S)
        self._stand(Standing.OWNER)
        while True:
            if not await self._renew(connection):
                return self._stand(Standing.STANDBY)
            await asyncio.sleep(RENEW_EVERY_S)

    async def _claim(self, connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
        asked_at = asyncio.get_running_loop().time()
        async with asyncio.timeout(TIMEOUT_S), connection.transaction():
            if not await _QUERIES.try_lock(connection, lock_class=LOCK_CLASS, key=self._key):
                return False
            self._epoch = await self._begin_epoch(connection)
        self._lease_ends_s = asked_at + LEASE_S
        return True

    async def _begin_epoch(self, connection: "asyncpg.Connection[asyncpg.Record]") -> int:
        """Take over, after the writes that the former owner has under way.

        One that stands still within a statement would hold them, and us, for as long as it does:
        its session has its limit between statements alone (`gateway.engines.SESSION`).
        """
        beginning = asyncio.ensure_future(
            _QUERIES.begin_epoch(connection, switchboard=self._switchboard)
        )
        try:
            await asyncio.wait([beginning], timeout=WRITES_END_S)
            if not beginning.done():
                await self._end_blockers(connection.get_server_pid())
            return int(await beginning)
        finally:
            # Not before it has let go of the connection: rolling back would fail on it, and that
            # failure would take the place of our being cancelled.
            beginning.cancel()
            await asyncio.gather(beginning, return_exceptions=True)

    async def _end_blockers(self, waiting_pid: int) -> None:
        connection = await asyncpg.connect(self._dsn)
        try:
            ended = await _QUERIES.end_blockers(connection, waiting_pid=waiting_pid)
        finally:
            connection.terminate()
        log.warning("stale_writes_ended", switchboard=self._switchboard, sessions=ended)

    async def _renew(self, connection: "asyncpg.Connection[asyncpg.Record]") -> bool:
        asked_at = asyncio.get_running_loop().time()
        async with asyncio.timeout(LEASE_S):
            renewed = await _QUERIES.renew(
                connection, switchboard=self._switchboard, epoch=self._epoch
            )
        if renewed is None:
            return False
        self._lease_ends_s = asked_at + LEASE_S
        self._stopped = False
        self._renewed.set()
        return True

    async def _end_stale_owner(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        async with asyncio.timeout(TIMEOUT_S):
            ended = await _QUERIES.end_stale_owner(
                connection,
                switchboard=self._switchboard,
                stale_after_s=STALE_AFTER_S,
                lock_class=LOCK_CLASS,
                key=self._key,
            )
        if ended:
            log.warning("stale_owner_ended", switchboard=self._switchboard)

    def _stand(self, standing: Standing) -> None:
        if standing is self.standing:
            return
        self.standing = standing
        if standing is not Standing.CUT_OFF:
            self._stopped = False
        log.info("ownership_changed", switchboard=self._switchboard, standing=standing.value)
        self._on_change(standing)
        if standing is Standing.OWNER:
            self._renewed.set()
