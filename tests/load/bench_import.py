"""Lines per second of an import of queue_log into a real PostgreSQL, with the totals kept.

``python -m tests.load.bench_import [LINES]``: one JSON object a line. The server is the embedded
one with its usual settings (every commit reaches the disk), its database empty at first. The import
runs in a process of its own, as the operator starts it; the same is measured without the triggers
that keep the totals, which shows what those cost.
"""

import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import PIPE
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import psutil

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.migrate import migrate
from tests.support.postgres import administer, with_database
from tests.support.queue_log_history import history

LINES = 1_000_000
LEAST_LINES_PER_S = 1_000_000 / 60
SAMPLE_S = 0.2
WITHOUT_TOTALS = (
    "alter table calls disable trigger user; alter table seat_intervals disable trigger user"
)


def report(name: str, value: float, unit: str, compared: float | None = None) -> None:
    """One figure."""
    figure = {"name": name, "value": round(value, 2), "unit": unit}
    print(json.dumps(figure | ({} if compared is None else {"compared": round(compared, 2)})))  # noqa: T201


async def imported(dsn: str, log: Path) -> tuple[float, float]:
    """Run the command; seconds it took, and the most memory it had (bytes)."""
    start = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "import-queue-log", str(log), stdout=PIPE, stderr=PIPE,
        env=os.environ | {"HOTLINE_DATABASE_URL": dsn, "HOTLINE_CONFIG": os.devnull},
    )  # fmt: skip
    output = asyncio.create_task(process.communicate())
    peak = 0
    while not output.done():
        try:
            peak = max(peak, psutil.Process(process.pid).memory_info().rss)
        except psutil.NoSuchProcess:
            break
        await asyncio.wait([output], timeout=SAMPLE_S)
    _, errors = await output
    if process.returncode:
        raise SystemExit(errors.decode())
    return time.perf_counter() - start, peak


async def bench(log: Path, lines: int) -> None:
    """Measure and print."""
    with TemporaryDirectory(prefix="hl-bench-", dir="/tmp") as home:
        async with EmbeddedPostgres(Path(home)) as server:
            for name, prepare in (("import", "select 1"), ("import_no_totals", WITHOUT_TOTALS)):
                await administer(server.dsn, f"create database {name}")
                dsn = with_database(server.dsn, name)
                await migrate(dsn)
                await administer(dsn, prepare)
                took_s, peak = await imported(dsn, log)
                report(f"{name}_lines", lines / took_s, "lines/s", LEAST_LINES_PER_S)
                report(f"{name}_calls", await calls(dsn) / took_s, "calls/s")
                report(f"{name}_rss_peak", peak / (1 << 20), "MiB")
            took_s, _ = await imported(with_database(server.dsn, "import"), log)
            report("import_again", took_s, "s")


async def calls(dsn: str) -> int:
    """How many are stored."""
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval("select count(*) from calls"))
    finally:
        await connection.close()


def main() -> None:
    """Write a history, import it."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else LINES
    with TemporaryDirectory() as directory:
        log = Path(directory) / "queue_log"
        with log.open("w") as file:
            lines = sum(file.write(line + "\n") > 0 for line in history(wanted))
        asyncio.run(bench(log, lines))


if __name__ == "__main__":
    main()
