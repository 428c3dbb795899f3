"""Supervisors act on the seats of others: every such act is in the audit log, with its outcome."""

from typing import Any

from gateway.audit import Act, record
from gateway.auth.roles import SUPERVISORS, Person
from gateway.commands import Command, CommandName
from gateway.http.commanding import RINGING_DEADLINE_S, Confirmed, carry_out
from gateway.http.endpoint import Inquiry, Nothing, endpoint
from gateway.http.fields import AGENT
from gateway.http.problems import Problem, not_found
from gateway.http.seat_api import SeatOrder
from gateway.users import holder_of

SEAT = f"/api/v1/seats/{{agent:{AGENT}}}"
PROBLEMS = (404, 409, 504)


@endpoint(
    "PUT",
    f"{SEAT}/state",
    access=SUPERVISORS,
    body=SeatOrder,
    answer=Confirmed,
    status=202,
    problems=PROBLEMS,
)
async def force_state(inquiry: Inquiry[SeatOrder, Nothing]) -> Confirmed:
    """Make a seat ready or not ready, or log it out (强制就绪、示忙、签出)."""
    order = inquiry.body
    return await _act(inquiry, CommandName(order.state), reason=order.reason or "")


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


async def _act(inquiry: Inquiry[Any, Nothing], name: CommandName, *, reason: str = "") -> Confirmed:
    """Have ``name`` done to the seat of the path; nothing is done that the audit log lacks."""
    agent, services = inquiry.path("agent"), inquiry.services
    seat = await services.live.seat(agent)
    act = Act(
        actor=inquiry.person.login,
        action=f"seat.{name.value}",
        subject=agent,
        detail={"call_id": seat["call_id"] if seat else None, "reason": reason},
    )
    async with services.database() as connection:
        holder = await holder_of(connection, agent)
        if holder is None or holder.extension is None:
            raise not_found("坐席")
        command = Command(
            name=name,
            agent=agent,
            extension=holder.extension,
            reason=reason,
            supervisor="" if name.is_of_seat else _own_extension(inquiry.person, name),
        )
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


ENDPOINTS = (force_state, listen, whisper, barge, take_over, cut)
