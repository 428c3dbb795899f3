"""Recorder: what the switchboard says becomes rows, in batches, without ever holding up the reader.

`put` is called on the AMI reading path and only stores a reference. Of a call only the newest
state waits (each record is complete), so an outage of PostgreSQL costs one entry per call, not one
per event. What does not fit any more is counted and left to the ledger (`gateway.reconciler`).
"""

import asyncio
import json
from collections import deque
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import aiosql
import asyncpg
import structlog

from gateway.conferences import save_conference
from gateway.database_away import DATABASE_AWAY
from gateway.errors import OwnershipLostError
from gateway.live import call_data
from gateway.ownership import Ownership
from telephony.events import CallEvent, CallEventName, CallRecord, Event, SeatChanged

BATCH = 500
CAPACITY = 20_000
WRITE_TIMEOUT_S = 10.0
RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)

QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql", "asyncpg")
Waiting = TypeVar("Waiting", SeatChanged, CallEvent)
log = structlog.get_logger(__name__)


class Recorder:
    """Writes calls and seat intervals of one switchboard while `run` runs."""

    def __init__(
        self,
        pool: "asyncpg.Pool[asyncpg.Record]",
        ownership: Ownership,
        *,
        capacity: int = CAPACITY,
    ) -> None:
        self._pool = pool
        self._ownership = ownership
        self._capacity = capacity
        self._calls: dict[str, CallRecord] = {}
        self._seats: deque[SeatChanged] = deque()
        self._conferences: deque[CallEvent] = deque()
        self._wake = asyncio.Event()
        self.dropped = 0
        self.written = 0

    @property
    def waiting(self) -> int:
        """How many changes are not in PostgreSQL yet."""
        return len(self._calls) + len(self._seats) + len(self._conferences)

    def put(self, event: Event) -> None:
        """Take an event over; never blocks, never raises."""
        if isinstance(event, CallEvent):
            key = event.call.uniqueid
            self._calls.pop(key, None)
            if len(self._calls) >= self._capacity:
                del self._calls[next(iter(self._calls))]
                self.dropped += 1
            self._calls[key] = event.call
            if event.name is CallEventName.CONFERENCED:
                self._keep(self._conferences, event)
        else:
            self._keep(self._seats, event)
        self._wake.set()

    def _keep(self, waiting: deque[Waiting], event: Waiting) -> None:
        if len(waiting) >= self._capacity:
            waiting.popleft()
            self.dropped += 1
        waiting.append(event)

    def keep_newest_of_seats(self) -> None:
        """Forget all but the newest state of each seat: the earlier ones others have recorded."""
        newest = {(seat.switchboard, seat.agent): seat for seat in self._seats}
        self._seats = deque(newest.values())

    async def run(self) -> None:
        """Write for ever while the switchboard is owned; a failing PostgreSQL is retried.

        Nothing taken over is forgotten, and what happens while not owned waits.
        """
        failures = 0
        while True:
            await self._wake.wait()
            await self._ownership.held()
            try:
                async with asyncio.timeout(WRITE_TIMEOUT_S):
                    await self.flush()
                failures = 0
            except DATABASE_AWAY as error:
                pause_s = RETRY_S[min(failures, len(RETRY_S) - 1)]
                failures += 1
                log.warning("recording_delayed", error=type(error).__name__, waiting=self.waiting)
                await asyncio.sleep(pause_s)
            except OwnershipLostError:
                continue

    async def flush(self) -> None:
        """Write what waits now; what was not written keeps waiting.

        Raises `OwnershipLostError` and what asyncpg raises.
        """
        while self.waiting:
            calls = dict(list(self._calls.items())[:BATCH])
            seats = list(islice(self._seats, BATCH))
            conferences = list(islice(self._conferences, BATCH))
            async with self._pool.acquire() as connection, connection.transaction():
                await self._ownership.fence(connection)
                await save_calls(connection, list(calls.values()))
                for seat in seats:
                    await _save_seat(connection, seat)
                for conference in conferences:
                    await save_conference(connection, conference)
            self._forget(calls, seats, conferences)
        self._wake.clear()

    def _forget(
        self,
        calls: dict[str, CallRecord],
        seats: Sequence[SeatChanged],
        conferences: Sequence[CallEvent],
    ) -> None:
        for key, written in calls.items():
            if self._calls.get(key) is written:  # else a newer state came while we wrote
                del self._calls[key]
        _drop(self._seats, seats)
        _drop(self._conferences, conferences)
        self.written += len(calls) + len(seats) + len(conferences)


def _drop(waiting: deque[Waiting], written: Sequence[Waiting]) -> None:
    """Take what was written from what waits, unless that was cut off there meanwhile."""
    for event in written:
        if waiting and waiting[0] is event:
            waiting.popleft()


async def save_calls(connection: Any, calls: Sequence[CallRecord], *, source: str = "live") -> None:
    """Store the newest state of each call; an older revision than the stored one is ignored."""
    if calls:
        rows = json.dumps([_row(call) for call in calls])
        await QUERIES.save_calls(connection, calls=rows, source=source)


def _row(call: CallRecord) -> dict[str, Any]:
    return call_data(call) | {"uniqueid": call.uniqueid, "revision": call.revision}


async def _save_seat(connection: Any, seat: SeatChanged) -> None:
    what = {
        "switchboard": seat.switchboard,
        "agent": seat.agent,
        "state": seat.state.value,
        "reason": seat.reason,
        "call_id": seat.call_id,
        "at": seat.at,
    }
    await QUERIES.leave_state(connection, **what)
    await QUERIES.enter_state(connection, **what)
