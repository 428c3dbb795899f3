"""What a case is: the request to open one, the stored row, an entry of its history."""

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from ticketing.errors import CaseInvalidError
from ticketing.lifecycle import CaseState, Matter, Step
from ticketing.taking import Standing

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


class ActorRole(StrEnum):
    """In which capacity somebody works on cases."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    DEPARTMENT = "department"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who takes a step or looks: a row of `users`; department people have a `department_id`."""

    user_id: int
    login: str
    role: ActorRole
    department_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """A case to be opened.

    `result` given means that the agent answered at once (即时答复): the case is closed with its
    opening. `department` given means that it is dispatched with it, `assisting` helping; these and
    `category` are codes. `caller` is the full number, or empty. `matter` given separates it
    (诉访分离).
    """

    kind: CaseKind
    title: str
    body: str
    call_id: str | None = None
    caller: str = ""
    address: str = ""
    confidential: bool = False
    result: str | None = None
    category: str | None = None
    department: str | None = None
    assisting: tuple[str, ...] = ()
    matter: Matter | None = None

    def __post_init__(self) -> None:
        """Raise `CaseInvalidError` for a text that is missing or too long."""
        check_text("title", "标题", self.title, TITLE_MAX)
        check_text("body", "内容", self.body, BODY_MAX)
        check_text("address", "地址", self.address, ADDRESS_MAX, required=False)
        if self.result is not None:
            check_text("result", "办理结果", self.result, RESULT_MAX)
            if self.department is not None:
                raise CaseInvalidError("department", "即时答复的工单不再派发")
        if self.assisting and self.department is None:
            raise CaseInvalidError("assisting", "没有主办部门，不能指定协办部门")


def check_text(field: str, title: str, text: str, longest: int, *, required: bool = True) -> None:
    """Raise `CaseInvalidError` unless `text` can be stored under `field`."""
    if required and not text.strip():
        raise CaseInvalidError(field, f"{title}不能为空")
    if len(text) > longest:
        raise CaseInvalidError(field, f"{title}不能超过{longest}个字")
    if "\x00" in text:  # PostgreSQL stores every character but this one
        raise CaseInvalidError(field, f"{title}含有无效字符")


@dataclass(frozen=True, slots=True)
class Named:
    """A department or a category as people know it."""

    code: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A stored case.

    `version` grows by one with every step; `opened_by` is the login of who opened it. `lead` is the
    department in charge, `assisting` those that help. `extension_days` is what the lead department
    asks for until somebody decides; `merged_into` the number of the case that it became part of.
    A case with a `matter` is separated (诉访分离).
    """

    case_id: int
    case_no: str
    call_id: str | None
    kind: CaseKind
    title: str
    body: str
    address: str
    confidential: bool
    caller: str
    category: Named | None
    state: CaseState
    lead_id: int | None
    lead: Named | None
    assisting: tuple[Named, ...]
    extension_days: int | None
    merged_into: str | None
    matter: Matter | None
    answered_at_once: bool
    opened_by: str
    opened_at: datetime
    closed_at: datetime | None
    result: str
    version: int

    @property
    def standing(self) -> Standing:
        """As the table of steps looks at it."""
        return Standing(
            state=self.state,
            extension_asked=self.extension_days is not None,
            separated=self.matter is not None,
        )

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `cases_by_ids` in ``sql/cases.sql``."""
        typed: dict[str, Any] = {
            "kind": CaseKind(row["kind"]),
            "state": CaseState(row["state"]),
            "category": named(row["category_code"], row["category_name"]),
            "lead": named(row["lead_code"], row["lead_name"]),
            "merged_into": row["merged_no"],
            "matter": matter_of(row),
            "opened_by": row["opened_by_login"],
            "assisting": tuple(
                Named(*each)
                for each in zip(row["assisting_codes"], row["assisting_names"], strict=True)
            ),
        }
        same = {field.name: row[field.name] for field in fields(cls) if field.name not in typed}
        return cls(**typed, **same)


def matter_of(row: Any) -> Matter | None:
    """The column `matter`."""
    return None if row["matter"] is None else Matter(row["matter"])


def named(code: str | None, name: str | None) -> Named | None:
    """Both of them, or nothing."""
    return None if code is None or name is None else Named(code, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One step of a case: who did what, when and why, from where to where.

    `actor` is a login, `version` the case's after the step. `note` holds the words given with it:
    the reason, the result or the note. `days` were asked for or granted; `other_case` is the number
    of the other case of a merge; `matter` is what it was separated as.
    """

    at: datetime
    actor: str
    step: Step
    note: str
    version: int
    from_state: CaseState | None
    to_state: CaseState
    from_department: Named | None
    to_department: Named | None
    days: int | None
    other_case: str | None
    matter: Matter | None

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `history_of_case`."""
        before = row["from_state"]
        typed: dict[str, Any] = {
            "step": Step(row["step"]),
            "from_state": None if before is None else CaseState(before),
            "to_state": CaseState(row["to_state"]),
            "from_department": named(row["from_code"], row["from_name"]),
            "to_department": named(row["to_code"], row["to_name"]),
            "matter": matter_of(row),
        }
        same = {field.name: row[field.name] for field in fields(cls) if field.name not in typed}
        return cls(**typed, **same)
