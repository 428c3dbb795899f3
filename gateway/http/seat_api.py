"""The agent's own seat, and all seats for those who oversee them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gateway.auth.roles import AGENTS, OVERSEERS, SUPERVISORS
from gateway.commands import Command, CommandName
from gateway.http.commanding import Confirmed, carry_out, seat_holder, seat_queues
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import Extension
from gateway.http.problems import FieldProblem, Problem
from gateway.live_state import Fields
from gateway.users import User, list_users
from telephony.events import SeatState

MAX_PHONES = 2


class Seat(Answer):
    """A seat; ``since`` is when it entered ``state``, unknown before it was first seen.

    ``extension`` is the agent's own, ``extensions`` are those he is logged in at.
    """

    switchboard: str
    agent: str
    extension: str | None
    extensions: list[str]
    state: SeatState
    reason: str
    queues: list[str]
    since: datetime | None
    call_id: str | None


class NamedSeat(Seat):
    """A seat with the name of its agent, empty for a number that no user has."""

    display_name: str


class SeatOrder(Strict):
    """What is wanted of a seat; ``reason``, one of the configured ones, is for ``not_ready``.

    ``extensions`` are the phones that it is to be logged in with; without them they stay.
    """

    state: Literal["ready", "not_ready", "logged_out"]
    reason: Annotated[str, Field(max_length=12)] | None = None
    extensions: Annotated[list[Extension], Field(min_length=1, max_length=MAX_PHONES)] | None = None

    @model_validator(mode="after")
    def _belongs(self) -> Self:
        if (self.state == "not_ready") != (self.reason is not None):
            raise ValueError("reason 在 state 为 not_ready 时必须填写，其他时候不能填写")
        if self.state == "logged_out" and self.extensions is not None:
            raise ValueError("签出时不能填写 extensions")
        return self

    def command(
        self, agent: str, extension: str, queues: tuple[str, ...], reasons: tuple[str, ...]
    ) -> Command:
        """The command for it; raises the 422 `Problem` for a reason that is not configured."""
        if self.reason is not None and self.reason not in reasons:
            wrong = FieldProblem("reason", f"只能是 {'、'.join(reasons)} 之一")
            raise Problem(422, "示忙原因不在可选范围内", errors=[wrong])
        return Command(
            agent=agent,
            extension=extension,
            name=CommandName(self.state),
            reason=self.reason or "",
            queues=queues,
            extensions=tuple(self.extensions or ()),
        )


class SeatChoices(Answer):
    """What can be chosen at a seat; ``wrap_up_prolong_s`` is what one prolongation adds."""

    reasons: list[str]
    queues: list[str]
    wrap_up_prolong_s: float


class Accepted(Answer):
    """The switchboard accepted it; the event ``seat.changed`` confirms it."""

    agent: str
    state: str


SHOWN = ("state", "reason", "queues", "extensions", "call_id")


def seat_of(switchboard: str, agent: str, extension: str | None, fields: Fields | None) -> Seat:
    """The seat as it was last seen, or logged out when it never was."""
    if fields is None:
        return Seat(
            switchboard=switchboard,
            agent=agent,
            extension=extension,
            extensions=[],
            state=SeatState.LOGGED_OUT,
            reason="",
            queues=[],
            since=None,
            call_id=None,
        )
    known = {name: fields[name] for name in SHOWN}
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
    problems=(409, 422, 504),
)
async def change_seat(inquiry: Inquiry[SeatOrder, Nothing]) -> Accepted:
    """Log in and be ready, be not ready with a reason, or log out."""
    agent, extension = seat_holder(inquiry.person)
    order, services, at = inquiry.body, inquiry.services, inquiry.person.switchboard
    queues = await seat_queues(services, at, agent)
    reasons = inquiry.settings.not_ready_reasons
    await carry_out(services, at, order.command(agent, extension, queues, reasons))
    return Accepted(agent=agent, state=order.state)


@endpoint("GET", "/api/v1/seat/choices", access=AGENTS | SUPERVISORS, answer=SeatChoices)
async def get_choices(inquiry: Inquiry[Nothing, Nothing]) -> SeatChoices:
    """Reasons of not ready, all queues, and how wrap-up is prolonged."""
    settings = inquiry.settings.at(inquiry.person.switchboard)
    return SeatChoices(
        reasons=list(settings.not_ready_reasons),
        queues=list(settings.queues),
        wrap_up_prolong_s=settings.wrap_up_prolong_s,
    )


@endpoint(
    "POST",
    "/api/v1/seat/wrap-up/finish",
    access=AGENTS,
    answer=Confirmed,
    status=202,
    problems=(409, 504),
)
async def finish_wrap_up(inquiry: Inquiry[Nothing, Nothing]) -> Confirmed:
    """Be done with the wrap-up (完成): the switchboard gives calls at once."""
    return await _wrap_up(inquiry, CommandName.FINISH_WRAP_UP)


@endpoint(
    "POST",
    "/api/v1/seat/wrap-up/prolong",
    access=AGENTS,
    answer=Confirmed,
    status=202,
    problems=(409, 504),
)
async def prolong_wrap_up(inquiry: Inquiry[Nothing, Nothing]) -> Confirmed:
    """Have more time for the wrap-up (延长), up to the longest that is allowed."""
    return await _wrap_up(inquiry, CommandName.PROLONG_WRAP_UP)


async def _wrap_up(inquiry: Inquiry[Nothing, Nothing], name: CommandName) -> Confirmed:
    agent, extension = seat_holder(inquiry.person)
    command = Command(name=name, agent=agent, extension=extension)
    return await carry_out(inquiry.services, inquiry.person.switchboard, command)


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


ENDPOINTS = (get_seat, change_seat, get_choices, finish_wrap_up, prolong_wrap_up, get_seats)
