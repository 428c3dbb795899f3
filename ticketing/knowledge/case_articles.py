"""Articles that a case was answered with (C2, C8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import aiosql

from ticketing.case import Actor
from ticketing.errors import FieldInvalidError
from ticketing.knowledge.lifecycle import ArticleState

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "articles.sql", "asyncpg")
ARTICLES_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseArticle:
    """An article in the version that was used; ``state`` is where that version stands now."""

    article_id: int
    version: int
    title: str
    state: ArticleState
    linked_by: str
    linked_at: datetime

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `articles_of_case`."""
        names = ("article_id", "version", "title", "linked_by", "linked_at")
        return cls(state=ArticleState(row["state"]), **{name: row[name] for name in names})


async def link_articles(
    conn: Any, case_id: int, article_ids: Sequence[int], *, actor: Actor, now: datetime
) -> None:
    """Note the published versions of articles on a case; once noted they stay as they are.

    Raises `FieldInvalidError` for ``articles`` when one of them has none.
    """
    for article_id in article_ids:
        version = await _published(conn, article_id)
        await _QUERIES.link_to_case(
            conn,
            case_id=case_id,
            article_id=article_id,
            version=version,
            actor=actor.login,
            at=now,
        )


async def _published(conn: Any, article_id: int) -> int:
    version = await _QUERIES.published_version(conn, article_id=article_id)
    if version is None:
        sentence = f"编号为{article_id}的文章不存在，或没有已发布的版本，不能引用"
        raise FieldInvalidError("articles", sentence)
    return int(version)


async def articles_of_case(conn: Any, case_id: int) -> list[CaseArticle]:
    """The articles of a case in the order in which they were noted."""
    rows = _QUERIES.articles_of_case(conn, case_id=case_id)
    return [CaseArticle.from_row(row) async for row in rows]
