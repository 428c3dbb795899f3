"""The supervisor's board of cases: how many stand how, by state, light and department.

Every number is one that a filtered list (`ticketing.case_lists`) shows for the same person.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

from ticketing.case import Actor
from ticketing.clocks.lights import Light
from ticketing.departments import Level
from ticketing.lifecycle import ENDED, CaseState
from ticketing.supervision.queries import QUERIES
from ticketing.visibility import sight

OPEN = tuple(state for state in CaseState if state not in ENDED)
_LEVELS = {level.number: level for level in Level}


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentLoad:
    """Open cases of a department with all below it: in charge of them, or assisting.

    By state; ``red`` and ``yellow`` by the light of the most pressing clock.
    """

    code: str
    name: str
    level: Level
    parent: str | None
    open: int
    dispatched: int
    accepted: int
    handling: int
    replied: int
    return_asked: int
    red: int
    yellow: int

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `open_by_department`."""
        same = {field.name: row[field.name] for field in fields(cls) if field.name != "level"}
        return cls(level=_LEVELS[row["level"]], **same)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseBoard:
    """How the open cases stand, and what was opened and closed since midnight."""

    states: dict[CaseState, int]
    lights: dict[Light, int]
    opened_today: int
    closed_today: int
    departments: list[DepartmentLoad]


async def case_board(conn: Any, actor: Actor, *, now: datetime, midnight: datetime) -> CaseBoard:
    """The board as ``actor``, who belongs to no department, may see it."""
    viewer = sight(actor)
    by_state = QUERIES.open_by_state(conn, **viewer)
    states = {row["state"]: row["cases"] async for row in by_state}
    by_light = QUERIES.open_by_light(conn, now=now, **viewer)
    lights = {row["light"]: row["cases"] async for row in by_light}
    today = await QUERIES.since_midnight(conn, midnight=midnight, **viewer)
    loads = QUERIES.open_by_department(conn, now=now, see_all=viewer["see_all"])
    return CaseBoard(
        states={state: states.get(state, 0) for state in OPEN},
        lights={light: lights.get(light, 0) for light in Light},
        opened_today=today["opened"],
        closed_today=today["closed"],
        departments=[DepartmentLoad.from_row(row) async for row in loads],
    )
