"""Opens, closes and finds cases, on a connection whose transaction belongs to the caller.

Each step is written together with its history entry; what else must follow (jobs, notices) is for
the caller to add to the same transaction.
"""

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiosql

from ticketing.case import RESULT_MAX, Actor, Case, HistoryEntry, NewCase, check_text
from ticketing.errors import CaseConflictError, CaseNotFoundError
from ticketing.lifecycle import CaseState, Step, take

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql", "asyncpg")
_CITY = ZoneInfo("Asia/Shanghai")


async def open_case(conn: Any, new: NewCase, *, actor: Actor, now: datetime) -> Case:
    """Open a case, and close it at once when it carries a result.

    Raises `CaseConflictError` when the call has a case already; the transaction stays usable.
    """
    state = take(None, Step.REGISTERED)
    closing = new.result is not None
    if closing:
        state = take(state, Step.ANSWERED_AT_ONCE)
    case_id = await _QUERIES.insert_case(
        conn,
        case_no=await _next_number(conn, now),
        call_id=new.call_id,
        kind=new.kind,
        title=new.title,
        body=new.body,
        address=new.address,
        confidential=new.confidential,
        caller=new.caller,
        state=state,
        answered_at_once=closing,
        opened_by=actor.user_id,
        opened_at=now,
        closed_at=now if closing else None,
        result=new.result or "",
    )
    if case_id is None:
        raise CaseConflictError("该通话已有工单")
    await _note(conn, case_id, Step.REGISTERED, actor, now)
    if closing:
        await _note(conn, case_id, Step.ANSWERED_AT_ONCE, actor, now)
    return Case.from_row(await _QUERIES.case_by_id(conn, case_id=case_id))


async def close_case(  # noqa: PLR0913  # what a closing consists of
    conn: Any, case_no: str, *, result: str, version: int, actor: Actor, now: datetime
) -> Case:
    """Close a case with its result, unless it is not the `version` that the actor has seen.

    Raises `CaseNotFoundError`, `CaseInvalidError`, or `CaseConflictError` when the case was changed
    meanwhile or is closed already; of several who close at once, one wins.
    """
    check_text("result", "办理结果", result, RESULT_MAX)
    row = await _QUERIES.lock_case(conn, case_no=case_no)
    if row is None:
        raise CaseNotFoundError(f"没有编号为{case_no}的工单")
    state = take(CaseState(row["state"]), Step.CLOSED)
    if row["version"] != version:
        raise CaseConflictError("工单已被他人修改，请刷新后重试")
    await _QUERIES.close_case(
        conn, case_id=row["case_id"], state=state, result=result, closed_at=now
    )
    await _note(conn, row["case_id"], Step.CLOSED, actor, now)
    return Case.from_row(await _QUERIES.case_by_id(conn, case_id=row["case_id"]))


async def find_case(conn: Any, case_no: str) -> Case:
    """The case with that number; raises `CaseNotFoundError`."""
    row = await _QUERIES.case_by_no(conn, case_no=case_no)
    if row is None:
        raise CaseNotFoundError(f"没有编号为{case_no}的工单")
    return Case.from_row(row)


async def find_case_by_id(conn: Any, case_id: int) -> Case:
    """The case with that internal id; raises `CaseNotFoundError`."""
    row = await _QUERIES.case_by_id(conn, case_id=case_id)
    if row is None:
        raise CaseNotFoundError("工单不存在")
    return Case.from_row(row)


async def case_of_call(conn: Any, call_id: str) -> Case | None:
    """The case that followed from a call, if any."""
    row = await _QUERIES.case_by_call(conn, call_id=call_id)
    return None if row is None else Case.from_row(row)


async def list_cases(
    conn: Any, *, state: CaseState | None = None, before: datetime | None = None, limit: int = 50
) -> list[Case]:
    """Cases, newest first; only those opened before `before` when given."""
    rows = _QUERIES.list_cases(conn, state=state, before=before, limit=limit)
    return [Case.from_row(row) async for row in rows]


async def cases_for_caller(conn: Any, caller: str, *, limit: int = 10) -> list[Case]:
    """Cases of a full number, newest first; none for an empty number."""
    if not caller:
        return []
    rows = _QUERIES.cases_for_caller(conn, caller=caller, limit=limit)
    return [Case.from_row(row) async for row in rows]


async def history(conn: Any, case_id: int) -> list[HistoryEntry]:
    """Every step of a case, oldest first."""
    rows = _QUERIES.history_of_case(conn, case_id=case_id)
    return [HistoryEntry.from_row(row) async for row in rows]


async def _next_number(conn: Any, now: datetime) -> str:
    """``YYYYMMDD-NNNNN`` of the day in the city; others wait until the transaction ends."""
    day = now.astimezone(_CITY).date()
    last = await _QUERIES.next_case_number(conn, day=day)
    return f"{day:%Y%m%d}-{last:05d}"


async def _note(conn: Any, case_id: int, step: Step, actor: Actor, now: datetime) -> None:
    await _QUERIES.insert_history(
        conn, case_id=case_id, at=now, actor=actor.login, step=step, note=""
    )
