"""All-time figures kept in memory, refreshed by one owned task, so that a scrape never waits."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import asyncpg
import structlog

from metrics import events
from metrics.callers import CallerCounts, LiveRingbacks, caller_counts, live_ringbacks
from metrics.calls import SHORT_ABANDON_S, CallGroup, call_counts
from metrics.case_clocks import RunningClocks, running_clocks
from metrics.counts import CallCounts
from metrics.dispatch_suggestion import ServedModel, served_model
from metrics.events import EventCounts
from metrics.figures import CITY, midnight
from metrics.outboxes import NOTICES, WEBHOOKS, Outbox, Waiting
from metrics.queries import QUERIES
from metrics.reconciliation import ReconciliationState, reconciliation_state
from metrics.seats import SeatInterval, open_intervals, seconds_by_state
from metrics.surges import OpenSurges, open_surges
from telephony.events import SeatState

log = structlog.get_logger(__name__)
CALLERS_EVERY_S = 10.0
CLOCKS_EVERY_S = 10.0
OUTBOXES_EVERY_S = 10.0
_UNREADABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # of a connection that is cut just when something is asked
)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_FAR_AHEAD = datetime.max.replace(tzinfo=UTC)


class LineInfo(NamedTuple):
    """A line as defined now."""

    number: str
    mode: str
    district: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything ever counted, and the state of the seats, at one moment.

    ``callers`` are those of the day (Asia/Shanghai) so far.
    """

    lines: tuple[LineInfo, ...]
    calls: Mapping[CallGroup, CallCounts]
    callers: CallerCounts
    ringbacks: LiveRingbacks
    clocks: RunningClocks
    surges: OpenSurges
    suggestion_model: ServedModel | None
    webhooks: Waiting
    notices: Waiting
    events: EventCounts
    seats: Mapping[SeatState, int]
    seat_seconds: Mapping[SeatState, float]
    taken_at: datetime
    reconciliation: ReconciliationState
    taken_at_s: float
    """Reading of the monotonic clock."""


class SnapshotKeeper:
    """Reads a snapshot every `interval_s` while `run` runs."""

    def __init__(
        self,
        pool: "asyncpg.Pool[asyncpg.Record]",
        *,
        interval_s: float = 5.0,
        timeout_s: float = 10.0,
        short_abandon_s: float = SHORT_ABANDON_S,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool = pool
        self._interval_s = interval_s
        self._timeout_s = timeout_s
        self._short_abandon_s = short_abandon_s
        self._clock = clock
        self._callers: tuple[float, CallerCounts] | None = None
        self._clocks: tuple[float, RunningClocks] | None = None
        self._outboxes: dict[str, tuple[float, Waiting]] = {}
        self.latest: Snapshot | None = None
        self.up = False
        """Whether the newest reading succeeded."""

    @property
    def age_s(self) -> float | None:
        """How old `latest` is; `None` before the first."""
        return None if self.latest is None else time.monotonic() - self.latest.taken_at_s

    async def run(self) -> None:
        """Refresh for ever; while PostgreSQL fails, `latest` stays and ages and `up` is false."""
        while True:
            try:
                await self.refresh()
            except _UNREADABLE as error:
                if self.up or self.latest is None:
                    log.warning("figures_unreadable", error=type(error).__name__)
                self.up = False
            await asyncio.sleep(self._interval_s)

    async def refresh(self) -> None:
        """Read a snapshot now; raises what asyncpg raises, or `TimeoutError`."""
        async with (
            asyncio.timeout(self._timeout_s),
            self._pool.acquire() as conn,
            conn.transaction(isolation="repeatable_read", readonly=True),
        ):
            self.latest = await self._read(conn)
        self.up = True

    async def _read(self, conn: Any) -> Snapshot:
        taken_at_s = time.monotonic()
        counted = await events.event_counts(conn, date.min, date.max)
        current = await open_intervals(conn)
        return Snapshot(
            lines=tuple([LineInfo(*row) async for row in QUERIES.lines(conn)]),
            callers=await self._callers_of_today(conn, taken_at_s),
            ringbacks=await live_ringbacks(conn),
            clocks=await self._running_clocks(conn, taken_at_s),
            surges=await open_surges(conn),
            suggestion_model=await served_model(conn),
            webhooks=await self._waiting(conn, WEBHOOKS, taken_at_s),
            notices=await self._waiting(conn, NOTICES, taken_at_s),
            calls=await call_counts(
                conn, date.min, date.max, short_abandon_s=self._short_abandon_s
            ),
            events=counted,
            seats=_by_state(current),
            seat_seconds=self._seat_seconds(counted, current),
            taken_at=self._clock(),
            reconciliation=await reconciliation_state(conn, now=self._clock()),
            taken_at_s=taken_at_s,
        )

    async def _callers_of_today(self, conn: Any, now_s: float) -> CallerCounts:
        """Counted over all calls of the day, and so not every time."""
        if self._callers is None or now_s - self._callers[0] >= CALLERS_EVERY_S:
            today = self._clock().astimezone(CITY).date()
            until = midnight(today + timedelta(days=1))
            self._callers = now_s, await caller_counts(conn, midnight(today), until)
        return self._callers[1]

    async def _running_clocks(self, conn: Any, now_s: float) -> RunningClocks:
        """Counted over all open cases, and so not every time."""
        if self._clocks is None or now_s - self._clocks[0] >= CLOCKS_EVERY_S:
            self._clocks = now_s, await running_clocks(conn, now=self._clock())
        return self._clocks[1]

    async def _waiting(self, conn: Any, outbox: Outbox, now_s: float) -> Waiting:
        """Counted over all that waits, and so not every time."""
        known = self._outboxes.get(outbox.name)
        if known is None or now_s - known[0] >= OUTBOXES_EVERY_S:
            known = self._outboxes[outbox.name] = now_s, await outbox.waiting(conn)
        return known[1]

    def _seat_seconds(
        self, counted: EventCounts, current: list[SeatInterval]
    ) -> dict[SeatState, float]:
        running = seconds_by_state(current, _LONG_AGO, _FAR_AHEAD, now=self._clock())
        ended = counted.by_subject(events.SEAT_TIME)
        return {state: running.get(state, 0.0) + ended.get(state, 0.0) for state in SeatState}


def _by_state(current: list[SeatInterval]) -> dict[SeatState, int]:
    seats = dict.fromkeys(SeatState, 0)
    for interval in current:
        seats[interval.state] += 1
    return seats
