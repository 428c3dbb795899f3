"""The import itself: sources in order of time, batch after batch."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Protocol

from gateway.queue_log_import.call_record import call_record
from gateway.queue_log_import.counts import Counts
from gateway.queue_log_import.history import KNOWN_EVENTS, History
from gateway.queue_log_import.source import Chunk, Source
from gateway.queue_log_import.store import Batch, Store, Stored

STILL_UP_S = 6 * 3600.0  # what was going on at the end of a log this young may be going on now


class ProgressView(Protocol):
    """Shows how far the import is."""

    def begin(self, source: Source) -> None:
        """From now on it is about ``source``."""

    def advance(self, source: Source, done: int, lines: int) -> None:
        """``done`` of its size and ``lines`` were read."""


@dataclass(slots=True)
class SourceReport:
    """What became of one source.

    ``counts`` are of all its lines, of which ``earlier`` were read before this run; ``stored`` is
    what this run stored.
    """

    name: str
    counts: Counts
    earlier: int
    stored: Stored = field(default_factory=Stored)
    remark: str = ""
    unseen: int = 0  # calls without an end when the source ended
    still_up: int = 0  # calls that may be going on


class Importer:
    """Imports into one switchboard; without a ``store`` it only looks (dry run).

    ``agents``: the number of an agent by what the log calls him, where that does not tell it.
    """

    def __init__(
        self,
        switchboard: str,
        store: Store | None,
        view: ProgressView,
        now: float,
        *,
        agents: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._switchboard = switchboard
        self._store = store
        self._view = view
        self._now = now
        self._agents = agents
        self._history = History.empty()
        self._reports: list[SourceReport] = []

    async def run(self, sources: Sequence[Source]) -> list[SourceReport]:
        """Import all, in order of `Source.first_at`. Raises `QueueLogImportError`."""
        for source in sources:
            if self._reports and source.first_at < self._reports[-1].counts.last_at:
                await self._close_open_calls()  # the next does not go on where this one ended
                self._history = History.empty()
            try:
                self._reports.append(await self._import(source))
            finally:
                await source.close()
        if self._reports:
            await self._close_open_calls()
        return self._reports

    async def _import(self, source: Source) -> SourceReport:
        report = await self._begin(source)
        self._view.begin(source)
        batch = await self._next_batch(source, report.counts)
        while batch:
            # The database works on one batch while the next is being read.
            try:
                async with asyncio.TaskGroup() as both:
                    saving = both.create_task(self._save(source, batch))
                    reading = both.create_task(self._next_batch(source, report.counts))
            except ExceptionGroup as failed:
                raise failed.exceptions[0] from None
            report.stored += saving.result()
            self._view.advance(source, batch.done, batch.lines)
            batch = reading.result()
        report.remark = source.remark
        return report

    async def _save(self, source: Source, batch: Batch) -> Stored:
        return await self._store.save(source, batch) if self._store else Stored()

    async def _next_batch(self, source: Source, counts: Counts) -> Batch | None:
        chunk = await source.read()
        return await asyncio.to_thread(self._digest, chunk, counts) if chunk else None

    async def _begin(self, source: Source) -> SourceReport:
        """Go to where an earlier import of the same source ended, or to its start."""
        progress = await self._store.progress(source) if self._store else None
        if progress and await source.go_to(progress.place):
            self._history = progress.history
            lines = progress.counts.numbered
            return SourceReport(source.name, progress.counts, earlier=lines)
        await source.go_to(None)
        if self._store:
            self._history = await self._store.history_before(source)
        return SourceReport(source.name, Counts(), earlier=0)

    def _digest(self, chunk: Chunk, counts: Counts) -> Batch:
        history, at = self._history, 0.0
        for line in chunk.lines:
            counts.numbered += 1
            if line is None:
                continue
            if isinstance(line, str):
                counts.cannot_read(line)
                continue
            at = line.at
            counts.read(line.event, at, used=line.event in KNOWN_EVENTS)
            agent = self._agents.get(line.agent)
            if wrong := history.take(line if agent is None else replace(line, agent=agent)):
                counts.cannot_place(wrong)
        history.calls.sweep(at)
        calls = [call_record(self._switchboard, call) for call in history.calls.drain()]
        counts.calls.update(str(call.outcome) for call in calls)
        stretches = history.seats.drain()
        counts.stretches += len(stretches)
        return Batch(
            calls=calls,
            stretches=stretches,
            place=chunk.after,
            last_at=counts.last_at or self._now,
            lines=counts.numbered,
            done=chunk.done,
            counts=json.dumps(counts.to_json()),
            state=json.dumps(history.to_json()),
        )

    async def _close_open_calls(self) -> None:
        """The lines have come to an end: what is not over by now, nobody saw end."""
        report, history = self._reports[-1], self._history
        calls = history.calls.unfinished()
        open_calls = sum(not call.complete for call in calls)
        if self._now - history.last_at < STILL_UP_S:
            report.still_up = open_calls
            calls = [call for call in calls if call.complete]
        else:
            report.unseen = open_calls
        rows = [call_record(self._switchboard, call, final=False) for call in calls]
        report.counts.calls.update(str(row.outcome) for row in rows)
        if self._store:
            report.stored += await self._store.save_unfinished(rows)
