"""Supervisors force the states of seats, and listen to, join and end their conversations."""

from typing import Any

from gateway.auth.roles import SUPERVISORS, Person
from gateway.commands import Command, CommandName
from gateway.http.commanding import RINGING_DEADLINE_S, Confirmed
from gateway.http.endpoint import Inquiry, Nothing, endpoint
from gateway.http.problems import Problem
from gateway.http.seat_api import SeatOrder
from gateway.http.supervising import PROBLEMS, SEAT, Holder, SeatAt, act_on_seat
from gateway.users import queues_of

_AT_OWN_PHONE = frozenset(
    {CommandName.LISTEN, CommandName.WHISPER, CommandName.BARGE, CommandName.TAKE_OVER}
)


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

    return await act_on_seat(inquiry, CommandName(order.state), command, reason=order.reason or "")


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
    return await _plainly(inquiry, CommandName.LISTEN)


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
    return await _plainly(inquiry, CommandName.WHISPER)


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
    return await _plainly(inquiry, CommandName.BARGE)


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
    return await _plainly(inquiry, CommandName.TAKE_OVER)


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
    return await _plainly(inquiry, CommandName.CUT)


async def _plainly(inquiry: Inquiry[Nothing, SeatAt], name: CommandName) -> Confirmed:
    async def command(_connection: Any, holder: Holder) -> Command:
        at_phone = name in _AT_OWN_PHONE
        supervisor = _own_extension(inquiry.person, holder.switchboard) if at_phone else ""
        return Command(
            name=name, agent=holder.agent, extension=holder.extension, supervisor=supervisor
        )

    return await act_on_seat(inquiry, name, command)


def _own_extension(person: Person, switchboard: str) -> str:
    if person.extension is None:
        raise Problem(409, "您的账号没有配置分机，不能在话机上参与通话")
    if person.switchboard != switchboard:
        raise Problem(409, "该坐席在另一台交换机上，您的话机不能参与那里的通话")
    return person.extension


ENDPOINTS = (force_state, listen, whisper, barge, take_over, cut)
