"""Lists of articles: by state, and those that are due for review."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import aiosql

from ticketing.departments import departments_named
from ticketing.knowledge.article import Version
from ticketing.knowledge.articles import versions_by_ids
from ticketing.knowledge.lifecycle import ONCE_PUBLISHED, ArticleState
from ticketing.knowledge.rights import Rights

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "articles.sql", "asyncpg")
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
DUE_SOON = timedelta(days=14)


class Shelf(StrEnum):
    """Which articles."""

    PUBLISHED = "published"
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    WITHDRAWN = "withdrawn"
    DUE = "due"  # to be reviewed within `DUE_SOON`, or overdue


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What a list is to hold; ``department`` is a code, with all below it."""

    shelf: Shelf = Shelf.PUBLISHED
    department: str | None = None
    before: datetime | None = None
    limit: int = 50


async def list_versions(conn: Any, wanted: Listed, rights: Rights, *, today: date) -> list[Version]:
    """Versions that one may see, the newest first; those due for review by their date.

    Raises `FieldInvalidError` for a department that is not there.
    """
    departments = await _departments(conn, wanted, rights)
    if wanted.shelf is Shelf.DUE:
        rows = _QUERIES.due(conn, by=today + DUE_SOON, departments=departments, limit=wanted.limit)
    else:
        rows = _QUERIES.in_state(
            conn,
            state=wanted.shelf.value,
            departments=departments,
            before=wanted.before or _END_OF_TIME,
            limit=wanted.limit,
        )
    return await versions_by_ids(conn, [row["version_id"] async for row in rows])


async def _departments(conn: Any, wanted: Listed, rights: Rights) -> list[int] | None:
    chosen = await departments_named(conn, wanted.department)
    everybodys = wanted.shelf is not Shelf.DUE and ArticleState(wanted.shelf) in ONCE_PUBLISHED
    if everybodys or rights.approves:
        return chosen
    own = rights.departments if chosen is None else rights.departments & set(chosen)
    return sorted(own)
