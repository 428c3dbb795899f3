"""Searches the published articles (C8): all words first, else those that tell most."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import aiosql

from ticketing.categories import categories_named
from ticketing.departments import departments_named
from ticketing.knowledge.article import Version
from ticketing.knowledge.articles import versions_by_ids
from ticketing.knowledge.telling_words import telling_words
from ticketing.tokens import query_of, search_terms

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "search.sql", "asyncpg")
TEXT_MAX = 4000
RANKED = 100
IN_TITLE = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is searched: ``text`` as a person types it, or that of a case.

    ``department`` and ``category`` are codes, with all below them. Without ``also_invalid`` only
    what is valid is found. ``any_word`` does not ask for all words at first, for long texts.
    """

    text: str = ""
    department: str | None = None
    category: str | None = None
    also_invalid: bool = False
    any_word: bool = False
    limit: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The best ``versions`` of those that match, which are ``count``, or `RANKED` and more.

    ``all_words``: every one of ``terms`` is in each of them.
    """

    terms: list[str]
    all_words: bool
    count: int
    versions: list[Version]


async def search(conn: Any, question: Question, *, today: date) -> Found:
    """What answers a question; the newest articles for a question without words.

    Raises `FieldInvalidError` for a department or a category that is not there.
    """
    terms = search_terms(question.text)
    within = {
        "today": today,
        "also_invalid": question.also_invalid,
        "departments": await departments_named(conn, question.department),
        "categories": await categories_named(conn, question.category),
        "limit": question.limit,
    }
    if not terms:
        rows = [row async for row in _QUERIES.newest(conn, **within)]
        return await _found(conn, rows, terms, all_words=True, count=len(rows))
    if not question.any_word:
        found = _QUERIES.with_all(conn, query=query_of(terms), ranked=RANKED, **within)
        if rows := [row async for row in found]:
            return await _found(conn, rows, terms, all_words=True, count=rows[0]["found"])
    rows = await _with_any(conn, terms, within)
    count = rows[0]["found"] if rows else 0
    return await _found(conn, rows, terms, all_words=False, count=count)


async def _with_any(conn: Any, terms: Sequence[str], within: Mapping[str, Any]) -> list[Any]:
    counts = {
        row["word"]: row["articles"] async for row in _QUERIES.counts_of(conn, words=list(terms))
    }
    weights = telling_words(terms, counts, await _QUERIES.published_count(conn))
    if not weights:
        return []
    asked = {"words": list(weights), "weights": list(weights.values()), "in_title": IN_TITLE}
    return [row async for row in _QUERIES.with_any(conn, ranked=RANKED, **asked, **within)]


async def _found(
    conn: Any, rows: Sequence[Any], terms: list[str], *, all_words: bool, count: int
) -> Found:
    versions = await versions_by_ids(conn, [row["version_id"] for row in rows])
    return Found(terms=terms, all_words=all_words, count=count, versions=versions)
