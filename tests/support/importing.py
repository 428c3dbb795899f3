"""Runs ``hotline import-queue-log``, and shows what it stored."""

import asyncio
import io
import os
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import asyncpg

from gateway.cli import main
from gateway.queue_log_import.files import find_files
from gateway.queue_log_import.importing import Importer
from gateway.queue_log_import.store import Store


@dataclass(frozen=True)
class Ran:
    """Exit code and what was written."""

    code: int
    out: str
    err: str


def _environment(dsn: str) -> dict[str, str]:
    return {"HOTLINE_DATABASE_URL": dsn, "HOTLINE_CONFIG": os.devnull}


async def start_import(dsn: str, *arguments: str | Path, stderr: int = PIPE) -> Process:
    """Start the command on the database ``dsn``, in a process of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "import-queue-log", *map(str, arguments),
        stdout=PIPE, stderr=stderr, env=os.environ | _environment(dsn),
    )  # fmt: skip


async def run_import(dsn: str, *arguments: str | Path, **environment: str) -> Ran:
    """Run the command on the database ``dsn`` to its end, in this process, which is quicker."""
    out, err = io.StringIO(), io.StringIO()
    with (
        patch.dict(os.environ, _environment(dsn) | environment),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = await asyncio.to_thread(main, ["import-queue-log", *map(str, arguments)])
    return Ran(code, out.getvalue(), err.getvalue())


class Silent:
    """A progress view that shows nothing."""

    def begin(self, source: object) -> None:
        pass

    def advance(self, source: object, done: int, lines: int) -> None:
        pass


CALLS = """
select call_id, switchboard, uniqueid, line, caller, queue, arrived_at, offered_at, answered_at,
  ended_at, outcome, wait_s, talk_s, hold_s, agent, agents, revision, source
from calls order by call_id
"""
SEATS = "select * from seat_intervals order by switchboard, agent, started_at"
TOTALS = "select * from call_totals where arrived <> 0 order by day, queue, line"
EVENTS = "select * from event_totals where amount <> 0 order by name, day, queue, subject, detail"


async def stored(dsn: str) -> dict[str, list[dict[str, Any]]]:
    """All that an import writes and what follows from it."""
    connection = await asyncpg.connect(dsn)
    try:
        queries = {"calls": CALLS, "seats": SEATS, "totals": TOTALS, "events": EVENTS}
        return {
            name: [dict(row) for row in await connection.fetch(query)]
            for name, query in queries.items()
        }
    finally:
        await connection.close()


SIGNS_OF_LIFE = timedelta(seconds=60)
ENTER = "1300000000|1.7|12345|NONE|ENTERQUEUE||13800000001|1"
CONNECT = "1300000009|1.7|12345|SIP/8001|CONNECT|9|1.8|4"
COMPLETE = "1300000069|1.7|12345|SIP/8001|COMPLETECALLER|9|60|1"


def write(path: Path, *lines: str) -> Path:
    """A file of these lines."""
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


async def imported(dsn: str, *paths: Path, now: float | None = None) -> None:
    """Import in this process, which is quicker than starting the command."""
    at = datetime.now(UTC).timestamp() if now is None else now
    connection = await asyncpg.connect(dsn)
    try:
        store = Store(connection, "sb1")
        await store.prepare()
        sources = find_files([str(path) for path in paths], at)
        await Importer("sb1", store, Silent(), at).run(sources)
    finally:
        await connection.close()
