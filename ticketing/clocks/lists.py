"""Cases by their light. A light is a range of deadlines of running clocks, which an index has."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ticketing import case_store
from ticketing.case import Actor, Case
from ticketing.case_lists import Wanted, search_for
from ticketing.case_walks import FEW, Search, few_ids
from ticketing.clocks.lights import Light
from ticketing.clocks.queries import QUERIES
from ticketing.lifecycle import ENDED

_BEHIND_ALL = 2**63 - 1

_Place = tuple[datetime | None, int]  # behind a deadline, and the case that has it


async def lit_cases(
    conn: Any,
    light: Light,
    wanted: Wanted,
    actor: Actor,
    *,
    now: datetime,
    after: Case | None = None,
) -> list[Case]:
    """Cases whose most pressing running clock shows `light`, of those `wanted` and to be seen.

    Sorted by deadline, the soonest first, those without one by registration; from behind the case
    `after` on, if given (`wanted.before` is of lists by registration). Raises what
    `case_lists.search_for` raises.
    """
    search = await search_for(conn, wanted, actor)
    if search is None:
        return []
    place = await _place(conn, after)
    if light in {Light.PAUSED, Light.UNDATED}:
        paused = light is Light.PAUSED
        rows = QUERIES.timeless_cases(
            conn, paused=paused, after_case=place[1], limit=wanted.limit, **_wanted(search)
        )
        return await _cases(conn, [row["case_id"] async for row in rows])
    return await _cases(conn, await _dated(conn, search, _range(light, place, now), wanted.limit))


async def _dated(conn: Any, search: Search, within: Mapping[str, Any], limit: int) -> list[int]:
    """Of few cases each is looked up, however many other clocks run; no ended one has a clock."""
    states = [state for state in search.states if state not in ENDED]
    few = await few_ids(conn, replace(search, states=states), FEW) if states else []
    if few is None:
        rows = QUERIES.dated_cases(conn, limit=limit, **within, **_wanted(search))
    else:
        seen = {"source": search.source, **search.placed, **search.sight}
        rows = QUERIES.dated_among(conn, case_ids=few, limit=limit, **within, **seen)
    return [row["case_id"] async for row in rows]


def _wanted(search: Search) -> dict[str, Any]:
    which = {
        "states": search.states,
        "categories": search.categories,
        "opener": search.opener,
        "source": search.source,
    }
    return {**which, **search.placed, **search.sight, **search.period}


def _range(light: Light, place: _Place, now: datetime) -> dict[str, Any]:
    """Which deadlines of running clocks make up a light, from a place on."""
    deadline, case_id = place
    if light is not Light.RED and (deadline is None or deadline <= now):
        deadline, case_id = now, _BEHIND_ALL
    return {
        "from_deadline": deadline,
        "from_case": case_id,
        "deadline_until": now if light is Light.RED else None,
        "yellow_after": now if light is Light.GREEN else None,
        "yellow_until": now if light is Light.YELLOW else None,
    }


async def _cases(conn: Any, case_ids: Sequence[int]) -> list[Case]:
    """The cases in the order of their ids here."""
    found = {case.case_id: case for case in await case_store.by_ids(conn, case_ids)}
    return [found[case_id] for case_id in case_ids]


async def _place(conn: Any, after: Case | None) -> _Place:
    """Where the list goes on; the clocks of that case may have changed since it was listed."""
    if after is None:
        return None, 0
    row = await QUERIES.place_of_case(conn, case_id=after.case_id)
    return row["deadline"], after.case_id
