"""Supervisors act on the seats of others: every such act is in the audit log, with its outcome."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from gateway.audit import Act, record
from gateway.auth.roles import SUPERVISORS, Person
from gateway.commands import Command, CommandName
from gateway.http.commanding import RINGING_DEADLINE_S, Confirmed, carry_out
from gateway.http.endpoint import Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import AGENT, SWITCHBOARD, QueueName
from gateway.http.problems import FieldProblem, Problem, not_found
from gateway.http.seat_api import SeatOrder
from gateway.users import assign_queues, holders_of, queues_of

SEAT = f"/api/v1/seats/{{agent:{AGENT}}}"
PROBLEMS = (404, 409, 504)
_AT_OWN_PHONE = frozenset(
    {CommandName.LISTEN, CommandName.WHISPER, CommandName.BARGE, CommandName.TAKE_OVER}
)


class SeatAt(Strict):
    """At which switchboard the seat is; needed where several have its agent number."""

    switchboard: Annotated[str, Field(pattern=SWITCHBOARD)] | None = None


class Holder(NamedTuple):
    """The seat that is acted on."""

    switchboard: str
    agent: str
    extension: str


Making = Callable[[Any, Holder], Awaitable[Command]]


class Assignment(Strict):
    """The queues that a seat serves; none stands for all."""

    queues: Annotated[list[QueueName], Field(max_length=100)]


@endpoint(
    "PUT",
    f"{SEAT}/state",
    access=SUPERVISORS,
    query=SeatAt,
    body=SeatOrder,
    answer=Confirmed,
    status=202,
    problems=(*PROBLEMS, 422),
)
async def force_state(inquiry: Inquiry[SeatOrder, SeatAt]) -> Confirmed:
    """Make a seat ready or not ready, or log it out (强制就绪、示忙、签出)."""
    order, reasons = inquiry.body, inquiry.settings.not_ready_reasons

    async def command(connection: Any, holder: Holder) -> Command:
        queues = await queues_of(connection, holder.switchboard, holder.agent)
        return order.command(holder.agent, holder.extension, queues, reasons)

    return await _act(inquiry, CommandName(order.state), command, reason=order.reason or "")


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
    return await _act(inquiry, CommandName.SERVE_QUEUES, command, reason=reason)


@endpoint(
    "POST",
    f"{SEAT}/listen",
    access=SUPERVISORS,
    query=SeatAt,
    answer=Confirmed,
    status=202,
    problems=PROBLEMS,
    deadline_s=RINGING_DEADLINE_S,
)
async def listen(inquiry: Inquiry[Nothing, SeatAt]) -> Confirmed:
    """Hear a seat's conversation at the own phone, unheard (监听)."""
    return await _act(inquiry, CommandName.LISTEN)


@endpoint(
    "POST",
    f"{SEAT}/whisper",
    access=SUPERVISORS,
    query=SeatAt,
    answer=Confirmed,
    status=202,
    problems=PROBLEMS,
    deadline_s=RINGING_DEADLINE_S,
)
async def whisper(inquiry: Inquiry[Nothing, SeatAt]) -> Confirmed:
    """Hear a seat's conversation and speak to the agent alone (密语)."""
    return await _act(inquiry, CommandName.WHISPER)


@endpoint(
    "POST",
    f"{SEAT}/barge",
    access=SUPERVISORS,
    query=SeatAt,
    answer=Confirmed,
    status=202,
    problems=PROBLEMS,
    deadline_s=RINGING_DEADLINE_S,
)
async def barge(inquiry: Inquiry[Nothing, SeatAt]) -> Confirmed:
    """Join a seat's conversation, heard by both (强插)."""
    return await _act(inquiry, CommandName.BARGE)


@endpoint(
    "POST",
    f"{SEAT}/take-over",
    access=SUPERVISORS,
    query=SeatAt,
    answer=Confirmed,
    status=202,
    problems=PROBLEMS,
    deadline_s=RINGING_DEADLINE_S,
)
async def take_over(inquiry: Inquiry[Nothing, SeatAt]) -> Confirmed:
    """Take the caller from a seat to the own phone (接管)."""
    return await _act(inquiry, CommandName.TAKE_OVER)


@endpoint(
    "POST",
    f"{SEAT}/hangup",
    access=SUPERVISORS,
    query=SeatAt,
    answer=Confirmed,
    status=202,
    problems=PROBLEMS,
)
async def cut(inquiry: Inquiry[Nothing, SeatAt]) -> Confirmed:
    """End a seat's conversation, for the caller too (强拆)."""
    return await _act(inquiry, CommandName.CUT)


def _plainly(inquiry: Inquiry[Any, SeatAt], name: CommandName) -> Making:
    async def command(_connection: Any, holder: Holder) -> Command:
        at_phone = name in _AT_OWN_PHONE
        supervisor = _own_extension(inquiry.person, holder.switchboard) if at_phone else ""
        return Command(
            name=name, agent=holder.agent, extension=holder.extension, supervisor=supervisor
        )

    return command


async def _act(
    inquiry: Inquiry[Any, SeatAt],
    name: CommandName,
    making: Making | None = None,
    *,
    reason: str = "",
) -> Confirmed:
    """Have ``name`` done to the seat of the path; nothing is done that the audit log lacks.

    ``making`` makes the command of a connection and the seat.
    """
    services = inquiry.services
    async with services.database() as connection:
        person = await _holder(inquiry, connection)
    holder = Holder(person.switchboard, person.agent or "", person.extension or "")
    switchboard, agent = holder.switchboard, holder.agent
    seat = await services.live.seat(switchboard, agent)
    act = Act(
        actor=inquiry.person.login,
        action=f"seat.{name.value}",
        subject=agent,
        detail={
            "switchboard": switchboard,
            "call_id": seat["call_id"] if seat else None,
            "reason": reason,
        },
    )
    make = making or _plainly(inquiry, name)
    async with services.database() as connection, connection.transaction():
        command = await make(connection, holder)
        await record(connection, act, "asked", at=services.clock())
    outcome = "unknown"
    try:
        confirmed = await carry_out(services, switchboard, command)
        outcome = "done"
    except Problem as problem:
        outcome = problem.detail
        raise
    finally:
        async with services.database() as connection:
            await record(connection, act, outcome, at=services.clock())
    return confirmed


async def _holder(inquiry: Inquiry[Any, SeatAt], connection: Any) -> Person:
    """Who holds the seat of the path; raises the 404 or, for a number of several, 409 `Problem`."""
    named = inquiry.query.switchboard
    holders = [
        holder
        for holder in await holders_of(connection, inquiry.path("agent"))
        if holder.extension is not None and named in {None, holder.switchboard}
    ]
    if not holders:
        raise not_found("坐席")
    if len(holders) > 1:
        raise Problem(409, "几台交换机上都有这个工号，请用 switchboard 指明是哪一台")
    return holders[0]


def _own_extension(person: Person, switchboard: str) -> str:
    if person.extension is None:
        raise Problem(409, "您的账号没有配置分机，不能在话机上参与通话")
    if person.switchboard != switchboard:
        raise Problem(409, "该坐席在另一台交换机上，您的话机不能参与那里的通话")
    return person.extension


ENDPOINTS = (force_state, assign, listen, whisper, barge, take_over, cut)
