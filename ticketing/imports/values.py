"""What the cells of a sheet mean; whatever cannot be is a sentence about its column.

What stood in a cell is never said again: in a sheet whose columns are mixed up it may be anything,
a citizen's number too.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeVar
from zoneinfo import ZoneInfo

from ticketing.clocks.working_time import CITY
from ticketing.errors import FieldInvalidError
from ticketing.numbers import written_number

OLDEST = datetime(1980, 1, 1, tzinfo=UTC)

_CODE = re.compile(r"[A-Za-z0-9-]{1,32}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LINE_END = re.compile(r"[\t\n\r]")
_TIME = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[ T]+(\d{1,2})[:：](\d{2})(?:[:：](\d{2})(?:\.\d+)?)?)?"
    r" ?(Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)

Value = TypeVar("Value")
Cells = Mapping[str, str]


def text(
    cells: Cells, field: str, longest: int, *, required: bool = False, lines: bool = True
) -> str:
    """A text of up to ``longest`` characters, on one line unless ``lines``; empty without one."""
    found = cells.get(field, "").strip()
    if required and not found:
        raise FieldInvalidError(field, "必须填写")
    if len(found) > longest:
        raise FieldInvalidError(field, f"最多{longest}个字，这里有{len(found)}个")
    if _CONTROL.search(found) or (not lines and _LINE_END.search(found)):
        raise FieldInvalidError(field, "含有不允许的字符")
    return found


def code(cells: Cells, field: str, *, required: bool = False) -> str | None:
    """The code of a department or a category."""
    found = cells.get(field, "").strip()
    if not found:
        if required:
            raise FieldInvalidError(field, "必须填写")
        return None
    if not _CODE.fullmatch(found):
        raise FieldInvalidError(field, "代码只能是1至32位字母、数字和连字符")
    return found


def word(
    cells: Cells, field: str, meanings: Mapping[str, Value], default: Value | None = None
) -> Value:
    """One of several words; ``default`` where nothing is given."""
    found = cells.get(field, "").strip()
    if found in meanings:
        return meanings[found]
    if not found and default is not None:
        return default
    if not found:
        raise FieldInvalidError(field, "必须填写")
    known = "、".join(each for each in meanings if not each.isascii())
    raise FieldInvalidError(field, f"只能是{known}之一")


def number(cells: Cells, field: str) -> str:
    """A telephone number without what people put between its digits; empty when not given."""
    given = cells.get(field, "")
    found = written_number(given)
    if found is None and given.strip():
        raise FieldInvalidError(field, "号码只能是3至20位数字，可以+开头")
    return found or ""


def instant(cells: Cells, field: str, now: datetime) -> datetime | None:
    """A time of the city unless it says its zone; not in the future, not before 1980."""
    found = cells.get(field, "").strip()
    if not found:
        return None
    matched = _TIME.fullmatch(found)
    if matched is None:
        raise FieldInvalidError(field, "时间写作 2019-05-06 09:30（年-月-日 时:分）")
    *parts, zone = matched.groups()
    year, month, day, hour, minute, second = (int(part or 0) for part in parts)
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=_zone(zone))
        at = local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise FieldInvalidError(field, "没有这一天或这个时刻") from None
    if at < OLDEST:
        raise FieldInvalidError(field, "早于1980年")
    if at > now:
        raise FieldInvalidError(field, "在将来")
    return at


def _zone(written: str | None) -> ZoneInfo | timezone:
    if written is None:
        return CITY
    if written == "Z":
        return UTC
    sign = -1 if written.startswith("-") else 1
    hours, minutes = int(written[1:3]), int(written[-2:])
    return timezone(sign * timedelta(hours=hours, minutes=minutes))


class Reading:
    """Reads the cells of one row and keeps a problem for each that cannot be."""

    def __init__(self) -> None:
        self.problems: list[tuple[str, str]] = []

    def take(self, read: Callable[[], Value]) -> Value | None:
        """What ``read`` finds, or nothing when that is a problem."""
        try:
            return read()
        except FieldInvalidError as error:
            self.problems.append((error.field, str(error)))
            return None

    def complain(self, field: str, sentence: str) -> None:
        """Add a problem."""
        self.problems.append((field, sentence))
