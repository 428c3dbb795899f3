"""Which index is walked for the cases that a list is to hold."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import aiosql

from ticketing.case import CaseSource
from ticketing.lifecycle import ENDED, CaseState

QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "case_lists.sql", "asyncpg")
MANY = 20  # departments; of fewer each is asked for its newest cases
PROBE = 3000  # cases that are looked at before that
RANGES = 3000  # of an index by department and category; with more of them a page is soon found
DISTRICT = 300  # departments, with those of its streets
FEW = 2000
"""Cases that are looked up one by one; of more, a page is found soon by walking another index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which cases are wanted, of those that the actor may see, as the queries are told.

    ``states`` and ``departments`` are never empty; ``departments`` none: of any or none, and so
    ``categories``. ``since`` and ``before`` are of the registration.
    """

    states: list[CaseState]
    departments: list[int] | None
    parts: list[str]
    categories: list[int] | None
    source: CaseSource | None
    opener: int | None
    see_all: bool
    viewer: int
    own: int | None
    since: datetime
    before: datetime

    @property
    def placed(self) -> Mapping[str, Any]:
        """Whose business the cases are to be."""
        return {"departments": self.departments, "parts": self.parts}

    @property
    def sight(self) -> Mapping[str, Any]:
        """Who looks."""
        return {"see_all": self.see_all, "viewer": self.viewer, "own": self.own}

    @property
    def period(self) -> Mapping[str, Any]:
        """When they were opened."""
        return {"since": self.since, "before": self.before}

    @property
    def only_open(self) -> bool:
        """Whether what has ended is left out: by far the most of all cases."""
        return not ENDED & set(self.states)


async def newest_ids(conn: Any, search: Search, limit: int) -> list[int]:
    """Ids of cases, newest first, by the query that walks the narrowest index."""
    every: dict[str, Any] = {**search.sight, **search.period, "limit": limit}
    which = {**search.placed, "states": search.states, "categories": search.categories, **every}
    if search.source is not None:
        return await _of_source(conn, search, which)
    if search.opener is not None:
        return await _read(QUERIES.of_opener(conn, opener=search.opener, **which))
    if search.departments is not None:
        return await _of_departments(conn, search, search.departments, which)
    if search.categories is not None:
        return await _read(QUERIES.of_categories(conn, **which))
    del every["own"]  # which sees more among a department's cases only
    if len(search.states) < len(CaseState):
        return await _read(QUERIES.of_states(conn, states=search.states, **every))
    return await _read(QUERIES.newest(conn, **every))


async def few_ids(conn: Any, search: Search, most: int) -> list[int] | None:
    """Ids of all cases that are wanted, in no order, or none if there are more than ``most``.

    Whether they are to be seen, and how they came, is not asked. None, too, where no index tells
    how many there are, or of so many departments that there are hardly few.
    """
    if search.departments is not None and len(search.departments) > DISTRICT:
        return None
    which = {"states": search.states, "categories": search.categories, **search.period}
    which["limit"] = most + 1
    if search.opener is not None:
        if search.departments is not None:
            return None
        rows = QUERIES.some_of_opener(conn, opener=search.opener, **which)
    elif search.departments is not None:
        rows = QUERIES.some_of_departments(conn, **search.placed, **which)
    elif search.categories is not None:
        rows = QUERIES.some_of_categories(conn, **which)
    elif set(search.states) < set(CaseState) - ENDED:
        del which["categories"]
        rows = QUERIES.some_of_states(conn, **which)
    else:
        return None
    found = list(dict.fromkeys(await _read(rows)))
    return found if len(found) <= most else None


async def _of_source(conn: Any, search: Search, which: Mapping[str, Any]) -> list[int]:
    """What is rare among all cases is rare among those that came that way, by far most by phone."""
    few = await few_ids(conn, search, FEW)
    if few is None:
        of = {"source": search.source, "opener": search.opener}
        return await _read(QUERIES.of_source(conn, **of, **which))
    of_few = {"case_ids": few, "source": search.source, "limit": which["limit"]}
    return await _read(QUERIES.newest_among(conn, **of_few, **search.placed, **search.sight))


async def _of_departments(
    conn: Any, search: Search, departments: list[int], which: Mapping[str, Any]
) -> list[int]:
    if search.categories is None:
        found = await _recent(conn, search, departments, which)
        if len(found) == which["limit"]:
            return found
    elif not search.only_open:
        if len(departments) * len(search.categories) > RANGES:
            return await _read(QUERIES.of_categories(conn, **which))
        return await _read(QUERIES.of_departments_by_category(conn, **which))
    return await _read(QUERIES.of_departments(conn, **which))


async def _recent(
    conn: Any, search: Search, departments: list[int], which: Mapping[str, Any]
) -> list[int]:
    """Of many departments those among the newest cases, where a page is mostly found."""
    if len(departments) <= MANY:
        return []
    common = {key: which[key] for key in which if key not in {"states", "categories"}}
    if len(search.states) == len(CaseState):
        return await _read(QUERIES.recent_of_departments(conn, probe=PROBE, **common))
    if len(search.states) == 1:
        (state,) = search.states
        rows = QUERIES.recent_of_departments_in_state(conn, state=state, probe=PROBE, **common)
        return await _read(rows)
    return []


async def _read(rows: Any) -> list[int]:
    return [row["case_id"] async for row in rows]
