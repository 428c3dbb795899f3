"""Writes, reviews and publishes articles, on a connection whose transaction belongs to the caller.

Of two who act at once one wins: the article is locked, and its revision must be the one seen.
"""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import aiosql

from ticketing.case import Actor, check_text
from ticketing.categories import open_category
from ticketing.departments import named_department
from ticketing.errors import ConflictError, FieldInvalidError, NotFoundError, StepForbiddenError
from ticketing.knowledge.article import (
    NOTE_MAX,
    Article,
    ArticleEntry,
    Draft,
    Version,
    city_day,
)
from ticketing.knowledge.lifecycle import OPEN_STATES, TABLE, ArticleState, ArticleStep
from ticketing.knowledge.rights import Rights, rights_of
from ticketing.knowledge.taking import check_needs, take
from ticketing.tokens import index_text

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "articles.sql", "asyncpg")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleStepRequest:
    """A step to be taken on the ``revision`` that the actor has seen."""

    step: ArticleStep
    revision: int
    note: str = ""
    review_due: date | None = None


async def find_article(conn: Any, article_id: int, rights: Rights) -> Article:
    """An article with the versions that one may see; raises `NotFoundError` when there are none."""
    revision = await _QUERIES.revision_of(conn, article_id=article_id)
    found = [] if revision is None else await _versions(conn, article_id)
    seen = tuple(version for version in found if rights.sees(version))
    if not seen:
        raise NotFoundError("文章不存在，或您无权查看")
    return Article(article_id=article_id, revision=revision, versions=seen)


async def article_history(conn: Any, article_id: int) -> list[ArticleEntry]:
    """Everything that was done to an article, the oldest first."""
    rows = _QUERIES.history_of_article(conn, article_id=article_id)
    return [ArticleEntry.from_row(row) async for row in rows]


async def versions_by_ids(conn: Any, version_ids: list[int]) -> list[Version]:
    """Versions in the order of their ids."""
    rows = _QUERIES.versions_by_ids(conn, version_ids=version_ids)
    return [Version.from_row(row) async for row in rows]


async def create_article(conn: Any, draft: Draft, *, actor: Actor, now: datetime) -> int:
    """Begin an article with its first draft; its id.

    Raises `FieldInvalidError`, or `StepForbiddenError` for a department that is not the actor's.
    """
    written = await _written(conn, draft, await rights_of(conn, actor))
    article_id = int(await _QUERIES.insert_article(conn))
    who = {"writer": actor.login, "at": now}
    await _QUERIES.insert_version(conn, article_id=article_id, version=1, **written, **who)
    await _note(conn, article_id, 1, 1, ArticleStep.SAVED, actor=actor, now=now)
    return article_id


async def save_draft(
    conn: Any, article_id: int, draft: Draft, *, revision: int, actor: Actor, now: datetime
) -> None:
    """Change the draft of an article, or begin one beside what is published.

    Raises `NotFoundError`, `ConflictError`, `StepForbiddenError` or `FieldInvalidError`.
    """
    rights = await rights_of(conn, actor)
    article = await _locked(conn, article_id, revision, rights)
    if not rights.may_write(article):
        raise StepForbiddenError("您不能修改其他部门的文章")
    written = await _written(conn, draft, rights)
    who = {"writer": actor.login, "at": now}
    version = article.open
    if version is None:
        number = article.versions[0].version + 1
        await _QUERIES.insert_version(conn, article_id=article_id, version=number, **written, **who)
    else:
        number = version.version
        take(version, ArticleStep.SAVED, rights.hands(version), actor.login)
        await _QUERIES.update_version(conn, version_id=version.version_id, **written, **who)
    await _next(conn, article_id, number, ArticleStep.SAVED, actor=actor, now=now)


async def take_article_step(
    conn: Any, article_id: int, wanted: ArticleStepRequest, *, actor: Actor, now: datetime
) -> None:
    """Take a step; raises what `save_draft` raises."""
    if wanted.step is ArticleStep.SAVED:
        raise FieldInvalidError("step", "保存草稿请使用草稿接口")
    check_text("note", "理由", wanted.note, NOTE_MAX, required=False)
    rights = await rights_of(conn, actor)
    article = await _locked(conn, article_id, wanted.revision, rights)
    version, today = _meant(article, wanted.step), city_day(now)
    row = take(version, wanted.step, rights.hands(version), actor.login)
    check_needs(wanted.step, row, wanted.note, wanted.review_due, today=today)
    approver = None
    if wanted.step is ArticleStep.APPROVED:
        approver = actor.login
        await _make_room(conn, article, version, today=today, now=now)
    await _move(conn, version, row.to, now=now, due=wanted.review_due, approver=approver)
    await _show(conn, version, row.to)
    await _next(
        conn, article_id, version.version, wanted.step, actor=actor, now=now, note=wanted.note
    )


def _meant(article: Article, step: ArticleStep) -> Version:
    """The version that a step is about: the open one or the published one, else the newest."""
    about_open = any(state in OPEN_STATES for state, each in TABLE if each is step)
    wanted = article.open if about_open else article.published
    return wanted or article.versions[0]


async def _make_room(
    conn: Any, article: Article, version: Version, *, today: date, now: datetime
) -> None:
    """What was published until now is replaced by ``version``."""
    if version.has_run_out(today):
        raise ConflictError("文章的有效期已过，请退回修改后再发布")
    if article.published is not None:
        await _move(conn, article.published, ArticleState.REPLACED, now=now)
        await _QUERIES.hide_words(conn, version_id=article.published.version_id)


async def _move(
    conn: Any,
    version: Version,
    to: ArticleState,
    *,
    now: datetime,
    due: date | None = None,
    approver: str | None = None,
) -> None:
    await _QUERIES.move_version(
        conn,
        version_id=version.version_id,
        state=to,
        review_due=due,
        approved_by=approver,
        at=now,
    )


async def _show(conn: Any, version: Version, to: ArticleState) -> None:
    """Let searches find what is published, and nothing else."""
    if to is version.state:
        return
    if to is ArticleState.PUBLISHED:
        await _QUERIES.show_words(
            conn,
            version_id=version.version_id,
            title_words=index_text(version.title),
            body_words=index_text(version.body),
        )
    elif version.state is ArticleState.PUBLISHED:
        await _QUERIES.hide_words(conn, version_id=version.version_id)


async def _locked(conn: Any, article_id: int, revision: int, rights: Rights) -> Article:
    stored = await _QUERIES.lock_article(conn, article_id=article_id)
    article = await find_article(conn, article_id, rights)
    if stored != revision:
        raise ConflictError("文章已被他人修改，请刷新后重试")
    return article


async def _written(conn: Any, draft: Draft, rights: Rights) -> dict[str, Any]:
    """A draft as its row has it."""
    department = await named_department(conn, draft.department, "department")
    if not rights.writes_for(department.department_id):
        raise StepForbiddenError("只能编写本部门及下级部门的文章")
    category = None if draft.category is None else await open_category(conn, draft.category)
    return {
        "department_id": department.department_id,
        "category_id": None if category is None else category.category_id,
        "title": draft.title,
        "body": draft.body,
        "valid_from": draft.valid_from,
        "valid_until": draft.valid_until,
        "review_due": draft.review_due,
    }


async def _versions(conn: Any, article_id: int) -> list[Version]:
    rows = _QUERIES.versions_of_article(conn, article_id=article_id)
    return [Version.from_row(row) async for row in rows]


async def _next(
    conn: Any,
    article_id: int,
    version: int,
    step: ArticleStep,
    *,
    actor: Actor,
    now: datetime,
    note: str = "",
) -> None:
    revision = await _QUERIES.grow_revision(conn, article_id=article_id)
    await _note(conn, article_id, revision, version, step, actor=actor, now=now, note=note)


async def _note(
    conn: Any,
    article_id: int,
    revision: int,
    version: int,
    step: ArticleStep,
    *,
    actor: Actor,
    now: datetime,
    note: str = "",
) -> None:
    await _QUERIES.insert_history(
        conn,
        article_id=article_id,
        revision=revision,
        version=version,
        at=now,
        actor=actor.login,
        step=step,
        note=note,
    )
