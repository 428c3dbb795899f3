"""Nuisance marks of numbers (骚扰标记, C6): proposed with calls as evidence, decided on by another.

An approved mark is in force until it expires or is lifted. What it then leaves out of which figures
is kept by the database (`figure_exclusions`). Every function that writes works in a transaction of
the caller; ``caller`` is a full number.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from ticketing.case import check_text
from ticketing.citizens.queries import QUERIES
from ticketing.errors import (
    ConflictError,
    FieldInvalidError,
    NotFoundError,
    StepForbiddenError,
)

REASON_MAX = 1000
CALLS_MAX = 50
DAYS_MAX = 365


class MarkKind(StrEnum):
    """Why a number is to be marked."""

    MALICIOUS = "malicious"  # 恶意骚扰
    REPEATED = "repeated"  # 重复无效来电


class MarkState(StrEnum):
    """What was decided about a mark; an approved one may have expired."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    LIFTED = "lifted"


class MarkList(StrEnum):
    """Which marks are listed."""

    PROPOSED = "proposed"  # 待审批
    IN_FORCE = "in_force"  # 生效中
    ENDED = "ended"  # 已驳回, 已解除, 已到期


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A mark; people are logins, times aware.

    ``ends_at`` is when it expires, of a lifted one when it was lifted; a ``mistaken`` one covers
    nothing any more. ``call_ids`` are what it was proposed on.
    """

    mark_id: int
    number: str = field(repr=False)
    kind: MarkKind
    reason: str
    state: MarkState
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision: str
    ends_at: datetime | None
    lifted_by: str | None
    lift_reason: str
    mistaken: bool
    call_ids: tuple[str, ...]

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of ``sql/marks.sql``."""
        typed: dict[str, Any] = {
            "kind": MarkKind(row["kind"]),
            "state": MarkState(row["state"]),
            "call_ids": tuple(row["call_ids"]),
        }
        same = {each.name: row[each.name] for each in fields(cls) if each.name not in typed}
        return cls(**typed, **same)

    def in_force(self, now: datetime) -> bool:
        """Whether calls that arrive now are covered."""
        approved = self.state is MarkState.APPROVED
        return approved and self.ends_at is not None and now < self.ends_at


@dataclass(frozen=True, slots=True)
class _Ruling:
    """What was decided about a proposed mark."""

    state: MarkState
    decision: str
    ends_at: datetime | None
    actor: str
    now: datetime


async def propose(
    conn: Any,
    caller: str,
    *,
    kind: MarkKind,
    reason: str,
    call_ids: Sequence[str],
    actor: str,
    now: datetime,
) -> Mark:
    """Propose to mark a number, with recorded calls of it as evidence.

    Raises `FieldInvalidError` for a text or calls that will not do, `ConflictError` where a mark of
    the number is in force or waits for its decision.
    """
    check_text("reason", "理由", reason, REASON_MAX)
    evidence = list(dict.fromkeys(call_ids))
    await _check_evidence(conn, caller, evidence)
    if await QUERIES.mark_in_force(conn, caller=caller, now=now) is not None:
        raise ConflictError("这个号码的骚扰标记正在生效，无需再次提出")
    mark_id = await QUERIES.insert_mark(
        conn, caller=caller, kind=kind, reason=reason, actor=actor, now=now
    )
    if mark_id is None:
        raise ConflictError("这个号码已有一项骚扰标记等待审批")
    await QUERIES.insert_evidence(conn, mark_id=mark_id, call_ids=evidence)
    return await _locked(conn, mark_id)


async def approve(
    conn: Any, mark_id: int, *, days: int, note: str, actor: str, now: datetime
) -> Mark:
    """Put a mark into force for so many days from now.

    Raises `NotFoundError`, `ConflictError` when it was decided on before, `StepForbiddenError` for
    whoever proposed it.
    """
    if not 1 <= days <= DAYS_MAX:
        raise FieldInvalidError("days", f"有效天数须为 1 至 {DAYS_MAX}")
    check_text("note", "说明", note, REASON_MAX, required=False)
    ends_at = now + timedelta(days=days)
    ruling = _Ruling(MarkState.APPROVED, note, ends_at, actor, now)
    return await _decide(conn, mark_id, ruling)


async def refuse(conn: Any, mark_id: int, *, reason: str, actor: str, now: datetime) -> Mark:
    """Refuse a proposed mark; raises what `approve` raises."""
    check_text("reason", "理由", reason, REASON_MAX)
    ruling = _Ruling(MarkState.REFUSED, reason, None, actor, now)
    return await _decide(conn, mark_id, ruling)


async def lift(
    conn: Any, mark_id: int, *, reason: str, mistaken: bool, actor: str, now: datetime
) -> Mark:
    """End a mark that is in force; a ``mistaken`` one as if it had never been.

    Raises `NotFoundError`, and `ConflictError` when it is not in force.
    """
    check_text("reason", "理由", reason, REASON_MAX)
    mark = await _locked(conn, mark_id)
    if not mark.in_force(now):
        raise ConflictError("这项骚扰标记不在生效中，不能解除")
    await QUERIES.lift(
        conn, mark_id=mark_id, actor=actor, now=now, reason=reason, mistaken=mistaken
    )
    return await _locked(conn, mark_id)


async def list_marks(
    conn: Any, which: MarkList, *, before: int | None, limit: int, now: datetime
) -> list[Mark]:
    """Marks, the newest first, from before the one with the id ``before``."""
    part: dict[str, Any] = {"before": before, "limit": limit}
    match which:
        case MarkList.PROPOSED:
            rows = QUERIES.proposed_marks(conn, **part)
        case MarkList.IN_FORCE:
            rows = QUERIES.marks_in_force(conn, now=now, **part)
        case MarkList.ENDED:
            rows = QUERIES.ended_marks(conn, now=now, **part)
    return [Mark.from_row(row) async for row in rows]


async def mark_of(conn: Any, caller: str, *, now: datetime) -> Mark | None:
    """The mark of a number that is in force, else one that is proposed; without its calls."""
    row = await QUERIES.newest_mark(conn, caller=caller, now=now) if caller else None
    return None if row is None else Mark.from_row(row)


async def _check_evidence(conn: Any, caller: str, evidence: Sequence[str]) -> None:
    if not caller:
        raise FieldInvalidError("calls", "来电没有显示号码，不能标记")
    if not 1 <= len(evidence) <= CALLS_MAX:
        raise FieldInvalidError("calls", f"须以 1 至 {CALLS_MAX} 次来电为依据")
    rows = QUERIES.calls_of_number(conn, caller=caller, call_ids=list(evidence))
    found = {row["call_id"] async for row in rows}
    strange = [call_id for call_id in evidence if call_id not in found]
    if strange:
        raise FieldInvalidError("calls", f"{strange[0]} 不是这个号码的来电记录")


async def _decide(conn: Any, mark_id: int, ruling: _Ruling) -> Mark:
    mark = await _locked(conn, mark_id)
    if mark.state is not MarkState.PROPOSED:
        raise ConflictError("这项骚扰标记已经审批过")
    if mark.proposed_by == ruling.actor:
        raise StepForbiddenError("提出骚扰标记的人不能自己审批，须由另一人审批")
    await QUERIES.decide(conn, mark_id=mark_id, **asdict(ruling))
    return await _locked(conn, mark_id)


async def _locked(conn: Any, mark_id: int) -> Mark:
    row = await QUERIES.lock_mark(conn, mark_id=mark_id)
    if row is None:
        raise NotFoundError("骚扰标记不存在")
    return Mark.from_row(row)
