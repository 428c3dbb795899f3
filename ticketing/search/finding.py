"""Cases by what is said in them, by the citizen's number, or by their own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiosql

from ticketing import case_store
from ticketing.case import Actor, Case, CaseSource
from ticketing.case_lists import Wanted, search_for
from ticketing.case_walks import DISTRICT, MANY, Search, newest_ids
from ticketing.errors import FieldInvalidError
from ticketing.lifecycle import CaseState
from ticketing.numbers import written_number
from ticketing.search.word_walk import ids_by_words
from ticketing.tokens import query_of, search_terms

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "finding.sql", "asyncpg")

_INSTANT = timedelta(microseconds=1)  # PostgreSQL tells no shorter times apart
NEWEST = 100
"""Of the cases that are wanted: so many are looked up first, whatever their words."""


@dataclass(frozen=True, slots=True)
class Found:
    """Cases, newest first.

    `more_before`: go on with those opened before it; none when all have been looked at.
    """

    cases: list[Case]
    more_before: datetime | None = None


async def find_by_words(conn: Any, text: str, wanted: Wanted, actor: Actor) -> Found:
    """Cases that have all the words of ``text``, of those wanted that ``actor`` may see.

    May end before the page is full (`Found.more_before` says where to go on): of the cases with
    the words only so many are looked at, however few of them are wanted. Raises
    `FieldInvalidError` for a text without words, and what `case_lists.search_for` raises.
    """
    terms = _terms(text)
    search = await search_for(conn, wanted, actor)
    if search is None:
        return Found([])
    first, going_on = await _of_newest(conn, terms, search, wanted.limit)
    if going_on is None:
        return await _page(conn, first, wanted)
    rest = replace(search, before=going_on)
    ids, stopped_at = await ids_by_words(conn, terms, rest, wanted.limit - len(first))
    return await _page(conn, [*first, *ids], wanted, stopped_at)


async def find_by_caller(conn: Any, number: str, wanted: Wanted, actor: Actor) -> Found:
    """Cases of a citizen's full number, however its prefix was written.

    Raises `FieldInvalidError` for what is no number, and what `case_lists.search_for` raises.
    """
    caller = written_number(number)
    if caller is None:
        raise FieldInvalidError("number", "请输入完整的电话号码")
    search = await search_for(conn, wanted, actor)
    if search is None:
        return Found([])
    rows = _QUERIES.of_caller(conn, caller=caller, limit=wanted.limit, **_wanted(search))
    return await _page(conn, await _read(rows), wanted)


async def find_by_number(conn: Any, case_no: str, wanted: Wanted, actor: Actor) -> Found:
    """The case with that number, if it is wanted and to be seen."""
    search = await search_for(conn, wanted, actor)
    if search is None:
        return Found([])
    rows = _QUERIES.of_number(conn, case_no=case_no, **_wanted(search))
    return Found(await case_store.by_ids(conn, await _read(rows)))


def _terms(text: str) -> list[str]:
    terms = search_terms(text)
    if not terms:
        raise FieldInvalidError("text", "请输入要查找的文字")
    if all(len(term) == 1 for term in terms):
        raise FieldInvalidError("text", "请至少输入两个相连的字")
    return terms


async def _of_newest(
    conn: Any, terms: Sequence[str], search: Search, limit: int
) -> tuple[list[int], datetime | None]:
    """Those among the newest that an index has apart, and before when to go on; none: all done."""
    apart = _apart(search)
    if apart is None:
        return [], search.before
    newest = await newest_ids(conn, apart, NEWEST)
    last = search.since - _INSTANT
    if len(newest) == NEWEST:  # others may have been opened in the same instant as the last of them
        last = await _QUERIES.opening(conn, case_id=newest[-1])
    rows = _QUERIES.among(
        conn,
        case_ids=newest,
        query=query_of(terms),
        source=search.source,
        after=last,
        limit=limit,
    )
    found = await _read(rows)
    all_done = len(newest) < NEWEST or len(found) == limit
    return found, None if all_done else last + _INSTANT


def _apart(search: Search) -> Search | None:
    """What is wanted, or more than that, if it is few of all cases and an index tells the newest.

    How a case came counts alone, and if not by telephone, as most do; else it is looked at later.
    """
    if search.departments is None and len(search.states) == len(CaseState):
        rare = search.source not in {None, CaseSource.PHONE}
        return search if rare and search.categories is None and search.opener is None else None
    if search.departments is not None:
        most = MANY if CaseState.CLOSED in search.states else DISTRICT
        if len(search.departments) > most:
            return None
    return replace(search, source=None)


def _wanted(search: Search) -> dict[str, Any]:
    which: dict[str, Any] = {"states": search.states, "categories": search.categories}
    which |= {"opener": search.opener, "source": search.source}
    return {**which, **search.placed, **search.sight, **search.period}


async def _page(
    conn: Any, case_ids: Sequence[int], wanted: Wanted, stopped_at: datetime | None = None
) -> Found:
    """A full page may have more behind it, one that is not only what was not looked at."""
    cases = await case_store.by_ids(conn, case_ids)
    if len(cases) == wanted.limit:
        return Found(cases, cases[-1].opened_at)
    return Found(cases, stopped_at)


async def _read(rows: Any) -> list[int]:
    return [row["case_id"] async for row in rows]
