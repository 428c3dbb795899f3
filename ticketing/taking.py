"""What somebody may do to a case now, judged by the table alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from ticketing.errors import CaseConflictError, CaseInvalidError, StepForbiddenError
from ticketing.lifecycle import TABLE, CaseState, Field, Party, Step, Transition
from ticketing.words import FIELDS, STATES, STEPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a case is; ``extension_asked`` while nobody has decided on an extension."""

    state: CaseState
    extension_asked: bool = False
    separated: bool = False


def allowed(standing: Standing, party: Party) -> dict[Step, Transition]:
    """The steps that ``party`` may take now, in the order of the table."""
    return {
        step: row
        for (state, step), row in TABLE.items()
        if state is standing.state
        and not row.opening
        and _offered(row, standing)
        and party in row.parties
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
    if not _offered(row, standing):
        raise CaseConflictError(f"工单{_hindrance(row, standing)}，不能{STEPS[step]}。{instead}")
    if party not in row.parties:
        raise StepForbiddenError(f"您不能{STEPS[step]}这份工单。{instead}")
    return row


def check_fields(step: Step, row: Transition, given: Mapping[Field, object]) -> None:
    """Raise `CaseInvalidError` for a field that is missing, or that the step does not take."""
    for field in row.required:
        if field not in given:
            raise CaseInvalidError(field, f"{STEPS[step]}必须填写{FIELDS[field]}")
    for field in given:
        if field not in (*row.required, *row.optional):
            raise CaseInvalidError(field, f"{STEPS[step]}不填写{FIELDS[field]}")


def _offered(row: Transition, standing: Standing) -> bool:
    fits = row.extension in (None, standing.extension_asked)
    return fits and row.separated in (None, standing.separated)


def _hindrance(row: Transition, standing: Standing) -> str:
    if row.separated is not None:
        return "已是诉访分离事项" if standing.separated else "不是诉访分离事项"
    return "已有一项延期申请待审批" if standing.extension_asked else "没有待审批的延期申请"


def _instead(standing: Standing, party: Party) -> str:
    steps = "、".join(STEPS[step] for step in allowed(standing, party))
    return f"您现在可以：{steps}" if steps else "您现在不能对它进行任何操作"
