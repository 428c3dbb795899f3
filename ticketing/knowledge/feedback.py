"""What readers say of the articles: wrong, unclear, or that one is missing (C8)."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import aiosql

from ticketing.case import Actor, Named, check_text, named
from ticketing.errors import ConflictError, FieldInvalidError, NotFoundError, StepForbiddenError
from ticketing.knowledge.articles import find_article
from ticketing.knowledge.rights import Rights, rights_of

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "feedback.sql", "asyncpg")
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
WORDS_MAX = 200
TEXT_MAX = 1000


class FeedbackKind(StrEnum):
    """What is the matter."""

    WRONG = "wrong"  # 有误
    MISSING = "missing"  # 缺失: something in the article, or the whole article
    UNCLEAR = "unclear"  # 不清楚


class Settlement(StrEnum):
    """What came of it."""

    ACCEPTED = "accepted"  # 采纳
    REJECTED = "rejected"  # 不采纳


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """One remark, about a version of an article or about words for which there is none."""

    feedback_id: int
    article_id: int | None
    version: int | None
    title: str | None
    department_id: int | None
    department: Named | None
    kind: FeedbackKind
    words: str
    text: str
    given_by: str
    given_at: datetime
    outcome: Settlement | None
    answer: str
    settled_by: str | None
    settled_at: datetime | None

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `list_feedback` or `feedback_by_id`."""
        typed: dict[str, Any] = {
            "department": named(row["department_code"], row["department_name"]),
            "kind": FeedbackKind(row["kind"]),
            "outcome": None if row["outcome"] is None else Settlement(row["outcome"]),
        }
        same = {field.name: row[field.name] for field in fields(cls) if field.name not in typed}
        return cls(**typed, **same)


async def give_feedback(
    conn: Any, article_id: int, kind: FeedbackKind, text: str, *, actor: Actor, now: datetime
) -> Feedback:
    """Remark on the published version of an article; raises `NotFoundError`, `ConflictError`."""
    check_text("text", "说明", text, TEXT_MAX)
    article = await find_article(conn, article_id, await rights_of(conn, actor))
    version = article.published
    if version is None:
        raise ConflictError("文章没有已发布的版本，不能反馈")
    return await _insert(
        conn,
        article_id=article_id,
        version=version.version,
        kind=kind,
        words="",
        text=text,
        department_id=version.department_id,
        given_by=actor.login,
        at=now,
    )


async def report_missing(
    conn: Any, words: str, text: str, *, actor: Actor, now: datetime
) -> Feedback:
    """Say that there is no article for what was searched; raises `FieldInvalidError`."""
    check_text("words", "检索词", words, WORDS_MAX)
    check_text("text", "说明", text, TEXT_MAX, required=False)
    return await _insert(
        conn,
        article_id=None,
        version=None,
        kind=FeedbackKind.MISSING,
        words=words,
        text=text,
        department_id=None,
        given_by=actor.login,
        at=now,
    )


async def settle_feedback(
    conn: Any, feedback_id: int, outcome: Settlement, answer: str, *, actor: Actor, now: datetime
) -> Feedback:
    """Answer a remark, once.

    Raises `NotFoundError`, `ConflictError` when somebody has, `StepForbiddenError`,
    `FieldInvalidError` for a rejection without a reason.
    """
    check_text("answer", "答复", answer, TEXT_MAX, required=False)
    rights = await rights_of(conn, actor)
    row = await _QUERIES.lock_feedback(conn, feedback_id=feedback_id)
    settles = row is not None and _settles(rights, row["department_id"])
    if row is None or not (settles or row["given_by"] == actor.login):
        raise NotFoundError("反馈不存在，或您无权查看")
    if not settles:
        raise StepForbiddenError("反馈由文章所属部门或值班长处理")
    if row["settled_at"] is not None:
        raise ConflictError("这条反馈已由他人处理，请刷新后查看")
    if outcome is Settlement.REJECTED and not answer.strip():
        raise FieldInvalidError("answer", "不采纳必须填写理由")
    who = {"settled_by": actor.login, "at": now}
    await _QUERIES.settle_feedback(
        conn, feedback_id=feedback_id, outcome=outcome, answer=answer, **who
    )
    return await _read(conn, feedback_id)


async def list_feedback(
    conn: Any,
    actor: Actor,
    *,
    settled: bool,
    article_id: int | None,
    before: datetime | None,
    limit: int,
) -> list[tuple[Feedback, bool]]:
    """Remarks that ``actor`` may see, the newest first, and whether each is his to settle."""
    rights = await rights_of(conn, actor)
    rows = _QUERIES.list_feedback(
        conn,
        settled=settled,
        article_id=article_id,
        see_all=rights.approves,
        departments=sorted(rights.departments),
        given_by=actor.login,
        before=before or _END_OF_TIME,
        limit=limit,
    )
    found = [Feedback.from_row(row) async for row in rows]
    return [(each, not settled and _settles(rights, each.department_id)) for each in found]


def _settles(rights: Rights, department_id: int | None) -> bool:
    """Whether a remark is his to settle; without an article it is the supervisors'."""
    return rights.approves if department_id is None else rights.writes_for(department_id)


async def _insert(conn: Any, **row: Any) -> Feedback:
    return await _read(conn, int(await _QUERIES.insert_feedback(conn, **row)))


async def _read(conn: Any, feedback_id: int) -> Feedback:
    return Feedback.from_row(await _QUERIES.feedback_by_id(conn, feedback_id=feedback_id))
