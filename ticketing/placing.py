"""Whose business a case is after a step: lead, assisting and responsible departments."""

from dataclasses import dataclass
from typing import Any

from ticketing import case_store
from ticketing.case_store import Locked
from ticketing.departments import named_department, with_all_below
from ticketing.errors import CaseInvalidError
from ticketing.lifecycle import CaseState, Field, Step

_NOBODY: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Ids of departments; ``assisting`` none: they stay. ``called`` are called in by the step."""

    lead_id: int | None
    assisting: tuple[int, ...] | None = None
    responsible_id: int | None = None
    called: tuple[int, ...] = ()


async def placement(
    conn: Any,
    case: Locked,
    step: Step,
    to: CaseState,
    *,
    department: str | None,
    assisting: tuple[str, ...],
) -> Placement:
    """Where a step that the table allows puts a case.

    ``department`` and ``assisting`` are codes; raises `FieldInvalidError` for what cannot be used.
    """
    if to is CaseState.REGISTERED:
        return Placement(lead_id=None)
    if step is Step.TAKEN_BACK:
        return Placement(lead_id=case.responsible_id)
    if step is Step.WHISTLED:
        return await _called_in(conn, case, assisting)
    if department is None:
        return Placement(lead_id=case.lead_id, responsible_id=case.responsible_id)
    lead_id = (await named_department(conn, department, Field.DEPARTMENT)).department_id
    if step is Step.PASSED_DOWN:
        return await _passed_down(conn, case, lead_id)
    others = await _named(conn, assisting)
    if lead_id in others:
        raise CaseInvalidError(Field.ASSISTING, "协办部门不能包括主办部门")
    return Placement(lead_id=lead_id, assisting=others)


async def _called_in(conn: Any, case: Locked, codes: tuple[str, ...]) -> Placement:
    """Those that are called help from then on, like those that help already."""
    called = await _named(conn, codes)
    if case.lead_id in called:
        raise CaseInvalidError(Field.ASSISTING, "协办部门不能包括主办部门")
    if case.responsible_id in called:
        raise CaseInvalidError(Field.ASSISTING, "协办部门不能包括首接负责部门")
    helping = await case_store.assisting_ids(conn, case.case_id)
    together = tuple(dict.fromkeys((*helping, *called)))
    return Placement(
        lead_id=case.lead_id,
        assisting=together,
        responsible_id=case.responsible_id,
        called=called,
    )


async def _passed_down(conn: Any, case: Locked, lead_id: int) -> Placement:
    """Whoever received the case first stays responsible, however far down it goes."""
    below = _NOBODY if case.lead_id is None else await with_all_below(conn, case.lead_id)
    if lead_id == case.lead_id or lead_id not in below:
        raise CaseInvalidError(Field.DEPARTMENT, "只能转派给本部门的下级部门")
    helping = await case_store.assisting_ids(conn, case.case_id)
    return Placement(
        lead_id=lead_id,
        assisting=tuple(each for each in helping if each != lead_id),
        responsible_id=case.responsible_id or case.lead_id,
    )


async def _named(conn: Any, codes: tuple[str, ...]) -> tuple[int, ...]:
    found = [await named_department(conn, code, Field.ASSISTING) for code in codes]
    return tuple(dict.fromkeys(each.department_id for each in found))
