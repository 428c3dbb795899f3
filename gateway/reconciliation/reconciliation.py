"""A comparison of the recorded calls of a switchboard with its own records, and their mending."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from gateway.context import Context
from gateway.database_away import DATABASE_AWAY
from gateway.errors import ComparisonError, OwnershipLostError
from gateway.ownership import Ownership
from gateway.reconciliation.comparison import compare
from gateway.reconciliation.job import Job
from gateway.reconciliation.mending import Mending
from gateway.reconciliation.runs import Run
from gateway.switchboards import Switchboard
from telephony.events import CallRecord
from telephony.ledger import Seating
from telephony.tracker import Tracker

ARRIVAL_MARGIN = timedelta(seconds=5)
MARGIN = timedelta(hours=6)  # a call may have been up for so long when it was last heard of
RETRY_S = 2.0
FAILED_S = 30.0
SETTLED_AFTER = timedelta(seconds=60)  # the recorder has long written a call that ended before

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many calls were compared, and what was found, by kind (`runs.Difference`).

    ``run_id`` is ``None`` for a look at ended calls that found nothing.
    """

    run_id: int | None
    compared: int
    found: Mapping[str, int]


class Reconciliation:
    """Carries out comparisons of one switchboard, as its owner."""

    def __init__(
        self,
        context: Context,
        board: Switchboard,
        ownership: Ownership,
        switch_now: Callable[[], float],
        tracker: Tracker,
    ) -> None:
        self.context = context
        self.board = board
        self.connected_at: datetime | None = None
        self.ami_heard_at: float | None = None  # before the present connection
        self._ownership = ownership
        self._switch_now = switch_now
        self._tracker = tracker

    @property
    def switchboard(self) -> str:
        """Its name."""
        return self.context.settings.switchboard

    def connected(self, heard_at: float | None) -> float:
        """The link is up, now by the switchboard's clock, by which it was ``heard_at`` before."""
        now, self.ami_heard_at = self._switch_now(), heard_at
        self.connected_at = datetime.fromtimestamp(now, UTC)
        return now

    def uniqueids_up(self, now: float) -> list[str]:
        """The calls that are up."""
        return [call.uniqueid for call in self._tracker.open_calls(now)]

    def job(self, since: datetime) -> Job:
        """With the records of the switchboard, and who sits where as it tells now."""
        settings, board, now = self.context.settings, self.board, self._switch_now()
        sitting = self._tracker.agents().items()
        return Job(
            switchboard=settings.switchboard,
            queue_log=board.queue_log,
            cel_csv=board.cel_csv,
            inbound_contexts=settings.trunk_contexts,
            since=since,
            settled_before=self.context.clock(),
            seats=tuple(Seating(now, interface, agent) for interface, agent in sitting),
            lines=self._tracker.lines.lines,
            district=self._tracker.lines.district,
            ami_heard_at=self.ami_heard_at,
        )

    def settled_before(self) -> datetime:
        """Calls that ended before have no live record under way."""
        before = self.context.clock() - SETTLED_AFTER
        return before if self.connected_at is None else max(before, self.connected_at)

    def mending(self, run: Run, lost: Mapping[str, CallRecord]) -> Mending:
        """What a run finds is to be stored by this."""
        return Mending(self.context, self._ownership, run, lost)

    async def carry_out(self, job: Job, mending: Mending) -> Reconciled:
        """Compare, and mend what is found.

        Raises `OwnershipLostError`, `OSError`, `ComparisonError` and what asyncpg raises.
        """
        engines = self.context.engines
        async with aclosing(
            compare(engines.pool, engines.dsn, job, records_dsn=self.board.records_dsn)
        ) as found:
            async for findings in found:
                await mending.take(findings)
        await mending.end()
        done = Reconciled(mending.run_id, mending.compared, dict(mending.found))
        if done.run_id is not None:
            cause = mending.run.cause.value
            log.info("reconciled", cause=cause, compared=done.compared, found=done.found)
        return done

    async def attempt(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do it as owner; what fails stays due."""
        await self._ownership.held()
        try:
            await work()
        except OwnershipLostError:
            return
        except DATABASE_AWAY as error:
            log.warning("reconciling_delayed", error=type(error).__name__)
            await asyncio.sleep(RETRY_S)
        except ComparisonError as error:
            log.warning("reconciling_failed", reason=str(error))
            await asyncio.sleep(FAILED_S)
