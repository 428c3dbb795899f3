"""Opens, closes and finds cases, on a connection whose transaction belongs to the caller.

What must follow a step besides its history entry (jobs, notices) is for the caller to add to the
same transaction.
"""

from datetime import datetime
from typing import Any

from ticketing import case_store, steps
from ticketing.case import RESULT_MAX, Actor, Case, HistoryEntry, NewCase, check_text
from ticketing.categories import open_category
from ticketing.clocks.working_time import CITY
from ticketing.errors import CaseConflictError, CaseNotFoundError, StepForbiddenError
from ticketing.lifecycle import TABLE, Party, Step
from ticketing.search.words import keep_words
from ticketing.steps import StepRequest
from ticketing.taking import take
from ticketing.visibility import sight


async def open_case(conn: Any, new: NewCase, *, actor: Actor, now: datetime) -> Case:
    """Open a case; close it at once when it carries a result, dispatch it with a department.

    Raises `CaseConflictError` when the call has a case already, the transaction stays usable;
    `FieldInvalidError` for a category or a department that cannot be used; `StepForbiddenError`.
    """
    party = Party(actor.role) if actor.department_id is None else None
    if party not in TABLE[None, Step.REGISTERED].parties:
        raise StepForbiddenError("您不能登记工单")
    category = None if new.category is None else await open_category(conn, new.category)
    case_no = await _next_number(conn, now)
    case_id = await case_store.insert(
        conn,
        new,
        category_id=category.category_id if category else None,
        case_no=case_no,
        opened_by=actor.user_id,
        opened_at=now,
    )
    if case_id is None:
        raise CaseConflictError("该通话已有工单")
    await case_store.note_registered(conn, case_id, matter=new.matter, actor=actor, now=now)
    following = _following(new)
    if following is not None:
        case = (await case_store.lock(conn, [case_no]))[case_no]
        row = take(case.standing, following.step, party, opening=True)
        await steps.apply(conn, case, following, row, actor=actor, now=now)
    await keep_words(conn, case_id)
    return await steps.read(conn, case_id)


async def close_case(
    conn: Any, case_no: str, *, result: str, version: int, actor: Actor, now: datetime
) -> Case:
    """Close a case with its result, unless it is not the `version` that the actor has seen.

    Raises what `steps.take_step` raises; of several who close at once, one wins.
    """
    check_text("result", "办理结果", result, RESULT_MAX)
    wanted = StepRequest(step=Step.CLOSED, version=version, result=result)
    return (await steps.take_step(conn, case_no, wanted, actor=actor, now=now)).case


async def find_case(conn: Any, case_no: str) -> Case:
    """The case with that number; raises `CaseNotFoundError`."""
    found = await case_store.by_number(conn, case_no)
    if found is None:
        raise CaseNotFoundError(f"没有编号为{case_no}的工单")
    return found


async def find_case_by_id(conn: Any, case_id: int) -> Case:
    """The case with that internal id; raises `CaseNotFoundError`."""
    found = await case_store.by_ids(conn, [case_id])
    if not found:
        raise CaseNotFoundError("工单不存在")
    return found[0]


async def case_of_call(conn: Any, call_id: str) -> Case | None:
    """The case that followed from a call, if any."""
    return await case_store.by_call(conn, call_id)


async def cases_for_caller(conn: Any, caller: str, actor: Actor, *, limit: int = 10) -> list[Case]:
    """Cases of a full number that ``actor`` of staff sees, newest first; none for an empty one."""
    return await case_store.by_caller(conn, caller, **sight(actor), limit=limit) if caller else []


async def count_open_cases(conn: Any, caller: str, actor: Actor) -> int:
    """How many cases of a full number have not ended, of those that ``actor`` of staff sees."""
    return await case_store.count_open(conn, caller, **sight(actor))


async def history(conn: Any, case_id: int) -> list[HistoryEntry]:
    """Every step of a case, oldest first."""
    return await case_store.history(conn, case_id)


def _following(new: NewCase) -> StepRequest | None:
    """The step that is taken together with opening the case."""
    if new.result is not None:
        return StepRequest(step=Step.ANSWERED_AT_ONCE, version=1, result=new.result)
    if new.department is not None:
        department, assisting = new.department, new.assisting
        return StepRequest(
            step=Step.DISPATCHED, version=1, department=department, assisting=assisting
        )
    return None


async def _next_number(conn: Any, now: datetime) -> str:
    """``YYYYMMDD-NNNNN`` of the day in the city."""
    day = now.astimezone(CITY).date()
    return f"{day:%Y%m%d}-{await case_store.next_number_of(conn, day):05d}"
