"""The life of a case as a table: which step leads from which state to which."""

from enum import StrEnum

from ticketing.errors import CaseConflictError


class CaseState(StrEnum):
    """Where a case stands."""

    REGISTERED = "registered"  # 已登记
    CLOSED = "closed"  # 已办结


class Step(StrEnum):
    """What was done to a case; each is one entry of its history."""

    REGISTERED = "registered"  # 登记
    ANSWERED_AT_ONCE = "answered_at_once"  # 即时答复
    CLOSED = "closed"  # 办结
    SUPERVISED = "supervised"  # 督办; changes no state


STEPS: dict[tuple[CaseState | None, Step], CaseState] = {
    (None, Step.REGISTERED): CaseState.REGISTERED,
    (CaseState.REGISTERED, Step.ANSWERED_AT_ONCE): CaseState.CLOSED,
    (CaseState.REGISTERED, Step.CLOSED): CaseState.CLOSED,
}
"""New state by (state before, step); `None` is the state before there is a case."""

_REFUSED = {
    CaseState.CLOSED: "工单已办结，不能再次操作",
    CaseState.REGISTERED: "工单已登记，不能再次登记",
    None: "工单尚未登记",
}


def take(state: CaseState | None, step: Step) -> CaseState:
    """The state after `step`; raises `CaseConflictError` when the table does not allow it."""
    try:
        return STEPS[state, step]
    except KeyError:
        raise CaseConflictError(_REFUSED[state]) from None
