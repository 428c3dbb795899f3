"""Runs ``hotline import-queue-log``, and shows what it stored."""

import asyncio
import io
import os
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import asyncpg

from gateway.cli import main


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
