"""Which queues the seats of others serve (综合、专席), for supervisors."""

from typing import Annotated, Any

from pydantic import Field

from gateway.auth.roles import SUPERVISORS
from gateway.commands import Command, CommandName
from gateway.http.commanding import Confirmed
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import QueueName
from gateway.http.problems import FieldProblem, Problem
from gateway.http.supervising import PROBLEMS, SEAT, Holder, SeatAt, act_on_seat, seat_of_path
from gateway.users import assign_queues, queues_of


class Assignment(Strict):
    """The queues that a seat serves; none stands for all."""

    queues: Annotated[list[QueueName], Field(max_length=100)]


class SeatQueues(Answer):
    """The ``assigned`` queues of a seat, none stands for all, of all there are where it is.

    ``logged_in`` are those it is in now.
    """

    assigned: list[str]
    queues: list[str]
    logged_in: list[str]


@endpoint(
    "GET",
    f"{SEAT}/queues",
    access=SUPERVISORS,
    query=SeatAt,
    answer=SeatQueues,
    problems=(404, 409),
)
async def get_queues(inquiry: Inquiry[Nothing, SeatAt]) -> SeatQueues:
    """Which queues a seat serves, and which it could serve."""
    async with inquiry.services.database() as connection:
        person = await seat_of_path(inquiry, connection)
        switchboard, agent = person.switchboard, person.agent or ""
        assigned = await queues_of(connection, switchboard, agent)
    seat = await inquiry.services.live.seat(switchboard, agent)
    return SeatQueues(
        assigned=list(assigned),
        queues=list(inquiry.settings.at(switchboard).queues),
        logged_in=seat["queues"] if seat else [],
    )


@endpoint(
    "PUT",
    f"{SEAT}/queues",
    access=SUPERVISORS,
    body=Assignment,
    query=SeatAt,
    answer=Confirmed,
    status=202,
    problems=(*PROBLEMS, 422),
)
async def assign(inquiry: Inquiry[Assignment, SeatAt]) -> Confirmed:
    """Say which queues a seat serves (综合、专席), from now on if it is logged in."""
    queues, settings = tuple(inquiry.body.queues), inquiry.settings

    async def command(connection: Any, holder: Holder) -> Command:
        if unknown := set(queues) - set(settings.at(holder.switchboard).queues):
            wrong = FieldProblem("queues", f"没有队列 {'、'.join(sorted(unknown))}")
            raise Problem(422, "没有这个队列", errors=[wrong])
        await assign_queues(connection, holder.switchboard, holder.agent, queues)
        name = CommandName.SERVE_QUEUES
        return Command(name=name, agent=holder.agent, extension=holder.extension, queues=queues)

    reason = "、".join(queues)
    return await act_on_seat(inquiry, CommandName.SERVE_QUEUES, command, reason=reason)


ENDPOINTS = (get_queues, assign)
