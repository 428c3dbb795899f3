"""Rows per second of an import of old cases, and what it costs the program that goes on meanwhile.

``python -m tests.load.bench_sheets [ROWS]``. First as the operator starts it, from a CSV and an
XLSX file, in a process of its own: its most memory and that of its reader. Then as the web and
worker roles do it: how late a timer of 5 ms fires in their loop during the dry run and while it is
applied. The server is the embedded one with its usual settings.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import psutil

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.migrate import migrate
from gateway.auth.roles import Role
from gateway.case_clocks import timing_of
from gateway.settings import Settings
from gateway.sheets import applying, importing
from gateway.sheets.importing import Upload
from gateway.sheets.limits import UPLOADED
from gateway.sheets.writing import XlsxWriter
from gateway.users import NewUser, create_user
from tests.load.process_cost import resident_mb
from tests.load.report import note, percentile, say
from tests.support.postgres import administer, with_database
from tests.support.sheets import as_csv, case, sheet_of
from ticketing.case import Actor, ActorRole
from ticketing.imports.columns import Sheet

ROWS = 100_000
MEMORY_AIM = {"aim": 300}
SAMPLE_S = 0.1
TICK_S = 0.005
OPEN_EVERY = 10  # one case in ten is open, with a clock


def table(rows: int) -> list[list[str]]:
    """Old cases, a few hundred a day."""
    first = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
    cases = []
    for number in range(rows):
        opened_at = first + timedelta(minutes=3 * number % 400_000)
        changed = {"opened_at": f"{opened_at:%Y-%m-%d %H:%M}", "body": "路灯三天不亮" * 8}
        if number % OPEN_EVERY:
            changed["closed_at"] = f"{opened_at + timedelta(hours=20):%Y-%m-%d %H:%M}"
        else:
            changed |= {"closed_at": "", "state": "已登记"}
        cases.append(case(f"GD-{number}", **changed))
    return sheet_of(Sheet.CASES, cases)


async def imported(dsn: str, file: Path) -> tuple[float, float, float]:
    """Run the command: seconds, the most memory of it and of its reader in MB."""
    start = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "import-cases", str(file), "--accept", "--as", "admin"),
        env=os.environ | {"HOTLINE_DATABASE_URL": dsn, "HOTLINE_CONFIG": os.devnull},
        stdout=asyncio.subprocess.PIPE,
    )
    output = asyncio.create_task(process.communicate())
    own = reader = 0.0
    while not output.done():
        with suppress(OSError, LookupError, psutil.Error):  # one of them has just ended
            own = max(own, resident_mb(process.pid))
            for child in psutil.Process(process.pid).children():
                reader = max(reader, resident_mb(child.pid))
        await asyncio.wait([output], timeout=SAMPLE_S)
    if process.returncode:
        raise SystemExit(output.result()[0].decode())
    return time.perf_counter() - start, own, reader


@asynccontextmanager
async def lateness(name: str) -> AsyncIterator[None]:
    """Tell how late a timer fires meanwhile, and how long it all takes."""
    late: list[float] = []

    async def tick() -> None:
        while True:
            due = time.perf_counter() + TICK_S
            await asyncio.sleep(TICK_S)
            late.append(time.perf_counter() - due)

    start = time.perf_counter()
    ticking = asyncio.create_task(tick())
    try:
        yield
    finally:
        ticking.cancel()
    say(f"{name}_time", time.perf_counter() - start, "s")
    say(f"{name}_timer_p99", percentile(late, 0.99) * 1000, "ms")
    say(f"{name}_timer_max", max(late) * 1000, "ms")


async def through_the_web(dsn: str, file: Path) -> None:
    """The dry run as the web role does it, then applied as a worker does."""
    connection = await asyncpg.connect(dsn)
    try:
        upload = Upload(path=file, sheet=Sheet.CASES, file_name="", limits=UPLOADED, actor="admin")
        now = datetime.now(UTC)
        async with lateness("sheet_dry_run"):
            found = await importing.check(connection, upload, now=now)
        by = Actor(user_id=1, login="admin", role=ActorRole.ADMINISTRATOR)
        async with connection.transaction():
            await importing.accept(connection, found.import_id, by=by, only_good=False, now=now)
        async with lateness("sheet_apply"):
            await applying.apply(
                connection,
                found.import_id,
                timing=timing_of(Settings()),
                clock=lambda: datetime.now(UTC),
            )
        stored = await connection.fetchval("select count(*) from cases")
        if stored != found.rows:
            raise SystemExit(f"{stored} of {found.rows} cases were stored")
    finally:
        await connection.close()


async def database(server: str, name: str) -> str:
    """A database with an administrator."""
    await administer(server, f"create database {name}")
    dsn = with_database(server, name)
    await migrate(dsn)
    connection = await asyncpg.connect(dsn)
    try:
        user = NewUser(login="admin", role=Role.ADMINISTRATOR, display_name="管理员")
        await create_user(connection, user, "correct horse battery")
    finally:
        await connection.close()
    return dsn


async def bench(rows: int, files: dict[str, Path]) -> None:
    """Measure and tell."""
    with TemporaryDirectory(prefix="hl-bench-", dir="/tmp") as home:
        async with EmbeddedPostgres(Path(home)) as server:
            for kind, file in files.items():
                note(f"{kind}, {file.stat().st_size >> 20} MB")
                took_s, own_mb, reader_mb = await imported(await database(server.dsn, kind), file)
                say(f"sheet_import_{kind}", rows / took_s, "rows/s")
                say(f"sheet_import_{kind}_rss_peak", own_mb, "MB", MEMORY_AIM)
                say(f"sheet_import_{kind}_reader_rss_peak", reader_mb, "MB", MEMORY_AIM)
            note("through the web")
            await through_the_web(await database(server.dsn, "web"), files["csv"])


def main() -> None:
    """Write the sheets, import them."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with TemporaryDirectory() as directory:
        files = {kind: Path(directory) / f"cases.{kind}" for kind in ("csv", "xlsx")}
        content = table(rows)
        files["csv"].write_bytes(as_csv(content))
        writer = XlsxWriter(["工单"])
        files["xlsx"].write_bytes(writer.write(content) + writer.end())
        del content
        asyncio.run(bench(rows, files))


if __name__ == "__main__":
    main()
