"""The words of cases, kept with what is said in them."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import aiosql

from ticketing.search.blocks import marks_of
from ticketing.tokens import index_text

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "words.sql", "asyncpg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What a case is found by."""

    case_id: int
    said: tuple[str, ...]
    opened_at: datetime
    opened_by: int
    category_id: int | None

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `texts_of_case` or `due_texts`."""
        same = {name: row[name] for name in ("case_id", "opened_at", "opened_by", "category_id")}
        said = tuple(row[name] for name in ("title", "body", "address", "result"))
        return cls(said=said, **same)

    @property
    def words(self) -> str:
        """As PostgreSQL is to read them."""
        return index_text("\n".join(self.said))

    @property
    def marks(self) -> list[str]:
        """Words besides that no text has: when, by whom, and of which category."""
        category = [] if self.category_id is None else [category_mark(self.category_id)]
        return [*marks_of(self.opened_at), opener_mark(self.opened_by), *category]


def category_mark(category_id: int) -> str:
    """The word of every case of a category."""
    return f"#k{category_id}"


def opener_mark(user_id: int) -> str:
    """The word of every case that somebody opened."""
    return f"#o{user_id}"


async def keep_words(conn: Any, case_id: int) -> None:
    """Write the words of a case, in the transaction that changed its texts."""
    rows = _QUERIES.texts_of_case(conn, case_id=case_id)
    await _save(conn, _worded([Texts.from_row(row) async for row in rows]))


async def catch_up(conn: Any, limit: int) -> int:
    """Write the words of up to ``limit`` cases whose words are not those of their texts.

    Returns how many cases were looked at, zero when nothing waits. ``conn`` is in a transaction;
    cases that somebody works on at the moment are left for another time.
    """
    texts = [Texts.from_row(row) async for row in _QUERIES.due_texts(conn, limit=limit)]
    if not texts:
        return await _take_from_backlog(conn, limit)
    # Cutting Chinese takes a tenth of a millisecond a case, and the loop has calls to serve.
    await _save(conn, await asyncio.to_thread(_worded, texts))
    return len(texts)


async def _take_from_backlog(conn: Any, limit: int) -> int:
    """Make the newest cases of those from before wait for their words."""
    below = await _QUERIES.lock_backlog(conn)
    if below is None:
        return 0
    smallest = await _QUERIES.add_from_backlog(conn, below=below, limit=limit)
    if smallest is None:
        await _QUERIES.end_backlog(conn)
        return 0
    await _QUERIES.shorten_backlog(conn, below=smallest)
    return limit


_Worded = list[tuple[int, str, str]]


def _worded(texts: Iterable[Texts]) -> _Worded:
    return [(each.case_id, each.words, " ".join(each.marks)) for each in texts]


async def _save(conn: Any, worded: _Worded) -> None:
    ids, words, marks = (list(column) for column in zip(*worded, strict=True))
    await _QUERIES.save_words(conn, case_ids=ids, words=words, marks=marks)
    await _QUERIES.forget_due(conn, case_ids=ids)
