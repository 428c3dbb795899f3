"""The nightly comparison of a whole day with the switchboard's own records.

``python -m tests.load.bench_reconcile [CALLS]``. Twice over the same day: with none of its calls
recorded, so that all are made up for, and with all recorded rightly. The server is the embedded one
with its usual settings. Beside it an event loop such as that of the AMI reading does nothing but
look how late its timers are.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import psutil

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.migrate import migrate
from gateway.context import Context
from gateway.engines import Engines
from gateway.readiness import Readiness
from gateway.reconciler import Reconciler
from gateway.reconciliation.nights import bounds
from gateway.reconciliation.reconciliation import Reconciled, Reconciliation
from gateway.redis_client import connect
from gateway.settings import Settings
from gateway.switchboards import Switchboard
from telephony.tracker import Tracker
from tests.load.ledger_day import LedgerDay, write_day, yesterday
from tests.load.report import note, percentile, say
from tests.support.owning import owning

CALLS = 100_000
NAME = "sb1"
AIM = {"aim": 60}
TICK_S = 0.005
SAMPLE_S = 0.1


@dataclass
class Pulse:
    """How late timers were, and what was used, while it was felt: memory in MB, processor in s."""

    late_s: list[float] = field(default_factory=list)
    own_mb: float = 0.0
    apart_mb: float = 0.0
    apart_s: float = 0.0

    async def tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + TICK_S
            await asyncio.sleep(TICK_S)
            self.late_s.append(max(0.0, loop.time() - due_s))

    async def weigh(self) -> None:
        own = psutil.Process()
        while True:
            self.own_mb = max(self.own_mb, _mb(own))
            with suppress(psutil.Error):
                for one in own.children():
                    if "comparison" in one.cmdline()[-1]:
                        self.apart_mb = max(self.apart_mb, _mb(one))
                        self.apart_s = max(self.apart_s, sum(one.cpu_times()[:2]))
            await asyncio.sleep(SAMPLE_S)


def _mb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20


@asynccontextmanager
async def felt() -> AsyncIterator[Pulse]:
    """A pulse of the time inside."""
    pulse = Pulse()
    tasks = [asyncio.create_task(pulse.tick()), asyncio.create_task(pulse.weigh())]
    try:
        yield pulse
    finally:
        for task in tasks:
            task.cancel()


async def measured(name: str, reconciler: Reconciler) -> Reconciled:
    """One nightly run, told."""
    note(name)
    start = time.perf_counter()
    async with felt() as pulse:
        (done,) = await reconciler.nights.reconcile()
    say(f"reconcile_{name}", time.perf_counter() - start, "s", AIM)
    say(f"reconcile_{name}_calls", done.compared, "calls")
    say(f"reconcile_{name}_differences", sum(done.found.values()), "calls")
    say(f"reconcile_{name}_cpu_apart", pulse.apart_s, "s")
    say(f"reconcile_{name}_rss_apart", pulse.apart_mb, "MB")
    say(f"reconcile_{name}_rss_gateway", pulse.own_mb, "MB")
    say(f"reconcile_{name}_timer_p99", percentile(pulse.late_s, 0.99) * 1000, "ms")
    say(f"reconcile_{name}_timer_max", max(pulse.late_s) * 1000, "ms")
    return done


async def bench(day: LedgerDay) -> None:
    """Measure and tell; fails when a call is lost or the second run finds something."""
    with TemporaryDirectory(prefix="hl-bench-", dir="/tmp") as home:
        async with EmbeddedPostgres(Path(home)) as server:
            await migrate(server.dsn)
            async with (
                asyncpg.create_pool(server.dsn, min_size=1, max_size=4) as pool,
                owning(server.dsn, NAME) as ownership,
            ):
                await ownership.held()
                at = bounds(day.day)[1] + timedelta(hours=7)
                context = Context(
                    settings=Settings(switchboard=NAME),
                    engines=Engines(server.dsn, pool, connect("redis://127.0.0.1:1/0")),
                    readiness=Readiness(),
                    clock=lambda: at,
                )
                board = Switchboard(None, day.queue_log, day.cel_csv)

                def reconciler() -> Reconciler:
                    return Reconciler(
                        Reconciliation(context, board, ownership, at.timestamp, Tracker(NAME))
                    )

                missed = await measured("missed_day", reconciler())
                await pool.execute("delete from reconciliation_runs")
                await pool.execute("vacuum analyze")
                same = await measured("same_day", reconciler())
    if missed.found != {"missing": day.calls} or same.found or same.compared != day.calls:
        raise SystemExit(f"found {missed.found}, then {same.found} in {day.calls} calls")


def main() -> None:
    """Write a day, compare it."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else CALLS
    with TemporaryDirectory() as directory:
        day = write_day(Path(directory), yesterday(), wanted)
        size = day.queue_log.stat().st_size + day.cel_csv.stat().st_size
        note(f"{day.calls} calls, {size >> 20} MB of records")
        asyncio.run(bench(day))


if __name__ == "__main__":
    main()
