"""The supervisor's board of cases: how many stand how, each number a filtered list of cases."""

from datetime import datetime, time

from gateway.auth.roles import OVERSEERS
from gateway.http.actors import actor_of
from gateway.http.endpoint import Answer, Inquiry, Nothing, endpoint
from ticketing.clocks.lights import Light
from ticketing.clocks.working_time import CITY
from ticketing.lifecycle import CaseState
from ticketing.supervision.board import DepartmentLoad, case_board


class CaseBoardAnswer(Answer):
    """How the open cases stand at ``at``; a case whose clocks all stopped has no light.

    ``departments`` has those with open cases, from the top level down.
    """

    at: datetime
    states: dict[CaseState, int]
    lights: dict[Light, int]
    opened_today: int
    closed_today: int
    departments: list[DepartmentLoad]


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
        departments=board.departments,
    )


ENDPOINTS = (get_case_board,)
