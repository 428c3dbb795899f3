"""Takes the steps of a case (C4), on a connection whose transaction belongs to the caller.

Each is written together with its history entry; what else must follow (`Taken.row.triggers`) is for
the caller to add to the same transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ticketing import case_store, joint
from ticketing.case import RESULT_MAX, Actor, Case, check_text
from ticketing.case_store import Change, Locked
from ticketing.categories import open_category
from ticketing.errors import CaseConflictError, CaseInvalidError, CaseNotFoundError
from ticketing.lifecycle import ENDED, ONGOING, Field, Matter, Party, Step, Transition
from ticketing.placing import placement
from ticketing.search.words import keep_words
from ticketing.taking import check_fields, take
from ticketing.visibility import party_of
from ticketing.words import FIELDS, STATES

REASON_MAX = 1000
DAYS_MAX = 365
HOURS_MAX = 240
JOINT_DAYS_MAX = 60
ASSISTING_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRequest:
    """A step to be taken on the ``version`` that the actor has seen; departments are codes."""

    step: Step
    version: int
    reason: str | None = None
    result: str | None = None
    note: str | None = None
    department: str | None = None
    assisting: tuple[str, ...] = ()
    category: str | None = None
    target: str | None = None
    days: int | None = None
    hours: int | None = None
    contribution: str | None = None
    matter: Matter | None = None

    @property
    def given(self) -> Mapping[Field, Any]:
        """The fields that were filled in."""
        values = {field: getattr(self, field) for field in Field}
        return {field: value for field, value in values.items() if value not in (None, (), "")}

    @property
    def words(self) -> str:
        """What is kept of it in the history."""
        return self.reason or self.result or self.note or self.contribution or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A step that was taken; ``target`` is the case that another was merged into."""

    case: Case
    step: Step
    row: Transition
    target: Case | None = None


async def take_step(
    conn: Any, case_no: str, wanted: StepRequest, *, actor: Actor, now: datetime
) -> Taken:
    """Take a step of a case.

    Raises `CaseNotFoundError`, `CaseConflictError` (changed meanwhile, or not in the table now),
    `StepForbiddenError` or `FieldInvalidError`; of several who act at once, one wins.
    """
    numbers = {case_no} if wanted.target is None else {case_no, wanted.target}
    locked = await case_store.lock(conn, sorted(numbers))
    case = locked.get(case_no)
    party = None if case is None else await _party(conn, case, actor)
    if case is None or party is None:
        raise CaseNotFoundError(f"没有编号为{case_no}的工单，或您无权查看")
    if case.version != wanted.version:
        raise CaseConflictError("工单已被他人修改，请刷新后重试")
    standing = await joint.standing_for(conn, case.case_id, case.standing, actor)
    row = take(standing, wanted.step, party)
    check_fields(wanted.step, row, wanted.given)
    _check_values(wanted)
    target = None
    if wanted.target is not None:
        target = await _target(conn, locked, case, wanted.target, actor)
    await apply(conn, case, wanted, row, actor=actor, now=now, target=target)
    if wanted.result is not None or wanted.category is not None:
        await keep_words(conn, case.case_id)
    if target is not None:
        await _note_merged(conn, case, target, actor=actor, now=now)
    return Taken(
        case=await read(conn, case.case_id),
        step=wanted.step,
        row=row,
        target=None if target is None else await read(conn, target.case_id),
    )


async def apply(
    conn: Any,
    case: Locked,
    wanted: StepRequest,
    row: Transition,
    *,
    actor: Actor,
    now: datetime,
    target: Locked | None = None,
) -> None:
    """Write a step that the table allows; raises `FieldInvalidError` for an unknown code."""
    places = await placement(
        conn, case, wanted.step, row.to, department=wanted.department, assisting=wanted.assisting
    )
    category_id = None
    if wanted.category is not None:
        category_id = (await open_category(conn, wanted.category)).category_id
    change = Change(
        step=wanted.step,
        state=row.to,
        lead_id=places.lead_id,
        assisting=places.assisting,
        responsible_id=places.responsible_id,
        category_id=category_id,
        extension_days=_extension(case, wanted, row),
        merged_into=target.case_id if target else None,
        result=wanted.result,
        matter=_matter(case, wanted),
        note=wanted.words,
        days=wanted.days,
        other_case=target.case_id if target else None,
    )
    await case_store.save(conn, case, change, actor=actor, now=now)
    await joint.follow_step(
        conn,
        case,
        wanted.step,
        row.to,
        called=places.called,
        hours=wanted.hours,
        days=wanted.days,
        contribution=wanted.contribution,
        actor=actor,
        now=now,
    )


async def read(conn: Any, case_id: int) -> Case:
    """A case that is known to be there."""
    (case,) = await case_store.by_ids(conn, [case_id])
    return case


async def _party(conn: Any, case: Locked, actor: Actor) -> Party | None:
    return await party_of(
        conn,
        actor,
        case_id=case.case_id,
        opened_by_actor=case.opened_by == actor.user_id,
        confidential=case.confidential,
    )


def _check_values(wanted: StepRequest) -> None:
    if wanted.step is Step.WHISTLED and (wanted.days or 0) > JOINT_DAYS_MAX:
        raise CaseInvalidError(Field.DAYS, f"联办时限最长{JOINT_DAYS_MAX}个工作日")
    limits = {
        Field.REASON: REASON_MAX,
        Field.RESULT: RESULT_MAX,
        Field.NOTE: REASON_MAX,
        Field.CONTRIBUTION: RESULT_MAX,
    }
    for field, longest in limits.items():
        if field in wanted.given:
            check_text(field, FIELDS[field], wanted.given[field], longest)


def _extension(case: Locked, wanted: StepRequest, row: Transition) -> int | None:
    """Days that are asked for and not decided on after the step."""
    if wanted.step is Step.EXTENSION_ASKED:
        return wanted.days
    decided = wanted.step in (Step.EXTENSION_GRANTED, Step.EXTENSION_REFUSED)
    return case.extension_days if row.to in ONGOING and not decided else None


def _matter(case: Locked, wanted: StepRequest) -> Matter | None:
    """What the case is separated as after the step."""
    return None if wanted.step is Step.REJOINED else wanted.matter or case.matter


async def _target(
    conn: Any, locked: Mapping[str, Locked], case: Locked, target_no: str, actor: Actor
) -> Locked:
    """The case that ``case`` becomes part of. One that ended takes none, so there is no circle."""
    target = locked.get(target_no)
    if target is None or await _party(conn, target, actor) is None:
        raise CaseInvalidError(Field.TARGET, f"没有编号为{target_no}的工单，或您无权查看")
    if target.case_id == case.case_id:
        raise CaseInvalidError(Field.TARGET, "工单不能并入它自己")
    if target.state in ENDED:
        raise CaseInvalidError(Field.TARGET, f"目标工单{STATES[target.state]}，不能再并入工单")
    return target


async def _note_merged(
    conn: Any, case: Locked, target: Locked, *, actor: Actor, now: datetime
) -> None:
    change = Change(
        step=Step.NOTED,
        state=target.state,
        lead_id=target.lead_id,
        responsible_id=target.responsible_id,
        extension_days=target.extension_days,
        matter=target.matter,
        note=f"工单{case.case_no}并入本工单",
        other_case=case.case_id,
    )
    await case_store.save(conn, target, change, actor=actor, now=now)
