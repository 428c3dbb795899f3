"""Supervisors act on the seats of others: every such act is in the audit log, with its outcome."""

from typing import Annotated, Any

from pydantic import Field

from gateway.audit import Act, record
from gateway.auth.roles import SUPERVISORS, Person
from gateway.commands import Command, CommandName
from gateway.http.commanding import RINGING_DEADLINE_S, Confirmed, carry_out
from gateway.http.endpoint import Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import AGENT, SWITCHBOARD
from gateway.http.problems import Problem, not_found
from gateway.http.seat_api import SeatOrder
from gateway.users import holders_of

SEAT = f"/api/v1/seats/{{agent:{AGENT}}}"
PROBLEMS = (404, 409, 504)
_AT_OWN_PHONE = frozenset(
    {CommandName.LISTEN, CommandName.WHISPER, CommandName.BARGE, CommandName.TAKE_OVER}
)


class SeatAt(Strict):
    """At which switchboard the seat is; needed where several have its agent number."""

    switchboard: Annotated[str, Field(pattern=SWITCHBOARD)] | None = None


@endpoint(
    "PUT",
    f"{SEAT}/state",
    access=SUPERVISORS,
    query=SeatAt,
    body=SeatOrder,
    answer=Confirmed,
    status=202,
    problems=PROBLEMS,
)
async def force_state(inquiry: Inquiry[SeatOrder, SeatAt]) -> Confirmed:
    """Make a seat ready or not ready, or log it out (强制就绪、示忙、签出)."""
    order = inquiry.body
    return await _act(inquiry, CommandName(order.state), reason=order.reason or "")


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


async def _act(inquiry: Inquiry[Any, SeatAt], name: CommandName, *, reason: str = "") -> Confirmed:
    """Have ``name`` done to the seat of the path; nothing is done that the audit log lacks."""
    services = inquiry.services
    async with services.database() as connection:
        holder = await _holder(inquiry, connection)
    switchboard, agent, extension = holder.switchboard, holder.agent or "", holder.extension or ""
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
    command = Command(
        name=name,
        agent=agent,
        extension=extension,
        reason=reason,
        supervisor=_own_extension(inquiry.person, switchboard) if name in _AT_OWN_PHONE else "",
    )
    async with services.database() as connection:
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


ENDPOINTS = (force_state, listen, whisper, barge, take_over, cut)
