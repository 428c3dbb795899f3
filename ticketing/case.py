"""What a case is: the request to open one, the stored row, an entry of its history."""

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from ticketing.errors import CaseInvalidError
from ticketing.lifecycle import CaseState, Step

TITLE_MAX = 100
BODY_MAX = 4000
ADDRESS_MAX = 200
RESULT_MAX = 4000


class CaseKind(StrEnum):
    """Type of a case (诉求类型)."""

    CONSULTATION = "consultation"  # 咨询
    HELP = "help"  # 求助
    COMPLAINT = "complaint"  # 投诉
    REPORT = "report"  # 举报
    SUGGESTION = "suggestion"  # 建议
    PRAISE = "praise"  # 表扬


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who takes a step: a row of `users`."""

    user_id: int
    login: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """A case to be opened.

    `result` given means that the agent answered at once (即时答复): the case is opened and closed
    in one step. `caller` is the full number, or empty.
    """

    kind: CaseKind
    title: str
    body: str
    call_id: str | None = None
    caller: str = ""
    address: str = ""
    confidential: bool = False
    result: str | None = None

    def __post_init__(self) -> None:
        """Raise `CaseInvalidError` for a text that is missing or too long."""
        check_text("title", "标题", self.title, TITLE_MAX)
        check_text("body", "内容", self.body, BODY_MAX)
        check_text("address", "地址", self.address, ADDRESS_MAX, required=False)
        if self.result is not None:
            check_text("result", "办理结果", self.result, RESULT_MAX)


def check_text(field: str, title: str, text: str, longest: int, *, required: bool = True) -> None:
    """Raise `CaseInvalidError` unless `text` can be stored under `field`."""
    if required and not text.strip():
        raise CaseInvalidError(field, f"{title}不能为空")
    if len(text) > longest:
        raise CaseInvalidError(field, f"{title}不能超过{longest}个字")
    if "\x00" in text:  # PostgreSQL stores every character but this one
        raise CaseInvalidError(field, f"{title}含有无效字符")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A stored case. `version` grows with every step; `opened_by` is the login of who opened it."""

    case_id: int
    case_no: str
    call_id: str | None
    kind: CaseKind
    title: str
    body: str
    address: str
    confidential: bool
    caller: str
    state: CaseState
    answered_at_once: bool
    opened_by: str
    opened_at: datetime
    closed_at: datetime | None
    result: str
    version: int

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of the queries in ``sql/cases.sql``."""
        typed = {
            "kind": CaseKind(row["kind"]),
            "state": CaseState(row["state"]),
            "opened_by": row["opened_by_login"],
        }
        same = {field.name: row[field.name] for field in fields(cls) if field.name not in typed}
        return cls(**typed, **same)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One step of a case: who did what, when, and why. `actor` is a login."""

    at: datetime
    actor: str
    step: Step
    note: str

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `history_of_case`."""
        return cls(at=row["at"], actor=row["actor"], step=Step(row["step"]), note=row["note"])
