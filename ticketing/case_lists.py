"""Lists of cases: filters, who may see what, newest first, page by page."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from ticketing import case_store
from ticketing.case import Actor, ActorRole, Case, CaseSource
from ticketing.case_walks import QUERIES, Search, newest_ids
from ticketing.categories import categories_named
from ticketing.departments import departments_named, with_all_below
from ticketing.lifecycle import INBOX, CaseState, Party
from ticketing.visibility import sight

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
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
    Opened from ``opened_from`` on and before ``opened_to``; ``before`` is where a page goes on.
    """

    scope: Scope = Scope.ALL
    state: CaseState | None = None
    category: str | None = None
    department: str | None = None
    source: CaseSource | None = None
    opened_from: datetime | None = None
    opened_to: datetime | None = None
    before: datetime | None = None
    limit: int = 50


async def list_cases(conn: Any, wanted: Wanted, actor: Actor) -> list[Case]:
    """Cases as ``actor`` may see them, newest first; raises what `search_for` raises."""
    search = await search_for(conn, wanted, actor)
    if search is None:
        return []
    return await case_store.by_ids(conn, await newest_ids(conn, search, wanted.limit))


async def search_for(conn: Any, wanted: Wanted, actor: Actor) -> Search | None:
    """What is to be searched for; ``None`` when nothing can be found.

    Raises `FieldInvalidError` for a category or a department that is not there.
    """
    states = _states(wanted, actor)
    departments = await _departments(conn, wanted, actor)
    categories = await categories_named(conn, wanted.category)
    since = wanted.opened_from or _BEGINNING
    before = min(wanted.before or _END_OF_TIME, wanted.opened_to or _END_OF_TIME)
    if not states or departments == [] or before <= since:
        return None
    own = wanted.scope is Scope.MINE and actor.department_id is None
    return Search(
        states=states,
        departments=departments,
        parts=["lead", "assisting", "responsible"] if wanted.scope is Scope.ALL else ["lead"],
        categories=categories,
        source=wanted.source,
        opener=actor.user_id if own else None,
        **sight(actor),
        own=actor.department_id,
        since=since,
        before=before,
    )


async def hidden_numbers(conn: Any, numbers: Collection[str], actor: Actor) -> set[str]:
    """Those of these numbers that are of confidential cases which ``actor`` does not see."""
    if not numbers:
        return set()
    search = await search_for(conn, Wanted(), actor)
    if search is None:
        return set(numbers)
    rows = QUERIES.hidden_numbers(conn, numbers=list(numbers), **search.placed, **search.sight)
    return {row["case_no"] async for row in rows}


async def inbox_counts(conn: Any, actor: Actor) -> dict[CaseState, int]:
    """How many cases the actor's department has open, by state; nothing for other people."""
    if actor.department_id is None:
        return {}
    states = (*INBOX[Party.LEAD], CaseState.REPLIED, CaseState.RETURN_ASKED)
    rows = QUERIES.counts_of_departments(conn, department=actor.department_id, states=list(states))
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
    chosen = await departments_named(conn, wanted.department)
    if chosen is None:
        return allowed
    return chosen if allowed is None else sorted(set(chosen) & set(allowed))
