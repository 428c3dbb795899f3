"""One row of a sheet → what it means, and everything that is wrong with it by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from ticketing.case import ADDRESS_MAX, BODY_MAX, RESULT_MAX, TITLE_MAX, CaseKind
from ticketing.clocks.rules import Urgency
from ticketing.departments import Level
from ticketing.imports.columns import Sheet
from ticketing.imports.values import Cells, Reading, code, instant, number, text, word
from ticketing.lifecycle import CaseState
from ticketing.words import STATES

NAME_MAX = 64
REFERENCE_MAX = 64
SOURCE_MAX = 32

_LEVELS = {level.word: level.word for level in Level}
_ACTIVE = {"启用": True, "停用": False}
_CLOSED = {"开放": False, "关闭": True}
_YES_NO = {"是": True, "否": False}
KINDS = {
    "咨询": CaseKind.CONSULTATION,
    "求助": CaseKind.HELP,
    "投诉": CaseKind.COMPLAINT,
    "举报": CaseKind.REPORT,
    "建议": CaseKind.SUGGESTION,
    "表扬": CaseKind.PRAISE,
}
URGENCIES = {
    "特急": Urgency.CRITICAL,
    "紧急": Urgency.URGENT,
    "一般": Urgency.ORDINARY,
    "疑难": Urgency.COMPLEX,
}
_IN_HANDS = (CaseState.DISPATCHED, CaseState.ACCEPTED, CaseState.HANDLING)
# The others are the middle of something: a reply or a return to be reviewed, a case to merge into.
IMPORTED_STATES = {
    STATES[state]: state
    for state in (CaseState.REGISTERED, *_IN_HANDS, CaseState.CLOSED, CaseState.WITHDRAWN)
}


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why a row cannot be imported: in which line, at which column, in a sentence."""

    line: int
    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class RowRead:
    """What a row means, as JSON, as far as that can be told; pairs of column and sentence."""

    fields: Mapping[str, Any]
    problems: tuple[tuple[str, str], ...]


def read_row(sheet: Sheet, cells: Cells, now: datetime) -> RowRead:
    """Read a row; ``cells`` are its texts by name of column."""
    reading = Reading()
    match sheet:
        case Sheet.DEPARTMENTS:
            fields = _department(reading, cells)
        case Sheet.CATEGORIES:
            fields = _category(reading, cells)
        case Sheet.CASES:
            fields = _case(reading, cells, now)
    return RowRead(fields, tuple(reading.problems))


def _department(reading: Reading, cells: Cells) -> dict[str, Any]:
    take = reading.take
    return {
        "code": take(partial(code, cells, "code", required=True)),
        "name": take(partial(text, cells, "name", NAME_MAX, required=True, lines=False)),
        "level": take(partial(word, cells, "level", _LEVELS)),
        "parent": take(partial(code, cells, "parent")),
        "active": take(partial(word, cells, "active", _ACTIVE, default=True)),
    }


def _category(reading: Reading, cells: Cells) -> dict[str, Any]:
    take = reading.take
    return {
        "code": take(partial(code, cells, "code", required=True)),
        "name": take(partial(text, cells, "name", NAME_MAX, required=True, lines=False)),
        "parent": take(partial(code, cells, "parent")),
        "department": take(partial(code, cells, "department")),
        "closed": take(partial(word, cells, "closed", _CLOSED, default=False)),
    }


def _case(reading: Reading, cells: Cells, now: datetime) -> dict[str, Any]:
    take = reading.take
    state = take(partial(word, cells, "state", IMPORTED_STATES))
    times = {
        name: take(partial(instant, cells, name, now))
        for name in ("opened_at", "closed_at", "dispatched_at")
    }
    department = take(partial(code, cells, "department"))
    _agree(reading, cells, state, times)
    texts = {
        "reference": partial(text, longest=REFERENCE_MAX, required=True, lines=False),
        "title": partial(text, longest=TITLE_MAX, required=True),
        "body": partial(text, longest=BODY_MAX, required=True),
        "address": partial(text, longest=ADDRESS_MAX),
        "result": partial(text, longest=RESULT_MAX),
        "source": partial(text, longest=SOURCE_MAX, lines=False),
    }
    return {
        **{name: take(partial(read, cells, name)) for name, read in texts.items()},
        **{name: at.isoformat() if at else None for name, at in times.items()},
        "kind": take(partial(word, cells, "kind", KINDS)),
        "state": state,
        "category": take(partial(code, cells, "category")),
        "department": department,
        "caller": take(partial(number, cells, "caller")),
        "urgency": take(partial(word, cells, "urgency", URGENCIES, default=Urgency.ORDINARY)),
        "confidential": take(partial(word, cells, "confidential", _YES_NO, default=False)),
    }


def _agree(
    reading: Reading,
    cells: Cells,
    state: CaseState | None,
    times: Mapping[str, datetime | None],
) -> None:
    """What the columns of a case must be to each other."""
    opened_at = times["opened_at"]
    if not cells.get("opened_at", "").strip():
        reading.complain("opened_at", "必须填写")
    for name, word_of in (("closed_at", "办结时间"), ("dispatched_at", "派发时间")):
        at = times[name]
        if at is not None and opened_at is not None and at < opened_at:
            reading.complain(name, f"{word_of}早于登记时间")
    if state is None:
        return
    has_closing = bool(cells.get("closed_at", "").strip())
    has_department = bool(cells.get("department", "").strip())
    if state is CaseState.CLOSED and not has_closing:
        reading.complain("closed_at", "已办结的工单必须填写办结时间")
    if state is not CaseState.CLOSED and has_closing:
        reading.complain("closed_at", f"{STATES[state]}的工单没有办结时间")
    if state in _IN_HANDS and not has_department:
        reading.complain("department", f"{STATES[state]}的工单必须填写主办部门")
    if state is CaseState.REGISTERED and has_department:
        reading.complain("department", "已登记而未派发的工单没有主办部门")
