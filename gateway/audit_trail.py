"""The audit log as it is read: pages of it, and everything behind a row for export off the host.

Numbers that somebody wrote into a reason are masked here, too, whoever reads.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import aiosql

from gateway.errors import AuditError
from gateway.live import iso
from gateway.masking import scrub_numbers

BATCH = 1000
ALONE_WITHIN_S = 30.0
ASK_AGAIN_S = 0.05

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "audit.sql", "asyncpg")


class Order(StrEnum):
    """In which order rows are listed: no other can be asked for."""

    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """Who did what to whom, when, with what came of it in ``detail``."""

    audit_id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `audit_log`."""
        same = {name: row[name] for name in ("audit_id", "at", "actor", "action", "subject")}
        return cls(**same, detail=_scrubbed(json.loads(row["detail"])))

    def to_json(self) -> str:
        """One line of an export."""
        fields = {
            "audit_id": self.audit_id,
            "at": iso(self.at),
            "actor": self.actor,
            "action": self.action,
            "subject": self.subject,
            "detail": self.detail,
        }
        return json.dumps(fields, ensure_ascii=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which rows: those for which all hold that are given; ``until`` is not included."""

    actor: str | None = None
    action: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def list_acts(
    connection: Any, wanted: Filter, order: Order, *, cursor: int | None, limit: int
) -> list[AuditRow]:
    """A page of the log, going on from the row ``cursor``; empty when there is no such row."""
    query = _QUERIES.newest_acts if order is Order.NEWEST else _QUERIES.oldest_acts
    async with connection.transaction(readonly=True):
        await _QUERIES.plan_for_these_values(connection)
        at = None
        if cursor is not None:
            at = await _QUERIES.time_of_act(connection, audit_id=cursor)
            if at is None:
                return []
        rows = query(connection, cursor_at=at, cursor=cursor, limit=limit, **asdict(wanted))
        return [AuditRow.from_row(row) async for row in rows]


async def known_actions(connection: Any) -> list[str]:
    """Every action that the log has, in alphabetical order."""
    return [row["action"] async for row in _QUERIES.known_actions(connection)]


async def acts_after(connection: Any, after: int) -> AsyncIterator[AuditRow]:
    """Every row with a greater number than ``after``, in their order, none left out.

    Numbers are given before transactions end: a smaller one can appear after a greater one. So it
    reads up to what was there at a moment when nobody wrote. Raises `AuditError` when there is no
    such moment for half a minute.
    """
    until = await _settled(connection)
    while True:
        rows = _QUERIES.acts_between(connection, after=after, until=until, limit=BATCH)
        batch = [AuditRow.from_row(row) async for row in rows]
        for row in batch:
            yield row
        if len(batch) < BATCH:
            return
        after = batch[-1].audit_id


async def _settled(connection: Any) -> int:
    """The greatest number such that all smaller ones are there or will never be."""
    try:
        async with asyncio.timeout(ALONE_WITHIN_S):
            while True:
                async with connection.transaction():
                    if await _QUERIES.is_alone(connection):  # asks, so that no writer waits
                        return int(await _QUERIES.last_id(connection))
                await asyncio.sleep(ASK_AGAIN_S)
    except TimeoutError:
        raise AuditError("the audit log is being written to all the time; try again") from None


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return scrub_numbers(value)
    if isinstance(value, dict):
        return {key: _scrubbed(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_scrubbed(each) for each in value]
    return value
