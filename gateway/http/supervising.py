"""Acts of supervisors on seats: each is in the audit log, with its outcome."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from gateway.audit import Act, record
from gateway.auth.roles import Person
from gateway.commands import Command, CommandName
from gateway.http.commanding import Confirmed, carry_out
from gateway.http.endpoint import Inquiry, Strict
from gateway.http.fields import AGENT, SWITCHBOARD
from gateway.http.problems import Problem, not_found
from gateway.users import holders_of

SEAT = f"/api/v1/seats/{{agent:{AGENT}}}"
PROBLEMS = (404, 409, 504)


class SeatAt(Strict):
    """At which switchboard the seat is; needed where several have its agent number."""

    switchboard: Annotated[str, Field(pattern=SWITCHBOARD)] | None = None


class Holder(NamedTuple):
    """The seat that is acted on."""

    switchboard: str
    agent: str
    extension: str


Making = Callable[[Any, Holder], Awaitable[Command]]


async def act_on_seat(
    inquiry: Inquiry[Any, SeatAt],
    name: CommandName,
    making: Making,
    *,
    reason: str = "",
) -> Confirmed:
    """Have ``name`` done to the seat of the path; nothing is done that the audit log lacks.

    ``making`` makes the command of a connection and the seat. Raises the 404, 409, 504 `Problem`.
    """
    services = inquiry.services
    async with services.database() as connection:
        person = await seat_of_path(inquiry, connection)
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
    async with services.database() as connection, connection.transaction():
        command = await making(connection, holder)
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


async def seat_of_path(inquiry: Inquiry[Any, SeatAt], connection: Any) -> Person:
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
