"""The words of notices, which administrators change within limits."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import aiosql

from gateway.errors import GatewayError
from gateway.masking import holds_number

_SQL: Any = aiosql.from_path(Path(__file__).parent / "sql" / "templates.sql", "asyncpg")

# Together not more than three parts of an SMS, of 67 characters each.
TEXT_MAX, HINT_MAX = 120, 80
CASE_NO, ENQUIRY = "{case_no}", "{enquiry}"
_FILLED = re.compile(r"\{(?:case_no|enquiry)\}")
_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)


class TemplateKind(StrEnum):
    """Of which notice the words are, or of the hint in them."""

    ACCEPTED = "accepted"
    CLOSED = "closed"
    ENQUIRY = "enquiry"


class TemplateRefusedError(GatewayError):
    """Words that cannot be those of a notice; the message says why, in Chinese."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeTemplate:
    """Words of a notice; one that is not ``active`` is not written."""

    kind: TemplateKind
    text: str
    active: bool
    changed_at: datetime | None

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `all_templates`."""
        return cls(
            kind=TemplateKind(row["kind"]),
            text=row["text"],
            active=row["active"],
            changed_at=row["changed_at"],
        )


def check_template(kind: TemplateKind, text: str, *, active: bool) -> None:
    """Raise `TemplateRefusedError` unless ``text`` says what every notice says, and no more.

    The number of the case and the hint stand in it once each; the hint itself holds neither. An SMS
    with a link looks like fraud, and a telephone number in it may be a person's.
    """
    hint = kind is TemplateKind.ENQUIRY
    longest = HINT_MAX if hint else TEXT_MAX
    if not 0 < len(text) <= longest:
        raise TemplateRefusedError(f"内容须为 1 至 {longest} 个字")
    if hint and not active:
        raise TemplateRefusedError("查询提示是其他短信的一部分，不能停用")
    for field in (CASE_NO, ENQUIRY):
        if text.count(field) != (not hint):
            where = "不能含有" if hint else "须含有且只含一个"
            raise TemplateRefusedError(f"内容{where} {field}")
    words = _FILLED.sub("", text)
    if "{" in words or "}" in words:
        raise TemplateRefusedError(f"花括号只能用于 {CASE_NO} 和 {ENQUIRY}")
    if not words.isprintable():
        raise TemplateRefusedError("内容须为一行文字，不含换行和控制字符")
    if _LINK.search(words):
        raise TemplateRefusedError("内容不能含有网址链接")
    if holds_number(words):
        raise TemplateRefusedError("不能填写电话号码")


async def all_templates(conn: Any) -> list[NoticeTemplate]:
    """Every template, by kind."""
    return [NoticeTemplate.from_row(row) async for row in _SQL.all_templates(conn)]


async def change_template(
    conn: Any, kind: TemplateKind, text: str, *, active: bool, at: datetime
) -> tuple[NoticeTemplate, NoticeTemplate]:
    """Change a template, in a transaction: as it was, as it is. Notices written already stay.

    Raises `TemplateRefusedError`.
    """
    check_template(kind, text, active=active)
    before = NoticeTemplate.from_row(await _SQL.lock_template(conn, kind=kind))
    if (before.text, before.active) == (text, active):
        return before, before
    row = await _SQL.change_template(conn, kind=kind, text=text, active=active, at=at)
    return before, NoticeTemplate.from_row(row)
