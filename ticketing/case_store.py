"""Rows of cases: read, locked, and written with each step. Nothing is decided here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

import aiosql

from ticketing.case import Actor, Case, HistoryEntry, NewCase, matter_of
from ticketing.lifecycle import CaseState, Matter, Step
from ticketing.taking import Standing

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "cases.sql", "asyncpg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """What decides about a case, of a row that is locked until the transaction ends."""

    case_id: int
    case_no: str
    state: CaseState
    lead_id: int | None
    extension_days: int | None
    confidential: bool
    matter: Matter | None
    opened_by: int
    responsible_id: int | None
    version: int

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `lock_cases`."""
        names = ("case_id", "case_no", "lead_id", "extension_days", "confidential", "opened_by")
        same = {name: row[name] for name in (*names, "responsible_id", "version")}
        return cls(state=CaseState(row["state"]), matter=matter_of(row), **same)

    @property
    def standing(self) -> Standing:
        """As the table looks at it."""
        return Standing(
            state=self.state,
            extension_asked=self.extension_days is not None,
            separated=self.matter is not None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a step makes of a case; ``assisting`` none: those that help stay.

    ``category_id`` and ``result`` none: they stay as they are. ``responsible_id`` is the department
    that passed the case down.
    """

    step: Step
    state: CaseState
    lead_id: int | None
    matter: Matter | None
    assisting: tuple[int, ...] | None = None
    responsible_id: int | None = None
    category_id: int | None = None
    extension_days: int | None = None
    merged_into: int | None = None
    result: str | None = None
    note: str = ""
    days: int | None = None
    other_case: int | None = None


async def insert(conn: Any, new: NewCase, *, category_id: int | None, **row: Any) -> int | None:
    """Store a registered case; ``None`` when its call has one already."""
    case_id: int | None = await _QUERIES.insert_case(
        conn,
        call_id=new.call_id,
        source=new.source,
        kind=new.kind,
        title=new.title,
        body=new.body,
        address=new.address,
        confidential=new.confidential,
        caller=new.caller,
        category_id=category_id,
        matter=new.matter,
        **row,
    )
    return case_id


async def next_number_of(conn: Any, day: date) -> int:
    """The next number of a day; others wait until the transaction ends."""
    return int(await _QUERIES.next_case_number(conn, day=day))


async def lock(conn: Any, case_nos: Sequence[str]) -> dict[str, Locked]:
    """The cases with these numbers, as far as there are any, locked."""
    rows = _QUERIES.lock_cases(conn, case_nos=list(case_nos))
    found = [Locked.from_row(row) async for row in rows]
    return {case.case_no: case for case in found}


async def save(conn: Any, case: Locked, change: Change, *, actor: Actor, now: datetime) -> None:
    """Write a step and its entry in the history."""
    version = await _QUERIES.save_step(
        conn,
        case_id=case.case_id,
        state=change.state,
        lead_id=change.lead_id,
        category_id=change.category_id,
        extension_days=change.extension_days,
        merged_into=change.merged_into,
        result=change.result,
        matter=change.matter,
        at_once=change.step is Step.ANSWERED_AT_ONCE,
        at=now,
    )
    await _place(conn, case, change)
    await _QUERIES.insert_history(
        conn,
        case_id=case.case_id,
        version=version,
        at=now,
        actor=actor.login,
        step=change.step,
        note=change.note,
        from_state=case.state,
        to_state=change.state,
        from_department=case.lead_id,
        to_department=change.lead_id,
        days=change.days,
        other_case=change.other_case,
        matter=change.matter if change.step is Step.SEPARATED else None,
    )


async def _place(conn: Any, case: Locked, change: Change) -> None:
    """Keep whose business the case is; the database itself keeps the state there."""
    same_people = (change.lead_id, change.responsible_id) == (case.lead_id, case.responsible_id)
    if same_people and change.assisting is None:
        return
    assisting = change.assisting
    if assisting is None and change.lead_id is not None:
        assisting = await assisting_ids(conn, case.case_id)
    await _QUERIES.forget_departments(conn, case_id=case.case_id)
    if change.lead_id is not None:
        await _QUERIES.place_case(
            conn,
            case_id=case.case_id,
            lead_id=change.lead_id,
            responsible_id=change.responsible_id,
            assisting=list(assisting or ()),
        )


async def note_registered(
    conn: Any, case_id: int, *, matter: Matter | None, actor: Actor, now: datetime
) -> None:
    """The first entry of a history."""
    await _QUERIES.insert_history(
        conn,
        case_id=case_id,
        version=1,
        at=now,
        actor=actor.login,
        step=Step.REGISTERED,
        note="",
        from_state=None,
        to_state=CaseState.REGISTERED,
        from_department=None,
        to_department=None,
        days=None,
        other_case=None,
        matter=matter,
    )


async def assisting_ids(conn: Any, case_id: int) -> tuple[int, ...]:
    """The departments that help with a case."""
    rows = _QUERIES.assisting_ids(conn, case_id=case_id)
    return tuple([row["department_id"] async for row in rows])


async def note_by_system(
    conn: Any, step: Step, notes: Sequence[tuple[int, str]], *, now: datetime
) -> None:
    """Enter what the program itself did to these cases; their versions grow, the rest stays."""
    entries = [
        {"case_id": case_id, "at": now, "step": step, "note": note} for case_id, note in notes
    ]
    if entries:
        await _QUERIES.note_by_system(conn, entries)


async def part_in(conn: Any, case_id: int, department_id: int) -> str | None:
    """``lead``, ``assisting``, ``responsible``, or none: what a department itself is to a case."""
    part: str | None = await _QUERIES.part_in_case(
        conn, case_id=case_id, department_id=department_id
    )
    return part


async def is_at_or_below(conn: Any, case_id: int, department_id: int) -> bool:
    """Whether a department of the case is that one or one below it."""
    return bool(await _QUERIES.is_at_or_below(conn, case_id=case_id, department_id=department_id))


async def audience(conn: Any, case_id: int) -> list[str]:
    """Codes of the case's departments and of all above them."""
    return [row["code"] async for row in _QUERIES.audience(conn, case_id=case_id)]


async def by_ids(conn: Any, case_ids: Sequence[int]) -> list[Case]:
    """Cases, newest first."""
    if not case_ids:
        return []
    rows = _QUERIES.cases_by_ids(conn, case_ids=list(case_ids))
    return [Case.from_row(row) async for row in rows]


async def by_number(conn: Any, case_no: str) -> Case | None:
    """The case with that number, if any."""
    return await _one(conn, await _QUERIES.id_of_number(conn, case_no=case_no))


async def by_call(conn: Any, call_id: str) -> Case | None:
    """The case that followed from a call, if any."""
    return await _one(conn, await _QUERIES.id_of_call(conn, call_id=call_id))


async def by_caller(
    conn: Any, caller: str, *, see_all: bool, viewer: int, limit: int
) -> list[Case]:
    """Cases of a full number that a person of staff sees, newest first."""
    rows = _QUERIES.ids_of_caller(conn, caller=caller, see_all=see_all, viewer=viewer, limit=limit)
    return await by_ids(conn, [row["case_id"] async for row in rows])


async def count_open(conn: Any, caller: str, *, see_all: bool, viewer: int) -> int:
    """How many cases of a full number have not ended, of those that a person of staff sees."""
    return int(
        await _QUERIES.count_open_of_caller(conn, caller=caller, see_all=see_all, viewer=viewer)
    )


async def history(conn: Any, case_id: int) -> list[HistoryEntry]:
    """Every step of a case, oldest first."""
    rows = _QUERIES.history_of_case(conn, case_id=case_id)
    return [HistoryEntry.from_row(row) async for row in rows]


async def _one(conn: Any, case_id: int | None) -> Case | None:
    found = await by_ids(conn, [] if case_id is None else [case_id])
    return found[0] if found else None
