"""The lines of the hotline, in table `lines`: every change is in the audit log (T9)."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import aiosql
import asyncpg
import structlog

from gateway.audit import Act, record
from gateway.database_away import DATABASE_AWAY
from telephony.events import LineMode
from telephony.lines import Line, LineBook

FOLLOW_EVERY_S = 2.0
ACQUIRE_TIMEOUT_S = 5.0

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "lines.sql", "asyncpg")
log = structlog.get_logger(__name__)


def _line(row: Mapping[str, Any]) -> Line:
    return Line(**{**row, "mode": LineMode(row["mode"])})


async def list_lines(connection: Any) -> list[Line]:
    """All lines, the hotline's own number first, then by number."""
    return [_line(row) async for row in _QUERIES.all_lines(connection)]


async def line_names(connection: Any) -> dict[str, str]:
    """Names of the lines by number."""
    return {line.number: line.name for line in await list_lines(connection)}


async def save_line(connection: Any, line: Line, *, actor: str, at: datetime) -> bool:
    """Define a line, or define it anew for calls from now on; whether that changes anything.

    ``connection`` is in a transaction. Raises `asyncpg.CheckViolationError` for a value that is not
    allowed.
    """
    row = await _QUERIES.lock_line(connection, number=line.number)
    before = _line(row) if row else None
    if before == line:
        return False
    await _QUERIES.save_line(connection, **asdict(line))
    detail = {"before": _terms(before), "after": _terms(line)}
    act = Act(actor=actor, action="line.saved", subject=line.number, detail=detail)
    await record(connection, act, "done", at=at)
    return True


async def remove_line(connection: Any, number: str, *, actor: str, at: datetime) -> bool:
    """Forget a line; calls that arrived keep what it was. ``False`` when there is none."""
    row = await _QUERIES.lock_line(connection, number=number)
    if row is None:
        return False
    await _QUERIES.remove_line(connection, number=number)
    detail = {"before": _terms(_line(row))}
    act = Act(actor=actor, action="line.removed", subject=number, detail=detail)
    await record(connection, act, "done", at=at)
    return True


def _terms(line: Line | None) -> dict[str, str] | None:
    if line is None:
        return None
    return {name: value for name, value in asdict(line).items() if name != "number"}


async def follow_lines(pool: "asyncpg.Pool[asyncpg.Record]", book: LineBook) -> None:
    """Keep ``book`` as the lines are defined, for ever; without PostgreSQL it stays as it is."""
    while True:
        try:
            async with pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection:
                book.replace(await list_lines(connection))
        except DATABASE_AWAY as error:
            log.warning("lines_unreadable", error=type(error).__name__)
        await asyncio.sleep(FOLLOW_EVERY_S)
