"""Stores what a comparison finds, batch by batch: what is mended with what it was."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog

from gateway.context import Context
from gateway.ownership import Ownership
from gateway.reconciliation import runs
from gateway.reconciliation.job import Findings, Summary
from gateway.reconciliation.opinion_store import store_opinion
from gateway.reconciliation.runs import Cause, Difference, Run
from gateway.recorder import save_calls
from gateway.stored_calls import open_calls_of
from telephony.events import CallRecord, Outcome

log = structlog.get_logger(__name__)


class Mending:
    """Of one run; every batch is one transaction of the switchboard's owner.

    ``lost`` are calls that ended while nobody looked, as they were last known: those that the
    records do not know either are closed.
    """

    def __init__(
        self, context: Context, ownership: Ownership, run: Run, lost: Mapping[str, CallRecord]
    ) -> None:
        self._context = context
        self._ownership = ownership
        self._lost = lost
        self._unexplained = 0
        self.run = run
        self.run_id: int | None = None
        self.found: Counter[str] = Counter()
        self.compared = 0
        self.told: frozenset[str] = frozenset()
        self.still_up: frozenset[str] = frozenset()

    async def take(self, findings: Findings) -> None:
        """Store a batch. Raises `OwnershipLostError` and what asyncpg raises."""
        self._unexplained += len(findings.unexplained)
        if findings or (self.run_id is None and self.run.cause is not Cause.CALL_END):
            await self._store(findings)
        if findings.summary is not None:
            await self._conclude(findings.summary)

    async def _store(self, findings: Findings) -> None:
        """A call that got on meanwhile has a newer revision, which stands."""
        async with self._context.engines.pool.acquire() as connection, connection.transaction():
            await self._ownership.fence(connection)
            repaired = [repair.call for repair in findings.repairs]
            await save_calls(connection, repaired, source="ledger")
            found = [runs.of_repair(repair) for repair in findings.repairs]
            found += [runs.of_unexplained(call) for call in findings.unexplained]
            for opinion in findings.opinions:
                stored = await store_opinion(connection, self.run.switchboard, opinion)
                found += [stored] if stored else []
            await self._add(connection, found)

    async def _conclude(self, summary: Summary) -> None:
        self.compared, self.told = summary.compared, summary.told
        self.still_up = summary.still_up
        if not summary.vanished:
            return
        log.warning("calls_without_record", count=len(summary.vanished))
        async with self._context.engines.pool.acquire() as connection, connection.transaction():
            await self._ownership.fence(connection)
            name = self.run.switchboard
            recorded = await open_calls_of(connection, name, summary.vanished)
            closed = [_close_unseen(call, self._lost[call.uniqueid]) for call in recorded]
            await save_calls(connection, closed, source="ledger")
            found = [runs.of_closing(*pair) for pair in zip(recorded, closed, strict=True)]
            self._unexplained += len(found)
            await self._add(connection, found)

    async def _add(self, connection: Any, found: Sequence[Difference]) -> None:
        now = self._context.clock()
        if self.run_id is None:
            self.run_id = await runs.begin(connection, self.run, now=now)
        if found:
            self.found.update(await runs.add(connection, self.run_id, self.run, found, now=now))

    async def end(self) -> None:
        """All was compared. Raises as `take`."""
        if self.run_id is None:
            return
        async with self._context.engines.pool.acquire() as connection, connection.transaction():
            await self._ownership.fence(connection)
            await runs.end(
                connection,
                self.run_id,
                compared=self.compared,
                unexplained=self._unexplained,
                now=self._context.clock(),
            )


def _close_unseen(recorded: CallRecord, lost: CallRecord) -> CallRecord:
    """A call whose end nobody recorded: answered stays answered, anything else is not known."""
    outcome = Outcome.ANSWERED if recorded.answered else Outcome.UNSEEN
    return replace(
        recorded,
        ended_at=lost.ended_at or recorded.answered_at or recorded.arrived_at,
        outcome=outcome,
        revision=max(recorded.revision, lost.revision) + 1,
    )
