"""``hotline import-queue-log``: a city's history out of queue_log files or a realtime table."""

import argparse
import asyncio
import gc
import logging
import os
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import asyncpg

from deploy.embedded.server import running_url
from deploy.migrate import MigrationError, migrate
from gateway.database_away import DATABASE_AWAY
from gateway.engines import database_dsn
from gateway.queue_log_import.agents import read_agents
from gateway.queue_log_import.errors import QueueLogImportError
from gateway.queue_log_import.files import find_files
from gateway.queue_log_import.importing import Importer, SourceReport
from gateway.queue_log_import.report import told
from gateway.queue_log_import.source import Source
from gateway.queue_log_import.store import Store
from gateway.queue_log_import.table import LogTable
from gateway.queue_log_import.views import progress_view
from gateway.settings import Settings, load_settings

CONNECT_TIMEOUT_S = 10.0
COMMAND_TIMEOUT_S = 600.0  # putting a table of years in order takes minutes
TABLE_DATABASE_URL = "QUEUE_LOG_DATABASE_URL"
# Millions of objects come and go without cycles; looking for some took a quarter of the time.
GC_THRESHOLD = 200_000


def add_parser(commands: Any) -> None:
    """Add the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "import-queue-log",
        help="calls and seat states of the past, out of Asterisk's queue_log",
        description="Imports queue_log files, also rotated and compressed ones, in order of time. "
        "It can be stopped and started again at any moment, and repeated: what is known already "
        "stays as it is.",
    )
    parser.add_argument("source", nargs="*", help="queue_log files; patterns in quotes")
    parser.add_argument(
        "--table",
        help="instead of files a realtime table, in the database of the settings or in that of "
        f"{TABLE_DATABASE_URL} (environment)",
    )
    parser.add_argument(
        "--timezone",
        type=_zone,
        default="Asia/Shanghai",
        help="zone of the times in a table that have none (default: %(default)s)",
    )
    parser.add_argument(
        "--agents", type=Path, help="CSV file: what the log calls an agent, his number (工号)"
    )
    parser.add_argument("--switchboard", help="name in call ids (default: the setting)")
    parser.add_argument("--dry-run", action="store_true", help="report only, change nothing")
    parser.set_defaults(command=_command)


def _command(options: argparse.Namespace) -> int:
    gc.set_threshold(GC_THRESHOLD)
    # It warns of every write to a lost connection; the sentence at the end says that once.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    reports = asyncio.run(_run(_settings(options.switchboard), options))
    sys.stdout.write(told(reports, dry_run=options.dry_run))
    return 0 if any(report.counts.lines for report in reports) else 1


def _settings(switchboard: str | None) -> Settings:
    settings = load_settings()
    if not settings.switchboards:
        return load_settings(switchboard=switchboard) if switchboard else settings
    of_each = {each.switchboard: each for each in settings.of_each()}
    if switchboard not in of_each:
        raise QueueLogImportError(f"--switchboard must be one of {', '.join(of_each)}")
    return of_each[switchboard]


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise argparse.ArgumentTypeError(f"there is no time zone {name!r}") from None


def _tell_nothing_twice(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """asyncpg leaves futures of a lost connection behind; the sentence at the end says it once."""
    if not isinstance(context.get("exception"), asyncpg.PostgresConnectionError):
        loop.default_exception_handler(context)


async def _run(settings: Settings, options: argparse.Namespace) -> list[SourceReport]:
    asyncio.get_running_loop().set_exception_handler(_tell_nothing_twice)
    now = time.time()
    if bool(options.source) == bool(options.table):
        raise QueueLogImportError("name either queue_log files or one --table")
    agents = read_agents(options.agents) if options.agents else {}
    async with AsyncExitStack() as stack:
        sources: Sequence[Source] = find_files(options.source, now)
        if options.table:
            sources = [await _table(settings, options, now, stack)]
        store = None if options.dry_run else await _store(settings, stack)
        with progress_view(sources) as view:
            try:
                importer = Importer(settings.switchboard, store, view, now, agents=agents)
                return await importer.run(sources)
            except DATABASE_AWAY as error:
                raise QueueLogImportError(
                    f"the import stopped ({type(error).__name__}); what was stored stays, "
                    "and the same command goes on from there"
                ) from error


async def _store(settings: Settings, stack: AsyncExitStack) -> Store:
    dsn = await _migrated(settings, stack)
    store = Store(await _connected(dsn, stack), settings.switchboard)
    await store.prepare()
    return store


async def _table(
    settings: Settings, options: argparse.Namespace, now: float, stack: AsyncExitStack
) -> LogTable:
    dsn = os.environ.get(TABLE_DATABASE_URL) or await _migrated(settings, stack)
    try:
        connection = await _connected(dsn, stack)
        return await LogTable.find(connection, options.table, options.timezone, now)
    except (ValueError, *DATABASE_AWAY) as error:
        raise QueueLogImportError(
            f"the table {options.table} cannot be read ({type(error).__name__})"
        ) from error


async def _connected(dsn: str, stack: AsyncExitStack) -> Any:
    connection = await asyncpg.connect(
        dsn, timeout=CONNECT_TIMEOUT_S, command_timeout=COMMAND_TIMEOUT_S
    )
    stack.push_async_callback(connection.close)
    return connection


async def _migrated(settings: Settings, stack: AsyncExitStack) -> str:
    """The database of the settings; the embedded one whether or not the program runs."""
    running = running_url(settings.var_dir / "postgres")
    if settings.database_url is None and running is not None:
        with suppress(MigrationError):  # its owner was killed
            await migrate(running)
            return running
    dsn = await database_dsn(settings, stack)
    await migrate(dsn)
    return dsn
