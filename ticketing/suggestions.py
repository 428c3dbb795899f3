"""Suggestions of a campaign (C11): cases that belong to it, their screening and adoption."""

from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import aiosql

from ticketing import case_store
from ticketing.campaigns import Campaign
from ticketing.case import Actor, Case, CaseKind, Named, check_text, named
from ticketing.departments import named_department
from ticketing.errors import ConflictError, NotFoundError
from ticketing.lifecycle import CaseState
from ticketing.visibility import sight

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "suggestions.sql", "asyncpg")
BECAUSE_MAX = 1000


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


async def candidates(
    conn: Any, campaign: Campaign, actor: Actor, *, before: datetime | None, limit: int
) -> list[Case]:
    """Suggestions of the campaign's days that are of no campaign yet, the newest first."""
    start, until = campaign.terms.bounds
    rows = _QUERIES.candidates(
        conn, start=start, until=until, before=before or until, limit=limit, **sight(actor)
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


async def list_suggestions(
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
        **sight(actor),
    )
    return [Suggestion.from_row(row) async for row in rows]


async def screen(
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


async def decide(
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
        raise ConflictError("建议已被他人修改，请刷新后重试")
    return Suggestion.from_row(row)
