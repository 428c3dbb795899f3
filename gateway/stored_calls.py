"""Rows of `calls` as records again: for taking up open calls and for comparing with the ledger."""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from gateway.recorder import QUERIES
from telephony.events import AgentPart, CallRecord, LineMode, Outcome


async def open_calls(connection: Any, switchboard: str) -> list[CallRecord]:
    """Calls that were up when the switchboard was last heard of."""
    return [_record(row) async for row in QUERIES.open_calls(connection, switchboard=switchboard)]


async def calls_since(connection: Any, switchboard: str, since: datetime) -> list[CallRecord]:
    """Calls that arrived at or after ``since``."""
    rows = QUERIES.calls_since(connection, switchboard=switchboard, since=since)
    return [_record(row) async for row in rows]


async def open_calls_of(
    connection: Any, switchboard: str, uniqueids: Collection[str]
) -> list[CallRecord]:
    """Of these the calls that are recorded as open."""
    rows = QUERIES.open_calls_of(connection, switchboard=switchboard, uniqueids=list(uniqueids))
    return [_record(row) async for row in rows]


async def ended_calls(connection: Any, call_ids: Iterable[str]) -> list[CallRecord]:
    """Those of the calls that are known to have ended."""
    rows = QUERIES.ended_calls(connection, call_ids=list(call_ids))
    return [_record(row) async for row in rows]


def _record(row: Any) -> CallRecord:
    return CallRecord(
        switchboard=row["switchboard"],
        uniqueid=row["uniqueid"],
        line=row["line"],
        caller=row["caller"],
        queue=row["queue"],
        arrived_at=row["arrived_at"],
        offered_at=row["offered_at"],
        answered_at=row["answered_at"],
        ended_at=row["ended_at"],
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        wait_s=row["wait_s"],
        talk_s=row["talk_s"],
        hold_s=row["hold_s"],
        agents=tuple(_part(part) for part in json.loads(row["agents"])),
        revision=row["revision"],
        line_mode=LineMode(row["line_mode"]) if row["line_mode"] else None,
        district=row["district"],
    )


def _part(part: dict[str, Any]) -> AgentPart:
    released_at = part["released_at"]
    return AgentPart(
        agent=part["agent"],
        interface=part["interface"],
        answered_at=datetime.fromisoformat(part["answered_at"]),
        released_at=datetime.fromisoformat(released_at) if released_at else None,
        talk_s=part["talk_s"],
        hold_s=part["hold_s"],
    )
