"""Runs of the reconciliation and the differences they found, as rows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import aiosql

from gateway.live import call_data
from telephony.events import CallRecord
from telephony.repair import Repair

_SQL: Any = aiosql.from_path(Path(__file__).parent / "sql" / "runs.sql", "asyncpg")
# What a difference in a field of `telephony.repair.differences` is shown by.
_SHOWN: Mapping[str, tuple[str, ...]] = {"offered": ("offered_at",), "answered": ("answered_at",)}
_OF_MISSING = ("outcome", "queue", "arrived_at", "ended_at", "agents")


class Cause(StrEnum):
    """Why a run was made."""

    START = "start"
    RECONNECT = "reconnect"
    REGULAR = "regular"
    CALL_END = "call_end"  # calls that were up at a reconnect have ended
    NIGHT = "night"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A comparison of the records from ``since`` until ``until``; ``day`` is that of a night."""

    switchboard: str
    cause: Cause
    since: datetime
    until: datetime | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference; ``repaired`` is ``None`` where the stored call's ``revision`` tells it."""

    call_id: str
    kind: str
    fields: tuple[str, ...] = ()
    recorded: Mapping[str, Any] | None = None
    told: Mapping[str, Any] | None = None
    repaired: bool | None = None
    revision: int | None = None

    def as_row(self) -> dict[str, Any]:
        """In the shape that the query takes."""
        return {name: getattr(self, name) for name in self.__slots__}


def of_repair(repair: Repair) -> Difference:
    """A call that has to be stored otherwise than it is."""
    names = [shown for name in repair.fields for shown in _SHOWN.get(name, (name,))]
    return Difference(
        call_id=repair.call.call_id,
        kind=repair.kind.value,
        fields=repair.fields,
        recorded=_part(repair.recorded, names) if repair.recorded else None,
        told=_part(repair.call, names or _OF_MISSING),
        revision=repair.call.revision,
    )


def of_closing(recorded: CallRecord, closed: CallRecord) -> Difference:
    """A call whose end nobody recorded, ours or the switchboard's."""
    names = ("outcome", "ended_at")
    return Difference(
        call_id=recorded.call_id,
        kind="unseen",
        fields=names,
        recorded=_part(recorded, ("arrived_at", "answered_at")),
        told=_part(closed, names),
        repaired=False,
    )


def of_unexplained(recorded: CallRecord) -> Difference:
    """A recorded call that the switchboard does not know."""
    shown = _part(recorded, _OF_MISSING)
    return Difference(call_id=recorded.call_id, kind="unexplained", recorded=shown, repaired=False)


async def begin(connection: Any, run: Run, *, now: datetime) -> int:
    """Note that a run began; its number."""
    run_id = await _SQL.begin_run(
        connection,
        switchboard=run.switchboard,
        cause=run.cause.value,
        day=run.day,
        since=run.since,
        until=run.until,
        now=now,
    )
    return int(run_id)


async def add(
    connection: Any, run_id: int, run: Run, found: Sequence[Difference], *, now: datetime
) -> dict[str, int]:
    """Store differences, in the transaction that mends them; how many are new, by kind."""
    rows = json.dumps([one.as_row() for one in found], ensure_ascii=False)
    added = _SQL.add_differences(
        connection, run_id=run_id, switchboard=run.switchboard, differences=rows, now=now
    )
    return {row["kind"]: row["added"] async for row in added}


async def end(
    connection: Any, run_id: int, *, compared: int, unexplained: int, now: datetime
) -> None:
    """Note that a run came to its end."""
    await _SQL.end_run(
        connection, run_id=run_id, compared=compared, unexplained=unexplained, now=now
    )


async def nights_done(connection: Any, switchboard: str, since: date) -> frozenset[date]:
    """Days from ``since`` on that nightly runs have compared."""
    rows = _SQL.nights_done(connection, switchboard=switchboard, since=since)
    return frozenset([row["day"] async for row in rows])


async def forget(connection: Any, *, before: datetime) -> None:
    """Delete older runs with their differences."""
    await _SQL.forget_runs(connection, before=before)


def _part(call: CallRecord, names: Sequence[str]) -> dict[str, Any]:
    """Fields of a call, without telephone numbers."""
    data = call_data(call)
    shown = {name: data[name] for name in names}
    if "agents" in shown:
        shown["agents"] = [
            {name: part[name] for name in ("agent", "talk_s", "hold_s")} for part in shown["agents"]
        ]
    return shown
