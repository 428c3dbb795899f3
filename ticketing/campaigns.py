"""Campaigns of people's suggestions (人民建议征集, C11): their cases, screening, adoption."""

from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import aiosql

from ticketing import case_store
from ticketing.case import Actor, ActorRole, Case, CaseKind, Named, check_text, named
from ticketing.clocks.working_time import CITY
from ticketing.departments import named_department
from ticketing.errors import ConflictError, FieldInvalidError, NotFoundError
from ticketing.lifecycle import CaseState

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "campaigns.sql", "asyncpg")
TITLE_MAX = 100
TOPIC_MAX = 2000
BECAUSE_MAX = 1000
LONGEST = timedelta(days=366)
_STALE = "已被他人修改，请刷新后重试"


class Adoption(StrEnum):
    """What became of a valid suggestion."""

    ADOPTED = "adopted"  # 采纳
    PARTLY = "partly"  # 部分采纳
    NOT = "not"  # 未采纳


class Stage(StrEnum):
    """How far suggestions of a campaign are."""

    UNSCREENED = "unscreened"  # 待筛选
    VALID = "valid"  # 有效
    INVALID = "invalid"  # 无效
    UNHANDLED = "unhandled"  # 有效，待答复
    HANDLED = "handled"  # 已答复


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A case of a campaign; ``valid`` is none before screening, ``adoption`` before a decision."""

    case_id: int
    case_no: str
    title: str
    state: CaseState
    confidential: bool
    tied_at: datetime
    tied_by: str
    valid: bool | None
    screened_because: str
    adoption: Adoption | None
    adopted_because: str
    department: Named | None
    version: int

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `suggestions` or `lock_suggestion`."""
        adoption = row["adoption"]
        typed: dict[str, Any] = {
            "state": CaseState(row["state"]),
            "adoption": None if adoption is None else Adoption(adoption),
            "department": named(row["department_code"], row["department_name"]),
        }
        same = {field.name: row[field.name] for field in fields(cls) if field.name not in typed}
        return cls(**typed, **same)


async def list_campaigns(conn: Any, actor: Actor) -> list[Campaign]:
    """All campaigns, the newest first."""
    rows = _QUERIES.campaigns(conn, campaign=None, **_sight(actor))
    return [Campaign.from_row(row) async for row in rows]


async def find_campaign(conn: Any, campaign_id: int, actor: Actor) -> Campaign:
    """One campaign; raises `NotFoundError`."""
    rows = _QUERIES.campaigns(conn, campaign=campaign_id, **_sight(actor))
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
        raise ConflictError(f"征集活动{_STALE}")
    if await _QUERIES.title_is_taken(conn, title=terms.title, campaign_id=campaign_id):
        raise FieldInvalidError("title", f"已有主题为“{terms.title}”的征集活动")
    start, until = terms.bounds
    if await _QUERIES.has_outside(conn, campaign_id=campaign_id, start=start, until=until):
        raise ConflictError("已有建议登记在这段日期之外，不能这样修改征集期")
    await _QUERIES.update_campaign(conn, campaign_id=campaign_id, **_columns(terms))
    return _terms(row), await find_campaign(conn, campaign_id, actor)


async def candidates(
    conn: Any, campaign: Campaign, actor: Actor, *, before: datetime | None, limit: int
) -> list[Case]:
    """Suggestions of the campaign's days that are of no campaign yet, the newest first."""
    start, until = campaign.terms.bounds
    rows = _QUERIES.candidates(
        conn, start=start, until=until, before=before or until, limit=limit, **_sight(actor)
    )
    return await case_store.by_ids(conn, [row["case_id"] async for row in rows])


async def tie(conn: Any, campaign: Campaign, case: Case, *, actor: Actor, now: datetime) -> None:
    """Let a case, which ``actor`` sees, be of a campaign; raises `ConflictError`."""
    start, until = campaign.terms.bounds
    if case.kind is not CaseKind.SUGGESTION:
        raise ConflictError(f"工单{case.case_no}不是建议，不能列入征集活动")
    if not start <= case.opened_at < until:
        raise ConflictError(f"工单{case.case_no}不是在征集期内登记的")
    tied = await _QUERIES.tie(
        conn,
        case_id=case.case_id,
        campaign_id=campaign.campaign_id,
        at=now,
        actor=actor.login,
    )
    if tied is None:
        raise ConflictError(f"工单{case.case_no}已列入征集活动")


async def list_suggestions(  # noqa: PLR0913  # the parts of a list
    conn: Any,
    campaign_id: int,
    actor: Actor,
    *,
    stage: Stage | None,
    after: Case | None,
    limit: int,
) -> list[Suggestion]:
    """Suggestions of a campaign, the newest first, from behind the case ``after`` on."""
    rows = _QUERIES.suggestions(
        conn,
        campaign_id=campaign_id,
        stage=stage,
        after=after.case_id if after else None,
        limit=limit,
        **_sight(actor),
    )
    return [Suggestion.from_row(row) async for row in rows]


async def screen(  # noqa: PLR0913  # what a screening consists of
    conn: Any, campaign_id: int, case_no: str, *, valid: bool, because: str, version: int
) -> tuple[Suggestion, Suggestion]:
    """Say whether a suggestion is valid, and if not, why; as it was and as it is.

    Raises `NotFoundError`, `ConflictError` or `FieldInvalidError`.
    """
    before = await _locked(conn, campaign_id, case_no, version)
    if before.adoption is not None:
        raise ConflictError(f"建议{case_no}已有采纳意见，不能再筛选")
    check_text("because", "理由", because, BECAUSE_MAX, required=not valid)
    await _QUERIES.screen(conn, case_id=before.case_id, valid=valid, because=because)
    return before, await _locked(conn, campaign_id, case_no)


async def decide(  # noqa: PLR0913  # what a decision consists of
    conn: Any,
    campaign_id: int,
    case_no: str,
    *,
    adoption: Adoption,
    because: str,
    department: str,
    version: int,
) -> tuple[Suggestion, Suggestion]:
    """Say whether a department adopts a valid suggestion, and if not wholly, why.

    As it was and as it is. Raises `NotFoundError`, `ConflictError` or `FieldInvalidError`.
    """
    before = await _locked(conn, campaign_id, case_no, version)
    if not before.valid:
        raise ConflictError(f"建议{case_no}未筛选为有效，不能填写采纳意见")
    wholly = adoption is Adoption.ADOPTED
    check_text("because", "理由", because, BECAUSE_MAX, required=not wholly)
    found = await named_department(conn, department, "department")
    await _QUERIES.decide(
        conn,
        case_id=before.case_id,
        adoption=adoption,
        because=because,
        department_id=found.department_id,
    )
    return before, await _locked(conn, campaign_id, case_no)


async def _locked(
    conn: Any, campaign_id: int, case_no: str, version: int | None = None
) -> Suggestion:
    row = await _QUERIES.lock_suggestion(conn, campaign_id=campaign_id, case_no=case_no)
    if row is None:
        raise NotFoundError(f"工单{case_no}未列入这项征集活动")
    if version not in (None, row["version"]):
        raise ConflictError(f"建议{_STALE}")
    return Suggestion.from_row(row)


def _columns(terms: Terms) -> dict[str, Any]:
    return {field.name: getattr(terms, field.name) for field in fields(Terms)}


def _sight(actor: Actor) -> dict[str, Any]:
    return {"see_all": actor.role is ActorRole.SUPERVISOR, "viewer": actor.user_id}
