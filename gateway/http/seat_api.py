"""The agent's own seat, and all seats for those who oversee them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, Self

from pydantic import model_validator

from gateway.auth.roles import AGENTS, OVERSEERS
from gateway.commands import Command, CommandName
from gateway.http.commanding import carry_out, seat_holder
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.live_state import Fields
from gateway.users import User, list_users
from telephony.events import SeatState

Reason = Literal["小休", "就餐", "培训", "会议"]


class Seat(Answer):
    """A seat; ``since`` is when it entered ``state``, unknown before it was first seen."""

    switchboard: str
    agent: str
    extension: str | None
    state: SeatState
    reason: str
    queues: list[str]
    since: datetime | None
    call_id: str | None


class NamedSeat(Seat):
    """A seat with the name of its agent, empty for a number that no user has."""

    display_name: str


class SeatOrder(Strict):
    """What the agent wants of the seat; ``reason`` belongs to ``not_ready`` alone."""

    state: Literal["ready", "not_ready", "logged_out"]
    reason: Reason | None = None

    @model_validator(mode="after")
    def _reason_belongs_to_not_ready(self) -> Self:
        if (self.state == "not_ready") != (self.reason is not None):
            raise ValueError("reason 在 state 为 not_ready 时必须填写，其他时候不能填写")
        return self


class Accepted(Answer):
    """The switchboard accepted it; the event ``seat.changed`` confirms it."""

    agent: str
    state: str


def seat_of(switchboard: str, agent: str, extension: str | None, fields: Fields | None) -> Seat:
    """The seat as it was last seen, or logged out when it never was."""
    if fields is None:
        return Seat(
            switchboard=switchboard,
            agent=agent,
            extension=extension,
            state=SeatState.LOGGED_OUT,
            reason="",
            queues=[],
            since=None,
            call_id=None,
        )
    known = {name: fields[name] for name in ("state", "reason", "queues", "call_id")}
    return Seat(
        switchboard=switchboard, agent=agent, extension=extension, since=fields["at"], **known
    )


@endpoint("GET", "/api/v1/seat", access=AGENTS, answer=Seat)
async def get_seat(inquiry: Inquiry[Nothing, Nothing]) -> Seat:
    """The agent's own seat."""
    agent, extension = seat_holder(inquiry.person)
    name = inquiry.person.switchboard
    return seat_of(name, agent, extension, await inquiry.services.live.seat(name, agent))


@endpoint(
    "PUT",
    "/api/v1/seat",
    access=AGENTS,
    body=SeatOrder,
    answer=Accepted,
    status=202,
    problems=(409, 504),
)
async def change_seat(inquiry: Inquiry[SeatOrder, Nothing]) -> Accepted:
    """Log in and be ready, be not ready with a reason, or log out."""
    agent, extension = seat_holder(inquiry.person)
    order = inquiry.body
    command = Command(
        agent=agent,
        extension=extension,
        name=CommandName(order.state),
        reason=order.reason or "",
    )
    await carry_out(inquiry.services, inquiry.person.switchboard, command)
    return Accepted(agent=agent, state=order.state)


@endpoint("GET", "/api/v1/seats", access=OVERSEERS, answer=list[NamedSeat])
async def get_seats(inquiry: Inquiry[Nothing, Nothing]) -> list[NamedSeat]:
    """Every seat: those of the users and those only the switchboard knows."""
    async with inquiry.services.database() as connection:
        users = await list_users(connection)
    return named_seats(users, await inquiry.services.live.seats())


def named_seats(users: Iterable[User], seen: Iterable[Fields]) -> list[NamedSeat]:
    """All seats by switchboard and agent: of the people who hold one, and those that were seen."""
    people = [user.person for user in users if user.active]
    holders = {(one.switchboard, one.agent): one for one in people if one.agent is not None}
    fields_of = {(fields["switchboard"], fields["agent"]): fields for fields in seen}
    named = []
    for key in sorted(fields_of.keys() | holders.keys()):
        holder = holders.get(key)
        switchboard, agent = key
        seat = seat_of(switchboard, agent, holder.extension if holder else None, fields_of.get(key))
        name = holder.display_name if holder else ""
        named.append(NamedSeat(**seat.model_dump(), display_name=name))
    return named


ENDPOINTS = (get_seat, change_seat, get_seats)
