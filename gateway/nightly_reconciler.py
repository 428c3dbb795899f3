"""Every night the calls of the past day are compared with the switchboard's records."""

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta

from gateway.reconciliation import runs
from gateway.reconciliation.nights import CATCH_UP, CITY, bounds, nights_due
from gateway.reconciliation.reconciliation import (
    ARRIVAL_MARGIN,
    MARGIN,
    Reconciled,
    Reconciliation,
)
from gateway.reconciliation.runs import Cause, Run

LOOK_EVERY_S = 600.0


class NightlyReconciler:
    """Compares whole days, beside the looks of the `Reconciler`, because a day takes a while."""

    def __init__(self, reconciliation: Reconciliation) -> None:
        self._reconciliation = reconciliation

    async def run(self) -> None:
        """Compare what is due, for ever; return at once where there are no records."""
        while self._reconciliation.board.keeps_records:
            await self._reconciliation.attempt(self.reconcile)
            await asyncio.sleep(LOOK_EVERY_S)

    async def reconcile(self) -> list[Reconciled]:
        """Compare every day that is over and was not compared.

        Raises as `Reconciliation.carry_out`.
        """
        context, name = self._reconciliation.context, self._reconciliation.switchboard
        now, hour = context.clock(), context.settings.reconciliation_hour
        since = now.astimezone(CITY).date() - timedelta(days=CATCH_UP + 2)
        async with context.engines.pool.acquire() as connection:
            done = await runs.nights_done(connection, name, since)
        reconciled = [await self._night(day) for day in nights_due(now, hour, done)]
        if reconciled:
            await self._forget(now)
        return reconciled

    async def _night(self, day: date) -> Reconciled:
        start, end = bounds(day)
        since, until = start - ARRIVAL_MARGIN, end + MARGIN
        run = Run(
            switchboard=self._reconciliation.switchboard,
            cause=Cause.NIGHT,
            day=day,
            since=since,
            until=until,
        )
        job = replace(
            self._reconciliation.job(since),
            until=until,
            settled_before=self._reconciliation.settled_before(),
            arrived_from=start,
            arrived_before=end,
        )
        return await self._reconciliation.carry_out(job, self._reconciliation.mending(run, {}))

    async def _forget(self, now: datetime) -> None:
        context = self._reconciliation.context
        kept = timedelta(days=context.settings.reconciliation_days)
        async with context.engines.pool.acquire() as connection:
            await runs.forget(connection, before=now - kept)
