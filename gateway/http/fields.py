"""Types of fields that several endpoints take."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from gateway.http.endpoint import Strict

CALL_ID = r"[A-Za-z0-9][A-Za-z0-9_.-]{2,79}"
CASE_NO = r"[0-9]{8}-[0-9]{5,9}"


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("含有不能保存的字符")
    return text


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("时间超出可用范围") from None


STORABLE = AfterValidator(_storable)
Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
CallId = Annotated[str, Field(pattern=f"^{CALL_ID}$")]


class Page(Strict):
    """Which part of a list, newest first: up to ``limit`` entries from before ``before``."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    before: Instant | None = None
