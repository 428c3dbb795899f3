"""Stored calls as the API tells them, in the shape of the live events."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import aiosql

from gateway.live import iso
from gateway.live_state import Fields

QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "call_history.sql", "asyncpg")

_TIMES = ("arrived_at", "offered_at", "answered_at", "ended_at")
_SAME = (
    *("call_id", "switchboard", "line", "line_mode", "district", "caller", "queue", "agent"),
    *("outcome", "wait_s", "talk_s", "hold_s"),
)


def call_fields(row: Mapping[str, Any]) -> Fields:
    """A row of `calls` as the data of a live event; the caller in full."""
    times = {name: iso(row[name]) for name in _TIMES}
    return {name: row[name] for name in _SAME} | times | {"agents": json.loads(row["agents"])}


async def calls_before(
    connection: Any,
    *,
    own: tuple[str, str] | None,
    before: datetime | None,
    limit: int,
    line: str | None = None,
    mode: str | None = None,
    district: str | None = None,
) -> list[Fields]:
    """The newest calls that arrived before ``before``.

    Of these, where given, those that ``own`` (switchboard, agent) had a part in, those of a line,
    of a mode (``undefined``: of a line that nobody had defined) or of a district (empty: of none).
    """
    switchboard, agent = own or (None, None)
    rows = QUERIES.calls_before(
        connection,
        switchboard=switchboard,
        agent=agent,
        before=before,
        limit=limit,
        line=line,
        mode=mode,
        district=district,
    )
    return [call_fields(row) async for row in rows]


async def stored_call(connection: Any, call_id: str) -> Fields | None:
    """One call."""
    row = await QUERIES.call_by_id(connection, call_id=call_id)
    return None if row is None else call_fields(row)


async def earlier_calls_of(
    connection: Any, caller: str, *, apart_from: str, limit: int
) -> list[Fields]:
    """The newest calls of a number, apart from one; none for an empty number."""
    rows = QUERIES.earlier_calls_of(connection, caller=caller, call_id=apart_from, limit=limit)
    return [call_fields(row) async for row in rows]


async def calls_by_ids(connection: Any, call_ids: Iterable[str]) -> dict[str, Fields]:
    """Those of these calls that are recorded, by id."""
    rows = QUERIES.calls_by_ids(connection, call_ids=list(call_ids))
    return {row["call_id"]: call_fields(row) async for row in rows}


async def count_calls_of(connection: Any, caller: str, *, apart_from: str, since: datetime) -> int:
    """How often a number has called since then, apart from one call."""
    count = await QUERIES.count_calls_of(connection, caller=caller, call_id=apart_from, since=since)
    return int(count)
