"""Runs ``hotline import-queue-log`` as the operator does, in a process of its own."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg


@dataclass(frozen=True)
class Ran:
    """Exit code and what was written."""

    code: int
    out: str
    err: str


async def start_import(dsn: str, *arguments: str | Path, **environment: str) -> Process:
    """Start the command on the database ``dsn``."""
    known = {"HOTLINE_DATABASE_URL": dsn, "HOTLINE_CONFIG": os.devnull, "COLUMNS": "200"}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "import-queue-log", *map(str, arguments),
        stdout=PIPE, stderr=PIPE, env=os.environ | known | environment,
    )  # fmt: skip


async def run_import(dsn: str, *arguments: str | Path, **environment: str) -> Ran:
    """Run the command to its end."""
    process = await start_import(dsn, *arguments, **environment)
    out, err = await process.communicate()
    return Ran(process.returncode or 0, out.decode(), err.decode())


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
