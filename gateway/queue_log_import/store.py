"""Writes batches of calls and seat states, each in one transaction with the place it reaches."""

import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiosql
import asyncpg

from gateway.live import part_data
from gateway.queue_log_import.counts import Counts
from gateway.queue_log_import.errors import QueueLogImportError
from gateway.queue_log_import.history import History
from gateway.queue_log_import.seat_fold import SeatStretch
from gateway.queue_log_import.source import Place, Source
from telephony.events import CallRecord

QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql", "asyncpg")
TRIES = 5


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a source was imported, and what was not over there."""

    place: Place
    counts: Counts
    history: History


@dataclass(frozen=True, slots=True)
class Batch:
    """Finished calls and stretches, with the place and, as JSON, counts and state after them.

    ``lines`` and ``done`` (as in `Chunk`) tell how far that is.
    """

    calls: Sequence[CallRecord]
    stretches: Sequence[SeatStretch]
    place: Place
    last_at: float
    lines: int
    done: int
    counts: str
    state: str


@dataclass(frozen=True, slots=True)
class Stored:
    """Rows of `calls`: new ones, and known ones whose end was not known before."""

    added: int = 0
    completed: int = 0

    def __add__(self, other: "Stored") -> "Stored":
        return Stored(self.added + other.added, self.completed + other.completed)


class Store:
    """The database, for the import of one switchboard."""

    def __init__(self, connection: Any, switchboard: str) -> None:
        self._connection = connection
        self.switchboard = switchboard

    async def prepare(self) -> None:
        """To be called first. Raises `QueueLogImportError` while another import is under way."""
        if not await QUERIES.lock_import(self._connection, switchboard=self.switchboard):
            raise QueueLogImportError(f"another import into {self.switchboard} is under way")
        await QUERIES.make_batch_tables(self._connection)

    async def progress(self, source: Source) -> Progress | None:
        """How far ``source`` was imported earlier, ``None`` when it never was."""
        row = await QUERIES.known_import(
            self._connection, switchboard=self.switchboard, source=source.identity
        )
        if row is None:
            return None
        return Progress(
            place=Place(row["place"], row["mark"]),
            counts=Counts.from_json(json.loads(row["counts"])),
            history=History.from_json(json.loads(row["state"])),
        )

    async def history_before(self, source: Source) -> History:
        """What was not over when the source that ended last before this one ended."""
        state = await QUERIES.state_before(
            self._connection,
            switchboard=self.switchboard,
            source=source.identity,
            first_at=_when(source.first_at),
        )
        return History.empty() if state is None else History.from_json(json.loads(state))

    async def save(self, source: Source, batch: Batch) -> Stored:
        """Store all of it or nothing."""

        async def write() -> Stored:
            stored = await self._save_calls(batch.calls)
            await self._save_stretches(batch.stretches)
            await self._save_place(source, batch)
            return stored

        return await self._in_transaction(write)

    async def save_unfinished(self, calls: Sequence[CallRecord]) -> Stored:
        """Store calls of which a later source may tell more."""
        return await self._in_transaction(lambda: self._save_calls(calls))

    async def _in_transaction(self, write: Callable[[], Awaitable[Stored]]) -> Stored:
        """The gateway writes the totals, which triggers keep, at the same time: hence retries."""
        for _ in range(TRIES - 1):
            with suppress(asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
                async with self._connection.transaction():
                    return await write()
        async with self._connection.transaction():
            return await write()

    async def _save_place(self, source: Source, batch: Batch) -> None:
        await QUERIES.save_import(
            self._connection,
            switchboard=self.switchboard,
            source=source.identity,
            name=source.name,
            place=batch.place.place,
            mark=batch.place.mark,
            first_at=_when(source.first_at),
            last_at=_when(batch.last_at),
            counts=batch.counts,
            state=batch.state,
        )

    async def _save_calls(self, calls: Sequence[CallRecord]) -> Stored:
        if not calls:
            return Stored()
        rows = [_row(position, call) for position, call in enumerate(calls)]
        await self._connection.copy_records_to_table("batch_calls", records=rows)
        row = await QUERIES.store_calls(self._connection, switchboard=self.switchboard)
        return Stored(row["added"], row["completed"])

    async def _save_stretches(self, stretches: Sequence[SeatStretch]) -> None:
        if not stretches:
            return
        rows = [
            (one.agent, one.state.value, one.reason, _when(one.started_at), _when(one.ended_at))
            for one in stretches
        ]
        await self._connection.copy_records_to_table("batch_stretches", records=rows)
        await QUERIES.store_stretches(self._connection, switchboard=self.switchboard)


def _row(position: int, call: CallRecord) -> tuple[Any, ...]:
    """In the order of the columns of ``batch_calls``."""
    return (
        position,
        call.call_id,
        call.uniqueid,
        call.caller,
        call.queue,
        call.arrived_at,
        call.offered_at,
        call.answered_at,
        call.ended_at,
        call.outcome,
        call.wait_s,
        call.talk_s,
        call.agent,
        json.dumps([part_data(part) for part in call.agents]),
        call.revision,
    )


def _when(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)
