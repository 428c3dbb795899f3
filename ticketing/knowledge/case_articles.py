"""Articles that a case was answered with (C2, C8)."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import aiosql

from ticketing.errors import FieldInvalidError, NotFoundError
from ticketing.knowledge.articles import find_article
from ticketing.knowledge.lifecycle import ArticleState
from ticketing.knowledge.rights import Rights

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


async def link_article(  # noqa: PLR0913  # who links what to what, when
    conn: Any, case_id: int, article_id: int, rights: Rights, *, actor: str, now: datetime
) -> None:
    """Note the published version of an article on a case; once noted it stays as it is.

    Raises `FieldInvalidError` for ``articles`` when there is none.
    """
    try:
        article = await find_article(conn, article_id, rights)
    except NotFoundError:
        raise FieldInvalidError("articles", f"没有编号为{article_id}的文章") from None
    if article.published is None:
        raise FieldInvalidError("articles", f"编号为{article_id}的文章没有已发布的版本，不能引用")
    await _QUERIES.link_to_case(
        conn,
        case_id=case_id,
        article_id=article_id,
        version=article.published.version,
        actor=actor,
        at=now,
    )


async def articles_of_case(conn: Any, case_id: int) -> list[CaseArticle]:
    """The articles of a case in the order in which they were noted."""
    rows = _QUERIES.articles_of_case(conn, case_id=case_id)
    return [CaseArticle.from_row(row) async for row in rows]
