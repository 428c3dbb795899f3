"""What somebody may do to a case now, judged by the table alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from ticketing.errors import CaseConflictError, CaseInvalidError, StepForbiddenError
from ticketing.lifecycle import TABLE, Call, CaseState, Field, Party, Step, Transition
from ticketing.words import FIELDS, STATES, STEPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a case is; ``extension_asked`` while nobody has decided on an extension.

    ``joint`` while it is handled jointly, ``street`` when a street is in charge of it; ``call`` is
    how far the department of whoever asks is, if it was called in.
    """

    state: CaseState
    extension_asked: bool = False
    separated: bool = False
    joint: bool = False
    street: bool = False
    call: Call | None = None


def allowed(standing: Standing, party: Party) -> dict[Step, Transition]:
    """The steps that ``party`` may take now, in the order of the table."""
    return {
        step: row
        for (state, step), row in TABLE.items()
        if state is standing.state
        and not row.opening
        and _hindrance(row, standing) is None
        and party in row.parties
        and row.call in (None, standing.call)
    }


def take(standing: Standing, step: Step, party: Party, *, opening: bool = False) -> Transition:
    """The row of ``step``; ``opening`` while the case is being opened.

    Raises `CaseConflictError` for a step that the table does not have now, and `StepForbiddenError`
    for one that somebody else may take; both say what ``party`` may do instead.
    """
    row = TABLE.get((standing.state, step))
    instead = _instead(standing, party)
    if row is None or (row.opening and not opening):
        raise CaseConflictError(f"工单{STATES[standing.state]}，不能{STEPS[step]}。{instead}")
    hindrance = _hindrance(row, standing)
    if hindrance is not None:
        raise CaseConflictError(f"{hindrance}，不能{STEPS[step]}。{instead}")
    if party not in row.parties:
        raise StepForbiddenError(f"您不能{STEPS[step]}这份工单。{instead}")
    if row.call not in (None, standing.call):
        raise CaseConflictError(f"{_CALLS[standing.call]}，不能{STEPS[step]}。{instead}")
    return row


def check_fields(step: Step, row: Transition, given: Mapping[Field, object]) -> None:
    """Raise `CaseInvalidError` for a field that is missing, or that the step does not take."""
    for field in row.required:
        if field not in given:
            raise CaseInvalidError(field, f"{STEPS[step]}必须填写{FIELDS[field]}")
    for field in given:
        if field not in (*row.required, *row.optional):
            raise CaseInvalidError(field, f"{STEPS[step]}不填写{FIELDS[field]}")


_CALLS: Mapping[Call | None, str] = {
    None: "您的部门未被吹哨召集",
    Call.CALLED: "您的部门尚未报到",
    Call.REPORTED: "您的部门已报到",
    Call.CONTRIBUTED: "您的部门已提交协办结果",
}


def _hindrance(row: Transition, standing: Standing) -> str | None:
    """What of the case itself, whoever asks, is not as the row wants it."""
    if row.extension not in (None, standing.extension_asked):
        asked = standing.extension_asked
        return "工单已有一项延期申请待审批" if asked else "工单没有待审批的延期申请"
    if row.separated not in (None, standing.separated):
        return "工单已是诉访分离事项" if standing.separated else "工单不是诉访分离事项"
    if row.street and not standing.street:
        return "工单的主办部门不是街道（镇）"
    if row.joint not in (None, standing.joint):
        return "工单正在联合办理" if standing.joint else "工单没有进行中的联合办理"
    return None


def _instead(standing: Standing, party: Party) -> str:
    steps = "、".join(STEPS[step] for step in allowed(standing, party))
    return f"您现在可以：{steps}" if steps else "您现在不能对它进行任何操作"
