"""Campaigns of people's suggestions (人民建议征集, C11): title, days, counts."""

from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Self

import aiosql

from ticketing.case import Actor, check_text
from ticketing.clocks.working_time import CITY
from ticketing.errors import ConflictError, FieldInvalidError, NotFoundError
from ticketing.visibility import sight

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "campaigns.sql", "asyncpg")
TITLE_MAX = 100
TOPIC_MAX = 2000
LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a campaign is: both days are days of the city, and included."""

    title: str
    topic: str
    first_day: date
    last_day: date

    def __post_init__(self) -> None:
        """Raise `FieldInvalidError`."""
        check_text("title", "主题", self.title, TITLE_MAX)
        check_text("topic", "说明", self.topic, TOPIC_MAX, required=False)
        if self.last_day < self.first_day:
            raise FieldInvalidError("last_day", "结束日期不能早于开始日期")
        if self.last_day - self.first_day >= LONGEST:
            raise FieldInvalidError("last_day", "征集期最长一年")
        if not 2000 <= self.first_day.year <= self.last_day.year <= 2200:
            raise FieldInvalidError("first_day", "日期超出可用范围")

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """When it begins and ends."""
        end = self.last_day + timedelta(days=1)
        return datetime.combine(self.first_day, time(), CITY), datetime.combine(end, time(), CITY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign and the counts of its suggestions, of those that whoever asks may see.

    ``handled`` are the valid ones on whose adoption somebody has decided.
    """

    campaign_id: int
    terms: Terms
    version: int
    suggestions: int
    screened: int
    valid: int
    handled: int
    adopted: int

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `campaigns`."""
        same = {field.name: row[field.name] for field in fields(cls) if field.name != "terms"}
        return cls(terms=_terms(row), **same)


def _terms(row: Any) -> Terms:
    return Terms(**{field.name: row[field.name] for field in fields(Terms)})


async def list_campaigns(conn: Any, actor: Actor) -> list[Campaign]:
    """All campaigns, the newest first."""
    rows = _QUERIES.campaigns(conn, campaign=None, **sight(actor))
    return [Campaign.from_row(row) async for row in rows]


async def find_campaign(conn: Any, campaign_id: int, actor: Actor) -> Campaign:
    """One campaign; raises `NotFoundError`."""
    rows = _QUERIES.campaigns(conn, campaign=campaign_id, **sight(actor))
    found = [Campaign.from_row(row) async for row in rows]
    if not found:
        raise NotFoundError("没有这项征集活动")
    return found[0]


async def begun_in(conn: Any, year: int) -> int:
    """How many campaigns began in a year."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    return int(await _QUERIES.begun_in_year(conn, first_day=first, last_day=last))


async def create_campaign(conn: Any, terms: Terms, actor: Actor) -> Campaign:
    """Begin a campaign; raises `FieldInvalidError` for a title that is taken."""
    campaign_id = await _QUERIES.insert_campaign(conn, **_columns(terms))
    if campaign_id is None:
        raise FieldInvalidError("title", f"已有主题为“{terms.title}”的征集活动")
    return await find_campaign(conn, campaign_id, actor)


async def change_campaign(
    conn: Any, campaign_id: int, terms: Terms, *, version: int, actor: Actor
) -> tuple[Terms, Campaign]:
    """Change a campaign, unless it is not the ``version`` that was seen; its terms before.

    Raises `NotFoundError`, `ConflictError` or `FieldInvalidError`.
    """
    row = await _QUERIES.lock_campaign(conn, campaign_id=campaign_id)
    if row is None:
        raise NotFoundError("没有这项征集活动")
    if row["version"] != version:
        raise ConflictError("征集活动已被他人修改，请刷新后重试")
    if await _QUERIES.title_is_taken(conn, title=terms.title, campaign_id=campaign_id):
        raise FieldInvalidError("title", f"已有主题为“{terms.title}”的征集活动")
    start, until = terms.bounds
    if await _QUERIES.has_outside(conn, campaign_id=campaign_id, start=start, until=until):
        raise ConflictError("已有建议登记在这段日期之外，不能这样修改征集期")
    await _QUERIES.update_campaign(conn, campaign_id=campaign_id, **_columns(terms))
    return _terms(row), await find_campaign(conn, campaign_id, actor)


def _columns(terms: Terms) -> dict[str, Any]:
    return {field.name: getattr(terms, field.name) for field in fields(Terms)}
