"""The supervisor's board of cases: how many stand how, each number a filtered list of cases."""

from datetime import datetime, time

from gateway.auth.roles import OVERSEERS
from gateway.http.actors import actor_of
from gateway.http.endpoint import Answer, Inquiry, Nothing, endpoint
from ticketing.clocks.lights import Light
from ticketing.clocks.working_time import CITY
from ticketing.departments import Level
from ticketing.lifecycle import CaseState
from ticketing.supervision.board import DepartmentLoad, case_board


class DepartmentLoadAnswer(Answer):
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


class CaseBoardAnswer(Answer):
    """How the open cases stand at ``at``; a case whose clocks all stopped has no light.

    ``departments`` has those with open cases, from the top level down.
    """

    at: datetime
    states: dict[CaseState, int]
    lights: dict[Light, int]
    opened_today: int
    closed_today: int
    departments: list[DepartmentLoadAnswer]


@endpoint("GET", "/api/v1/case-board", access=OVERSEERS, answer=CaseBoardAnswer)
async def get_case_board(inquiry: Inquiry[Nothing, Nothing]) -> CaseBoardAnswer:
    """How many of the cases that one may see stand how."""
    now = inquiry.services.clock()
    midnight = datetime.combine(now.astimezone(CITY).date(), time(), CITY)
    async with inquiry.services.database() as connection:
        board = await case_board(connection, actor_of(inquiry.person), now=now, midnight=midnight)
    return CaseBoardAnswer(
        at=now,
        states=board.states,
        lights=board.lights,
        opened_today=board.opened_today,
        closed_today=board.closed_today,
        departments=[_load(load) for load in board.departments],
    )


def _load(load: DepartmentLoad) -> DepartmentLoadAnswer:
    return DepartmentLoadAnswer(
        **{name: getattr(load, name) for name in DepartmentLoadAnswer.model_fields}
    )


ENDPOINTS = (get_case_board,)
