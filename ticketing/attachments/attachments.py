"""Attachments of cases as rows, on a connection whose transaction belongs to the caller.

Adding and removing one is a step of the case (备注), so that the history tells who, when and why.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import aiosql

from ticketing import case_store
from ticketing.case import Actor, ActorRole, Case
from ticketing.errors import CaseConflictError, NotFoundError, StepForbiddenError
from ticketing.lifecycle import Step
from ticketing.steps import StepRequest, Taken, take_step

_SQL: Any = aiosql.from_path(Path(__file__).parent / "sql" / "attachments.sql", "asyncpg")

PER_CASE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of a case; its content is kept under ``attachment_id``, ``name`` is for people."""

    attachment_id: UUID
    case_id: int
    name: str
    media_type: str
    bytes: int
    sha256: str
    added_by: str
    added_at: datetime

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `case_attachments`."""
        return cls(**{field.name: row[field.name] for field in fields(cls)})


async def attachments_of(conn: Any, case_id: int) -> list[Attachment]:
    """The files of a case, oldest first."""
    return [Attachment.from_row(row) async for row in _SQL.of_case(conn, case_id=case_id)]


async def find_attachment(conn: Any, case_id: int, attachment_id: UUID) -> Attachment:
    """A file of that case; raises `NotFoundError`."""
    row = await _SQL.attachment(conn, case_id=case_id, attachment_id=attachment_id)
    if row is None:
        raise NotFoundError("附件不存在，可能已被移除")
    return Attachment.from_row(row)


def may_remove(attachment: Attachment, actor: Actor) -> bool:
    """Whoever added a file, and supervisors."""
    return actor.login == attachment.added_by or actor.role is ActorRole.SUPERVISOR


async def attach(conn: Any, case: Case, added: Attachment, *, actor: Actor) -> Taken:
    """Add a file, and note it; raises `CaseConflictError` for one too many, or an ended case.

    And what `ticketing.steps.take_step` raises.
    """
    version = await _lock(conn, case)
    if len(await attachments_of(conn, case.case_id)) >= PER_CASE:
        raise CaseConflictError(f"每份工单最多 {PER_CASE} 个附件，请先移除不需要的")
    row = {field.name: getattr(added, field.name) for field in fields(added)}
    await _SQL.insert_attachment(conn, **row)
    wanted = StepRequest(step=Step.NOTED, version=version, note=f"上传附件：{added.name}")
    return await take_step(conn, case.case_no, wanted, actor=actor, now=added.added_at)


async def remove(
    conn: Any, case: Case, attachment_id: UUID, *, reason: str, actor: Actor, now: datetime
) -> Taken:
    """Remove a file with a reason: whoever added it may, and supervisors.

    Raises `NotFoundError`, `StepForbiddenError`, and what `ticketing.steps.take_step` raises.
    """
    version = await _lock(conn, case)
    found = await find_attachment(conn, case.case_id, attachment_id)
    if not may_remove(found, actor):
        raise StepForbiddenError("只有上传人和值班长可以移除附件")
    await _SQL.mark_removed(
        conn,
        attachment_id=attachment_id,
        removed_by=actor.login,
        removed_at=now,
        removed_reason=reason,
    )
    note = f"移除附件：{found.name}。理由：{reason}"
    wanted = StepRequest(step=Step.NOTED, version=version, note=note)
    return await take_step(conn, case.case_no, wanted, actor=actor, now=now)


async def kept(conn: Any, attachment_ids: Iterable[UUID]) -> set[UUID]:
    """Which of these ids are files of cases."""
    rows = _SQL.kept(conn, attachment_ids=list(attachment_ids))
    return {row["attachment_id"] async for row in rows}


async def _lock(conn: Any, case: Case) -> int:
    """The version as it is now; nobody else changes the case until the transaction ends."""
    return (await case_store.lock(conn, [case.case_no]))[case.case_no].version
