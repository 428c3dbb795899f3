"""Reconciler: `calls` against the switchboard's own records, on start, on reconnect, regularly,
and every night over the whole past day.

AMI never replays. What happened while nobody listened is in ``queue_log`` and CEL, and what was
recorded otherwise than there is mended: at once what had ended by then, every other call that was
up in that time when it ends. What was found is kept (`gateway.reconciliation.runs`).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import structlog

from gateway.context import Context
from gateway.database_away import DATABASE_AWAY
from gateway.doubtful import Doubtful
from gateway.errors import ComparisonError, OwnershipLostError
from gateway.ownership import Ownership
from gateway.reconciliation import runs
from gateway.reconciliation.comparison import compare
from gateway.reconciliation.job import Job
from gateway.reconciliation.mending import Mending
from gateway.reconciliation.nights import CATCH_UP, CITY, bounds, nights_due
from gateway.reconciliation.runs import Cause, Run
from gateway.recorder import QUERIES
from gateway.switchboards import Switchboard
from telephony.events import CallRecord
from telephony.ledger import Seating
from telephony.tracker import Tracker

EVERY_S = 600.0
SECOND_LOOK_S = 2.0  # the switchboard writes its records a little after it speaks
ARRIVAL_MARGIN = timedelta(seconds=5)
RETRY_S = 2.0
FAILED_S = 30.0
NIGHT_LOOK_S = 600.0
SETTLED_AFTER = timedelta(seconds=60)  # the recorder has long written a call that ended before
FIRST_LOOK_BACK = timedelta(hours=24)
CLOCKS_DIFFER = timedelta(minutes=1)  # ours and that of PostgreSQL
MARGIN = timedelta(hours=6)  # a call may have been up for so long when it was last heard of

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many calls were compared, and what was found, by kind (`runs.Difference`).

    ``run_id`` is ``None`` for a look at ended calls that found nothing.
    """

    run_id: int | None
    compared: int
    found: Mapping[str, int]


class Reconciler:
    """Mends the recorded calls of one switchboard."""

    def __init__(
        self,
        context: Context,
        board: Switchboard,
        ownership: Ownership,
        switch_now: Callable[[], float],
        tracker: Tracker,
    ) -> None:
        self._context = context
        self._ownership = ownership
        self._board = board
        self._switch_now = switch_now
        self._tracker = tracker
        self._wake = asyncio.Event()
        self._looks_s = [0.0]  # when all is to be compared, loop's clock
        self._pause_s = SECOND_LOOK_S
        self._cause = Cause.START
        self._has_looked = asyncio.Event()
        self._doubtful = Doubtful()
        self._connected_at: datetime | None = None
        self._ami_heard_at: float | None = None
        self._behind_since: datetime | None = None  # connected then, and not reconciled since
        self._lost: dict[str, CallRecord] = {}

    def connected(self, heard_at: float | None = None) -> None:
        """The link is up: calls that ended before now were seen by nobody.

        ``heard_at`` is when the switchboard was last heard of before, by its clock.
        """
        now, self._ami_heard_at = self._switch_now(), heard_at
        if self._connected_at is not None:
            self._cause = Cause.RECONNECT
        self._connected_at = datetime.fromtimestamp(now, UTC)
        self._behind_since = self._behind_since or self._context.clock()
        self._doubtful.are_up(call.uniqueid for call in self._tracker.open_calls(now))
        self._look_soon()

    def expect(self, calls: Sequence[CallRecord]) -> None:
        """These calls ended unseen; the records should tell how."""
        self._lost |= {call.uniqueid: call for call in calls}
        self._look_soon()

    def ended(self, call: CallRecord) -> None:
        """``call`` has ended, and was seen to."""
        if self._doubtful.has_ended(call, asyncio.get_running_loop().time()):
            self._wake.set()

    def _look_soon(self) -> None:
        now_s = asyncio.get_running_loop().time()
        self._looks_s = [now_s, now_s + SECOND_LOOK_S]
        self._pause_s = SECOND_LOOK_S
        self._wake.set()

    async def run(self) -> None:
        """Reconcile as owner, when there is reason to, regularly and by night, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_looking())
            tasks.create_task(self._keep_nights())

    async def _keep_looking(self) -> None:
        while True:
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._next_look_s()):
                    await self._wake.wait()
            await self._attempt(self._look)

    async def _keep_nights(self) -> None:
        """Beside the looks, because a whole day takes a while."""
        await self._has_looked.wait()
        while self._board.keeps_records:
            await self._attempt(self.reconcile_nights)
            await asyncio.sleep(NIGHT_LOOK_S)

    async def _attempt(self, work: Callable[[], Awaitable[object]]) -> None:
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

    def _next_look_s(self) -> float:
        doubtful_s = self._doubtful.due_s()
        return min(self._looks_s if doubtful_s is None else [*self._looks_s, doubtful_s])

    async def _look(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if min(self._looks_s) <= now_s:
            await self.reconcile()
            self._has_looked.set()
            later = [at_s for at_s in self._looks_s if at_s > now_s]
            self._looks_s = later or [now_s + self._until_next_s()]
        if due := self._doubtful.due(now_s):
            await self._verify(due)

    def _until_next_s(self) -> float:
        """Seconds from a look to the next, ever longer ones while the records lag behind.

        They do when a lost call is up in them: Asterisk, still starting, has answered by AMI
        already, but writes ``QUEUESTART`` only when all its modules are loaded.
        """
        if not self._lost:
            return EVERY_S
        pause_s, self._pause_s = self._pause_s, min(2 * self._pause_s, EVERY_S)
        return pause_s

    async def reconcile(self) -> Reconciled:
        """Compare once and mend.

        Raises `OwnershipLostError`, `OSError`, `ComparisonError` and what asyncpg raises.
        """
        lost, self._lost = self._lost, {}
        behind, self._behind_since = self._behind_since, None
        cause, self._cause = self._cause, Cause.REGULAR
        try:
            return await self._reconcile(cause, lost, behind)
        except BaseException:
            self._lost = lost | self._lost
            self._behind_since = behind or self._behind_since
            self._cause = cause
            raise

    async def _reconcile(
        self, cause: Cause, lost: dict[str, CallRecord], behind: datetime | None
    ) -> Reconciled:
        name = self._context.settings.switchboard
        async with self._context.engines.pool.acquire() as connection:
            since = await self._since(connection, lost, behind) - MARGIN
        job = replace(
            self._job(since),
            lost=frozenset(lost),
            settled_before=self._settled_before(),
            urgent=cause is not Cause.REGULAR,
        )
        mending = self._mending(Run(switchboard=name, cause=cause, since=since), lost)
        done = await self._carry_out(job, mending)
        self._lost |= {uid: call for uid, call in lost.items() if uid in mending.still_up}
        return done

    async def _verify(self, calls: Mapping[str, CallRecord]) -> None:
        """Compare these calls, which have ended, and mend."""
        since = min(call.arrived_at for call in calls.values()) - ARRIVAL_MARGIN
        name = self._context.settings.switchboard
        mending = self._mending(Run(switchboard=name, cause=Cause.CALL_END, since=since), {})
        job = replace(self._job(since), only=frozenset(calls), urgent=True)
        await self._carry_out(job, mending)
        self._doubtful.looked_at(calls, mending.told, asyncio.get_running_loop().time())

    async def reconcile_nights(self) -> list[Reconciled]:
        """Compare every day that is over and was not compared; raises as `reconcile`."""
        now, hour = self._context.clock(), self._context.settings.reconciliation_hour
        name = self._context.settings.switchboard
        since = now.astimezone(CITY).date() - timedelta(days=CATCH_UP + 2)
        async with self._context.engines.pool.acquire() as connection:
            done = await runs.nights_done(connection, name, since)
        reconciled = [await self._night(day) for day in nights_due(now, hour, done)]
        if reconciled:
            await self._forget(now)
        return reconciled

    async def _night(self, day: date) -> Reconciled:
        start, end = bounds(day)
        since, until = start - ARRIVAL_MARGIN, end + MARGIN
        run = Run(
            switchboard=self._context.settings.switchboard,
            cause=Cause.NIGHT,
            day=day,
            since=since,
            until=until,
        )
        job = replace(
            self._job(since),
            until=until,
            settled_before=self._settled_before(),
            arrived_from=start,
            arrived_before=end,
        )
        return await self._carry_out(job, self._mending(run, {}))

    async def _forget(self, now: datetime) -> None:
        kept = timedelta(days=self._context.settings.reconciliation_days)
        async with self._context.engines.pool.acquire() as connection:
            await runs.forget(connection, before=now - kept)

    def _job(self, since: datetime) -> Job:
        """With the records of the switchboard, and who sits where as it tells now."""
        settings, board, now = self._context.settings, self._board, self._switch_now()
        sitting = self._tracker.agents().items()
        return Job(
            switchboard=settings.switchboard,
            queue_log=board.queue_log,
            cel_csv=board.cel_csv,
            inbound_contexts=settings.trunk_contexts,
            since=since,
            settled_before=self._context.clock(),
            seats=tuple(Seating(now, interface, agent) for interface, agent in sitting),
            lines=self._tracker.lines.lines,
            district=self._tracker.lines.district,
            ami_heard_at=self._ami_heard_at,
        )

    def _mending(self, run: Run, lost: Mapping[str, CallRecord]) -> Mending:
        return Mending(self._context, self._ownership, run, lost)

    async def _carry_out(self, job: Job, mending: Mending) -> Reconciled:
        engines = self._context.engines
        async with aclosing(
            compare(engines.pool, engines.dsn, job, records_dsn=self._board.records_dsn)
        ) as found:
            async for findings in found:
                await mending.take(findings)
        await mending.end()
        done = Reconciled(mending.run_id, mending.compared, dict(mending.found))
        if done.run_id is not None:
            cause = mending.run.cause.value
            log.info("reconciled", cause=cause, compared=done.compared, found=done.found)
        return done

    async def _since(
        self, connection: object, lost: dict[str, CallRecord], behind: datetime | None
    ) -> datetime:
        """From when on the records matter: the last thing that was known for sure.

        What was recorded since the connection says nothing of the gap before it.
        """
        now = self._context.clock()
        before = now if behind is None else behind - CLOCKS_DIFFER
        name = self._context.settings.switchboard
        last = await QUERIES.last_known(connection, switchboard=name, recorded_before=before)
        times = [call.arrived_at for call in lost.values()] + [now]
        times.append(last if last is not None else now - FIRST_LOOK_BACK)
        return min(times)

    def _settled_before(self) -> datetime:
        """Calls that ended before have no live record under way."""
        before = self._context.clock() - SETTLED_AFTER
        return before if self._connected_at is None else max(before, self._connected_at)
