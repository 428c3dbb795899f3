"""Lists of cases: filters, who may see what, newest first, page by page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import aiosql

from ticketing import case_store
from ticketing.case import Actor, ActorRole, Case
from ticketing.categories import find_category
from ticketing.departments import find_department, with_all_below
from ticketing.errors import FieldInvalidError, NotFoundError
from ticketing.lifecycle import INBOX, CaseState, Party

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "case_lists.sql", "asyncpg")
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
MANY = 20  # departments; of fewer each is asked for its newest cases
PROBE = 3000  # cases that are looked at before that


class Scope(StrEnum):
    """Whose cases: all that one may see, one's own, those where it is one's turn (待办)."""

    ALL = "all"
    MINE = "mine"
    INBOX = "inbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a list is to hold; ``category`` and ``department`` are codes, with all below them.

    For department people their own cases are those of which their department is in charge.
    """

    scope: Scope = Scope.ALL
    state: CaseState | None = None
    category: str | None = None
    department: str | None = None
    before: datetime | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which cases are wanted, of those that the actor may see, as the queries are told.

    ``states`` and ``departments`` are never empty; ``departments`` none: of any or none.
    """

    states: list[CaseState]
    departments: list[int] | None
    parts: list[str]
    category: int | None
    opener: int | None
    see_all: bool
    viewer: int
    own: int | None

    @property
    def placed(self) -> Mapping[str, Any]:
        """Whose business the cases are to be."""
        return {"departments": self.departments, "parts": self.parts}

    @property
    def sight(self) -> Mapping[str, Any]:
        """Who looks."""
        return {"see_all": self.see_all, "viewer": self.viewer}


async def list_cases(conn: Any, wanted: Wanted, actor: Actor) -> list[Case]:
    """Cases as ``actor`` may see them, newest first; raises what `search_for` raises."""
    search = await search_for(conn, wanted, actor)
    if search is None:
        return []
    part = {"before": wanted.before or _END_OF_TIME, "limit": wanted.limit}
    return await case_store.by_ids(conn, await _ids(conn, search, part))


async def search_for(conn: Any, wanted: Wanted, actor: Actor) -> Search | None:
    """What is to be searched for; ``None`` when nothing can be found.

    Raises `FieldInvalidError` for a category or a department that is not there.
    """
    states = _states(wanted, actor)
    departments = await _departments(conn, wanted, actor)
    category = await _category(conn, wanted.category)
    if not states or departments == []:
        return None
    own = wanted.scope is Scope.MINE and actor.department_id is None
    return Search(
        states=states,
        departments=departments,
        parts=["lead", "assisting", "responsible"] if wanted.scope is Scope.ALL else ["lead"],
        category=category,
        opener=actor.user_id if own else None,
        see_all=actor.role is ActorRole.SUPERVISOR,
        viewer=actor.user_id,
        own=actor.department_id,
    )


async def inbox_counts(conn: Any, actor: Actor) -> dict[CaseState, int]:
    """How many cases the actor's department has open, by state; nothing for other people."""
    if actor.department_id is None:
        return {}
    states = (*INBOX[Party.LEAD], CaseState.REPLIED, CaseState.RETURN_ASKED)
    rows = _QUERIES.counts_of_departments(conn, department=actor.department_id, states=list(states))
    found = {CaseState(row["state"]): row["cases"] async for row in rows}
    return {state: found.get(state, 0) for state in states}


def _states(wanted: Wanted, actor: Actor) -> list[CaseState]:
    party = Party.LEAD if actor.role is ActorRole.DEPARTMENT else Party(actor.role)
    offered = INBOX.get(party, ()) if wanted.scope is Scope.INBOX else tuple(CaseState)
    return [state for state in offered if wanted.state in (None, state)]


async def _departments(conn: Any, wanted: Wanted, actor: Actor) -> list[int] | None:
    """Ids of the departments whose cases are wanted and may be seen; ``None``: of any or none."""
    allowed = None
    if actor.department_id is not None:
        narrow = wanted.scope is not Scope.ALL
        allowed = (
            [actor.department_id] if narrow else await with_all_below(conn, actor.department_id)
        )
    if wanted.department is None:
        return allowed
    try:
        chosen = await find_department(conn, wanted.department)
    except NotFoundError as error:
        raise FieldInvalidError("department", str(error)) from None
    below = await with_all_below(conn, chosen.department_id)
    return below if allowed is None else sorted(set(below) & set(allowed))


async def _category(conn: Any, code: str | None) -> int | None:
    if code is None:
        return None
    try:
        return (await find_category(conn, code)).category_id
    except NotFoundError as error:
        raise FieldInvalidError("category", str(error)) from None


async def _ids(conn: Any, search: Search, part: Mapping[str, Any]) -> list[int]:
    """By the query that walks the index which is narrowest for what is wanted."""
    states, viewer = search.states, search.sight
    if search.category is not None:
        return await _of_category(conn, search, part)
    if search.opener is not None:
        mine = {"opener": search.opener, "states": states, **search.placed}
        return await _read(_QUERIES.of_opener(conn, **mine, **part))
    if search.departments is not None:
        return await _of_departments(conn, search, part)
    if len(states) < len(CaseState):
        return await _read(_QUERIES.of_states(conn, states=states, **viewer, **part))
    return await _read(_QUERIES.newest(conn, **viewer, **part))


async def _of_category(conn: Any, search: Search, part: Mapping[str, Any]) -> list[int]:
    rows = _QUERIES.of_category(
        conn,
        category=search.category,
        states=search.states,
        opener=search.opener,
        own=search.own,
        **search.placed,
        **search.sight,
        **part,
    )
    return await _read(rows)


async def _of_departments(conn: Any, search: Search, part: Mapping[str, Any]) -> list[int]:
    """Of many departments first among the newest cases, where a page is mostly found."""
    states, limit = search.states, part["limit"]
    common = {"own": search.own, **search.placed, **search.sight, **part}
    if len(search.departments or ()) > MANY:
        found: list[int] = []
        if len(states) == len(CaseState):
            found = await _read(_QUERIES.recent_of_departments(conn, probe=PROBE, **common))
        elif len(states) == 1:
            rows = _QUERIES.recent_of_departments_in_state(
                conn, state=states[0], probe=PROBE, **common
            )
            found = await _read(rows)
        if len(found) == limit:
            return found
    return await _read(_QUERIES.of_departments(conn, states=states, **common))


async def _read(rows: Any) -> list[int]:
    return [row["case_id"] async for row in rows]
