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


async def list_cases(conn: Any, wanted: Wanted, actor: Actor) -> list[Case]:
    """Cases as ``actor`` may see them, newest first.

    Raises `FieldInvalidError` for a category or a department that is not there, or is none of his.
    """
    states = _states(wanted, actor)
    departments = await _departments(conn, wanted, actor)
    if not states or departments == []:
        return []
    own = wanted.scope is Scope.MINE and actor.department_id is None
    conditions: dict[str, Any] = {
        "states": states,
        "opener": actor.user_id if own else None,
        "see_all": actor.role is ActorRole.SUPERVISOR,
        "viewer": actor.user_id,
        "before": wanted.before or _END_OF_TIME,
        "limit": wanted.limit,
    }
    rows = await _rows(conn, wanted, actor, departments, conditions)
    return await case_store.by_ids(conn, [row["case_id"] async for row in rows])


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
    return below if allowed is None else [each for each in below if each in set(allowed)]


async def _rows(
    conn: Any,
    wanted: Wanted,
    actor: Actor,
    departments: list[int] | None,
    conditions: Mapping[str, Any],
) -> Any:
    """The query that walks the index which is narrowest for what is wanted."""
    placed = {
        "departments": departments,
        "parts": ["lead", "assisting"] if wanted.scope is Scope.ALL else ["lead"],
        "own": actor.department_id,
    }
    if wanted.category is not None:
        try:
            category = await find_category(conn, wanted.category)
        except NotFoundError as error:
            raise FieldInvalidError("category", str(error)) from None
        return _QUERIES.of_category(conn, category=category.category_id, **placed, **conditions)
    if departments is not None:
        return _QUERIES.of_departments(conn, **placed, **conditions)
    if conditions["opener"] is not None:
        mine = {name: conditions[name] for name in ("opener", "states", "before", "limit")}
        return _QUERIES.of_opener(conn, **mine)
    if len(conditions["states"]) < len(CaseState):
        some = {name: value for name, value in conditions.items() if name != "opener"}
        return _QUERIES.of_states(conn, **some)
    every = {n: v for n, v in conditions.items() if n not in ("states", "opener")}
    return _QUERIES.newest(conn, **every)
