"""Supervisors act on the seats of others: every such act is in the audit log, with its outcome."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from pydantic import Field

from gateway.audit import Act, record
from gateway.auth.roles import SUPERVISORS, Person
from gateway.commands import Command, CommandName
from gateway.http.commanding import RINGING_DEADLINE_S, Confirmed, carry_out
from gateway.http.endpoint import Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import AGENT, QueueName
from gateway.http.problems import FieldProblem, Problem, not_found
from gateway.http.seat_api import SeatOrder
from gateway.users import assign_queues, holder_of, queues_of

SEAT = f"/api/v1/seats/{{agent:{AGENT}}}"
PROBLEMS = (404, 409, 504)

Making = Callable[[Any, str, str], Awaitable[Command]]


class Assignment(Strict):
    """The queues that a seat serves; none stands for all."""

    queues: Annotated[list[QueueName], Field(max_length=100)]


@endpoint(
    "PUT",
    f"{SEAT}/state",
    access=SUPERVISORS,
    body=SeatOrder,
    answer=Confirmed,
    status=202,
    problems=(*PROBLEMS, 422),
)
async def force_state(inquiry: Inquiry[SeatOrder, Nothing]) -> Confirmed:
    """Make a seat ready or not ready, or log it out (强制就绪、示忙、签出)."""
    order, reasons = inquiry.body, inquiry.settings.not_ready_reasons

    async def command(connection: Any, agent: str, extension: str) -> Command:
        return order.command(agent, extension, await queues_of(connection, agent), reasons)

    return await _act(inquiry, CommandName(order.state), command, reason=order.reason or "")


@endpoint(
    "PUT",
    f"{SEAT}/queues",
    access=SUPERVISORS,
    body=Assignment,
    answer=Confirmed,
    status=202,
    problems=(*PROBLEMS, 422),
)
async def assign(inquiry: Inquiry[Assignment, Nothing]) -> Confirmed:
    """Say which queues a seat serves (综合、专席), from now on if it is logged in."""
    queues = tuple(inquiry.body.queues)
    if unknown := set(queues) - set(inquiry.settings.queues):
        wrong = FieldProblem("queues", f"没有队列 {'、'.join(sorted(unknown))}")
        raise Problem(422, "没有这个队列", errors=[wrong])

    async def command(connection: Any, agent: str, extension: str) -> Command:
        await assign_queues(connection, agent, queues)
        name = CommandName.SERVE_QUEUES
        return Command(name=name, agent=agent, extension=extension, queues=queues)

    reason = "、".join(queues)
    return await _act(inquiry, CommandName.SERVE_QUEUES, command, reason=reason)


@endpoint(
    "POST",
    f"{SEAT}/listen",
    access=SUPERVISORS,
    answer=Confirmed,
    status=202,
    problems=PROBLEMS,
    deadline_s=RINGING_DEADLINE_S,
)
async def listen(inquiry: Inquiry[Nothing, Nothing]) -> Confirmed:
    """Hear a seat's conversation at the own phone, unheard (监听)."""
    return await _act(inquiry, CommandName.LISTEN)


@endpoint(
    "POST",
    f"{SEAT}/whisper",
    access=SUPERVISORS,
    answer=Confirmed,
    status=202,
    problems=PROBLEMS,
    deadline_s=RINGING_DEADLINE_S,
)
async def whisper(inquiry: Inquiry[Nothing, Nothing]) -> Confirmed:
    """Hear a seat's conversation and speak to the agent alone (密语)."""
    return await _act(inquiry, CommandName.WHISPER)


@endpoint(
    "POST",
    f"{SEAT}/barge",
    access=SUPERVISORS,
    answer=Confirmed,
    status=202,
    problems=PROBLEMS,
    deadline_s=RINGING_DEADLINE_S,
)
async def barge(inquiry: Inquiry[Nothing, Nothing]) -> Confirmed:
    """Join a seat's conversation, heard by both (强插)."""
    return await _act(inquiry, CommandName.BARGE)


@endpoint(
    "POST",
    f"{SEAT}/take-over",
    access=SUPERVISORS,
    answer=Confirmed,
    status=202,
    problems=PROBLEMS,
    deadline_s=RINGING_DEADLINE_S,
)
async def take_over(inquiry: Inquiry[Nothing, Nothing]) -> Confirmed:
    """Take the caller from a seat to the own phone (接管)."""
    return await _act(inquiry, CommandName.TAKE_OVER)


@endpoint(
    "POST", f"{SEAT}/hangup", access=SUPERVISORS, answer=Confirmed, status=202, problems=PROBLEMS
)
async def cut(inquiry: Inquiry[Nothing, Nothing]) -> Confirmed:
    """End a seat's conversation, for the caller too (强拆)."""
    return await _act(inquiry, CommandName.CUT)


def _plainly(inquiry: Inquiry[Any, Nothing], name: CommandName) -> Making:
    async def command(_connection: Any, agent: str, extension: str) -> Command:
        supervisor = _own_extension(inquiry.person, name)
        return Command(name=name, agent=agent, extension=extension, supervisor=supervisor)

    return command


async def _act(
    inquiry: Inquiry[Any, Nothing],
    name: CommandName,
    making: Making | None = None,
    *,
    reason: str = "",
) -> Confirmed:
    """Have ``name`` done to the seat of the path; nothing is done that the audit log lacks.

    ``making`` makes the command of a connection, the agent's number and his extension.
    """
    agent, services = inquiry.path("agent"), inquiry.services
    seat = await services.live.seat(agent)
    act = Act(
        actor=inquiry.person.login,
        action=f"seat.{name.value}",
        subject=agent,
        detail={"call_id": seat["call_id"] if seat else None, "reason": reason},
    )
    async with services.database() as connection, connection.transaction():
        holder = await holder_of(connection, agent)
        if holder is None or holder.extension is None:
            raise not_found("坐席")
        make = making or _plainly(inquiry, name)
        command = await make(connection, agent, holder.extension)
        await record(connection, act, "asked", at=services.clock())
    outcome = "unknown"
    try:
        confirmed = await carry_out(services, command)
        outcome = "done"
    except Problem as problem:
        outcome = problem.detail
        raise
    finally:
        async with services.database() as connection:
            await record(connection, act, outcome, at=services.clock())
    return confirmed


def _own_extension(person: Person, name: CommandName) -> str:
    if name is CommandName.CUT:
        return ""
    if person.extension is None:
        raise Problem(409, "您的账号没有配置分机，不能在话机上参与通话")
    return person.extension


ENDPOINTS = (force_state, assign, listen, whisper, barge, take_over, cut)
