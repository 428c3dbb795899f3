"""Cases by their light. A light is a range of deadlines of running clocks, which an index has."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ticketing import case_store
from ticketing.case import Case
from ticketing.clocks.lights import Light
from ticketing.clocks.queries import QUERIES
from ticketing.errors import CaseNotFoundError
from ticketing.lifecycle import CaseState

_BEHIND_ALL = 2**63 - 1


async def lit_cases(  # noqa: PLR0913  # the parts of a list
    conn: Any,
    light: Light,
    *,
    now: datetime,
    state: CaseState | None = None,
    after: str | None = None,
    limit: int = 50,
) -> list[Case]:
    """Cases whose most pressing running clock shows `light`.

    Sorted by deadline, the soonest first, those without one by registration; from behind the case
    `after` on, if given (raises `CaseNotFoundError` when there is none of this number).
    """
    deadline, case_id = await _place(conn, after)
    if light in {Light.PAUSED, Light.UNDATED}:
        rows = QUERIES.timeless_cases(
            conn, paused=light is Light.PAUSED, after_case=case_id, state=state, limit=limit
        )
        return await _cases(conn, [row["case_id"] async for row in rows])
    if light is not Light.RED and (deadline is None or deadline <= now):
        deadline, case_id = now, _BEHIND_ALL
    rows = QUERIES.dated_cases(
        conn,
        from_deadline=deadline,
        from_case=case_id,
        deadline_until=now if light is Light.RED else None,
        yellow_after=now if light is Light.GREEN else None,
        yellow_until=now if light is Light.YELLOW else None,
        state=state,
        limit=limit,
    )
    return await _cases(conn, [row["case_id"] async for row in rows])


async def _cases(conn: Any, case_ids: Sequence[int]) -> list[Case]:
    """The cases in the order of their ids here."""
    found = {case.case_id: case for case in await case_store.by_ids(conn, case_ids)}
    return [found[case_id] for case_id in case_ids]


async def _place(conn: Any, after: str | None) -> tuple[datetime | None, int]:
    if after is None:
        return None, 0
    row = await QUERIES.place_of_case(conn, case_no=after)
    if row is None:
        raise CaseNotFoundError(f"没有编号为{after}的工单")
    return row["deadline"], row["case_id"]
