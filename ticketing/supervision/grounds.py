"""Why a case is on a supervision list: one literal table, judged on what is known of the case."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from ticketing.lifecycle import ENDED, CaseState

RETURNS = 2  # from how many requests to be rid of a case on it is returned repeatedly
_PRESSING = ("critical", "urgent")


class Ground(StrEnum):
    """A reason to be on a list."""

    OVERDUE = "overdue"  # 超期
    URGENT_UNSIGNED = "urgent_unsigned"  # 紧急未签收
    DISSATISFIED = "dissatisfied"  # 不满意
    RETURNED_REPEATEDLY = "returned_repeatedly"  # 多次退单
    REHANDLED = "rehandled"  # 重办
    SUPERVISED = "supervised"  # 督办中
    JOINT_LATE = "joint_late"  # 联办迟滞
    EXTENSION_ASKED = "extension_asked"  # 申请延期
    DUE_SOON = "due_soon"  # 临期


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Ids of cases of which something is known that their own rows do not say."""

    dissatisfied: frozenset[int] = frozenset()
    joint_late: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the table looks at, of one case at one moment.

    ``red``, ``yellow``: one of its clocks that count is; ``unsigned``: its signing clock runs.
    ``returns``, ``rehandled``, ``supervised`` count such steps in its whole history.
    ``joint_late``: a department that was called in has not reported in time, or the joint deadline
    is over. ``dissatisfied``: the citizen said so since the last list.
    """

    case_id: int
    version: int
    state: CaseState
    department_id: int | None
    deadline: datetime | None
    red: bool
    yellow: bool
    unsigned: bool
    urgency: str | None
    extension_asked: bool
    returns: int
    rehandled: int
    supervised: int
    joint_late: bool
    dissatisfied: bool

    @property
    def open(self) -> bool:
        """Whether there is something left to do."""
        return self.state not in ENDED

    @classmethod
    def from_row(cls, row: Any, outside: Outside) -> Self:
        """Take a row of `facts`."""
        case_id = row["case_id"]
        known: dict[str, Any] = {
            "state": CaseState(row["state"]),
            "dissatisfied": case_id in outside.dissatisfied,
            "joint_late": case_id in outside.joint_late,
        }
        same = {field.name: row[field.name] for field in fields(cls) if field.name not in known}
        return cls(**same, **known)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table: the word of a ground, the sentence that explains it, when it holds."""

    word: str
    sentence: str
    holds: Callable[[Facts], bool]


RULES: dict[Ground, Rule] = {
    Ground.OVERDUE: Rule("超期", "签收或办结时限已过", lambda it: it.open and it.red),
    Ground.URGENT_UNSIGNED: Rule(
        "紧急未签收",
        "特急、紧急工单尚未签收",
        lambda it: it.open and it.unsigned and it.urgency in _PRESSING,
    ),
    Ground.DISSATISFIED: Rule(
        "不满意", "上一份清单之后市民评价不满意或未解决", lambda it: it.dissatisfied
    ),
    Ground.RETURNED_REPEATEDLY: Rule(
        "多次退单", f"申请退单 {RETURNS} 次及以上", lambda it: it.open and it.returns >= RETURNS
    ),
    Ground.REHANDLED: Rule("重办", "办结后重新办理", lambda it: it.open and it.rehandled > 0),
    Ground.SUPERVISED: Rule("督办中", "已督办，尚未办结", lambda it: it.open and it.supervised > 0),
    Ground.JOINT_LATE: Rule(
        "联办迟滞", "联办部门逾期未报到，或联办时限已过", lambda it: it.open and it.joint_late
    ),
    Ground.EXTENSION_ASKED: Rule(
        "申请延期", "延期申请待审批", lambda it: it.open and it.extension_asked
    ),
    Ground.DUE_SOON: Rule(
        "临期", "时限将至（黄灯）", lambda it: it.open and it.yellow and not it.red
    ),
}
"""The gravest first; a list is in this order."""

RANK = {ground: rank for rank, ground in enumerate(RULES)}


def grounds_of(facts: Facts) -> tuple[Ground, ...]:
    """Why a case is on the list, the gravest ground first; none: it is not."""
    return tuple(ground for ground, rule in RULES.items() if rule.holds(facts))
