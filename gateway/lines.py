"""The lines of the hotline, in table `lines`: every change is in the audit log (T9)."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

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


async def add_line(connection: Any, line: Line, *, actor: str, at: datetime) -> bool:
    """Define a line that is none yet; ``False`` when its number is defined already.

    ``connection`` is in a transaction. Raises `asyncpg.CheckViolationError` for a value that is not
    allowed.
    """
    if await _QUERIES.add_line(connection, **asdict(line)) is None:
        return False
    await _tell(connection, "line.saved", line.number, after=line, actor=actor, at=at)
    return True


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
    await _tell(connection, "line.saved", line.number, before, line, actor=actor, at=at)
    return True


async def remove_line(connection: Any, number: str, *, actor: str, at: datetime) -> bool:
    """Forget a line; calls that arrived keep what it was. ``False`` when there is none."""
    row = await _QUERIES.lock_line(connection, number=number)
    if row is None:
        return False
    await _QUERIES.remove_line(connection, number=number)
    await _tell(connection, "line.removed", number, _line(row), actor=actor, at=at)
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChange:
    """Who defined a line anew or removed it; ``before`` and ``after`` are ``None`` without one."""

    change_id: int
    number: str
    at: datetime
    actor: str
    before: Line | None
    after: Line | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Take a row of `audit_log`."""
        number, detail = row["subject"], json.loads(row["detail"])
        before, after = (
            _line({**terms, "number": number}) if terms else None
            for terms in (detail.get("before"), detail.get("after"))
        )
        return cls(
            change_id=row["audit_id"],
            number=number,
            at=row["at"],
            actor=row["actor"],
            before=before,
            after=after,
        )


async def line_changes(
    connection: Any, *, number: str | None, before: int | None, limit: int
) -> list[LineChange]:
    """What the audit log tells of lines, newest first: of one ``number``, from before a change."""
    rows = _QUERIES.line_changes(connection, number=number, before=before, most=limit)
    return [LineChange.from_row(row) async for row in rows]


async def _tell(
    connection: Any,
    action: str,
    number: str,
    before: Line | None = None,
    after: Line | None = None,
    *,
    actor: str,
    at: datetime,
) -> None:
    detail = {"before": _terms(before), "after": _terms(after)}
    act = Act(actor=actor, action=action, subject=number, detail=detail)
    await record(connection, act, "done", at=at)


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
