"""Types of fields that several endpoints take."""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from gateway.http.endpoint import Strict
from gateway.masking import holds_number

CALL_ID = r"[A-Za-z0-9][A-Za-z0-9_.-]{2,79}"
AGENT = r"[0-9]{2,10}"
QUEUE = r"^[0-9a-z-]{1,32}$"
SWITCHBOARD = r"^[a-z0-9]{1,16}$"
LINE = r"[0-9]{2,20}"
CASE_NO = r"[0-9]{8}-[0-9]{5,9}"
CODE = r"[A-Za-z0-9-]{1,32}"
ARTICLE_ID = r"[1-9][0-9]{0,17}"


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("时间超出可用范围") from None


def _day(text: object) -> date:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise ValueError("必须是日期，例如 2026-11-23") from None


# No control characters but tab and line ends: PostgreSQL stores no NUL, nobody types the others.
PLAIN = Field(pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")


def _numberless(text: str) -> str:
    if holds_number(text):
        raise ValueError("不能填写电话号码")
    return text


# Words that are kept and shown where numbers are masked.
NUMBERLESS = AfterValidator(_numberless)
Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Agent = Annotated[str, Field(pattern=f"^{AGENT}$")]
Extension = Annotated[str, Field(pattern=r"^[0-9]{2,10}$")]
QueueName = Annotated[str, Field(pattern=QUEUE)]
Code = Annotated[str, Field(pattern=f"^{CODE}$")]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
CallId = Annotated[str, Field(pattern=f"^{CALL_ID}$")]
CaseNo = Annotated[str, Field(pattern=f"^{CASE_NO}$")]
ArticleId = Annotated[int, Field(ge=1, lt=10**18)]
Day = Annotated[date, BeforeValidator(_day)]


class Page(Strict):
    """Which part of a list, newest first: up to ``limit`` entries from before ``before``."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    before: Instant | None = None
