"""Lines per second of an import of queue_log into a real PostgreSQL, with the totals kept.

``python -m tests.load.bench_import [LINES]``. The server is the embedded one with its usual
settings (every commit reaches the disk), its database empty at first; the import runs in a process
of its own, as the operator starts it. The same without the triggers that keep the totals shows what
those cost, and a second time what finding nothing new costs.
"""

import asyncio
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.migrate import migrate
from tests.load.process_cost import cpu_s, resident_mb
from tests.load.report import note, say
from tests.support.importing import start_import
from tests.support.postgres import administer, with_database
from tests.support.queue_log_history import history

LINES = 300_000
AIM = {"aim": 1_000_000 / 60}
SAMPLE_S = 0.1
WITHOUT_TOTALS = """
alter table calls disable trigger user; alter table seat_intervals disable trigger user
"""


async def imported(dsn: str, log: Path) -> tuple[float, float, float]:
    """Run the command: seconds it took, seconds of processor it used, its most memory in MB."""
    start = time.perf_counter()
    process = await start_import(dsn, log)
    output = asyncio.create_task(process.communicate())
    used_s, peak_mb = 0.0, 0.0
    while not output.done():
        with suppress(OSError, LookupError):  # it has just ended
            used_s, peak_mb = cpu_s(process.pid), max(peak_mb, resident_mb(process.pid))
        await asyncio.wait([output], timeout=SAMPLE_S)
    _, errors = output.result()
    if process.returncode:
        raise SystemExit(errors.decode())
    return time.perf_counter() - start, used_s, peak_mb


async def bench(log: Path, lines: int) -> None:
    """Measure and tell."""
    with TemporaryDirectory(prefix="hl-bench-", dir="/tmp") as home:
        async with EmbeddedPostgres(Path(home)) as server:
            for name, prepare in (("import", "select 1"), ("import_no_totals", WITHOUT_TOTALS)):
                await administer(server.dsn, f"create database {name}")
                dsn = with_database(server.dsn, name)
                await migrate(dsn)
                await administer(dsn, prepare)
                note(name)
                took_s, used_s, peak_mb = await imported(dsn, log)
                say(f"{name}_lines", lines / took_s, "lines/s", AIM)
                say(f"{name}_calls", await calls(dsn) / took_s, "calls/s")
                say(f"{name}_cpu", used_s / lines * 1e6, "us/line")
                say(f"{name}_rss_peak", peak_mb, "MB")
            took_s, _, _ = await imported(with_database(server.dsn, "import"), log)
            say("import_again", took_s, "s")


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
        note(f"{lines} lines of queue_log")
        asyncio.run(bench(log, lines))


if __name__ == "__main__":
    main()
