"""Reconciler: `calls` against the switchboard's own records, on start, on reconnect, regularly,
and every night over the whole past day.

AMI never replays. What happened while nobody listened is in ``queue_log`` and CEL, and what was
recorded otherwise than there is mended: at once what had ended by then, every other call that was
up in that time when it ends. What was found is kept (`gateway.reconciliation.runs`).
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.doubtful import Doubtful
from gateway.nightly_reconciler import NightlyReconciler
from gateway.reconciliation.reconciliation import (
    ARRIVAL_MARGIN,
    MARGIN,
    Reconciled,
    Reconciliation,
)
from gateway.reconciliation.runs import Cause, Run
from gateway.recorder import QUERIES
from telephony.events import CallRecord

EVERY_S = 600.0
SECOND_LOOK_S = 2.0  # the switchboard writes its records a little after it speaks
FIRST_LOOK_BACK = timedelta(hours=24)
CLOCKS_DIFFER = timedelta(minutes=1)  # ours and that of PostgreSQL


class Reconciler:
    """Mends the recorded calls of one switchboard."""

    def __init__(self, reconciliation: Reconciliation) -> None:
        self.nights = NightlyReconciler(reconciliation)
        self._reconciliation = reconciliation
        self._context = reconciliation.context
        self._wake = asyncio.Event()
        self._looks_s = [0.0]  # when all is to be compared, loop's clock
        self._pause_s = SECOND_LOOK_S
        self._cause = Cause.START
        self._has_looked = asyncio.Event()
        self._doubtful = Doubtful()
        self._behind_since: datetime | None = None  # connected then, and not reconciled since
        self._lost: dict[str, CallRecord] = {}

    def connected(self, heard_at: float | None = None) -> None:
        """The link is up: calls that ended before now were seen by nobody.

        ``heard_at`` is when the switchboard was last heard of before, by its clock.
        """
        if self._reconciliation.connected_at is not None:
            self._cause = Cause.RECONNECT
        now = self._reconciliation.connected(heard_at)
        self._behind_since = self._behind_since or self._context.clock()
        self._doubtful.are_up(self._reconciliation.uniqueids_up(now))
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
            await self._reconciliation.attempt(self._look)

    async def _keep_nights(self) -> None:
        await self._has_looked.wait()
        await self.nights.run()

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
        name = self._reconciliation.switchboard
        async with self._context.engines.pool.acquire() as connection:
            since = await self._since(connection, lost, behind) - MARGIN
        job = replace(
            self._reconciliation.job(since),
            lost=frozenset(lost),
            settled_before=self._reconciliation.settled_before(),
            urgent=cause is not Cause.REGULAR,
        )
        mending = self._reconciliation.mending(
            Run(switchboard=name, cause=cause, since=since), lost
        )
        done = await self._reconciliation.carry_out(job, mending)
        self._lost |= {uid: call for uid, call in lost.items() if uid in mending.still_up}
        return done

    async def _verify(self, calls: Mapping[str, CallRecord]) -> None:
        """Compare these calls, which have ended, and mend."""
        since = min(call.arrived_at for call in calls.values()) - ARRIVAL_MARGIN
        name = self._reconciliation.switchboard
        mending = self._reconciliation.mending(
            Run(switchboard=name, cause=Cause.CALL_END, since=since), {}
        )
        job = replace(self._reconciliation.job(since), only=frozenset(calls), urgent=True)
        await self._reconciliation.carry_out(job, mending)
        self._doubtful.looked_at(calls, mending.told, asyncio.get_running_loop().time())

    async def _since(
        self, connection: object, lost: dict[str, CallRecord], behind: datetime | None
    ) -> datetime:
        """From when on the records matter: the last thing that was known for sure.

        What was recorded since the connection says nothing of the gap before it.
        """
        now = self._context.clock()
        before = now if behind is None else behind - CLOCKS_DIFFER
        name = self._reconciliation.switchboard
        last = await QUERIES.last_known(connection, switchboard=name, recorded_before=before)
        times = [call.arrived_at for call in lost.values()] + [now]
        times.append(last if last is not None else now - FIRST_LOOK_BACK)
        return min(times)
