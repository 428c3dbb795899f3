"""The agent controls his own call: each command is confirmed by the switchboard or refused."""

import re
from typing import Annotated, Any, Self

import structlog
from pydantic import Field, model_validator

from gateway.auth.roles import AGENTS
from gateway.commands import Command, CommandName
from gateway.conferences import note_consultation
from gateway.database_away import DATABASE_AWAY
from gateway.http.call_api import call_for, concerned
from gateway.http.commanding import RINGING_DEADLINE_S, Confirmed, carry_out, seat_holder
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import CALL_ID, QUEUE, Agent, CallId
from gateway.http.problems import Problem, not_found
from gateway.users import holder_of, list_users
from telephony.events import SeatState

NUMBER = r"^[0-9]{2,20}$"
Number = Annotated[str, Field(pattern=NUMBER)]
CALL = f"/api/v1/calls/{{call_id:{CALL_ID}}}"
PROBLEMS = (404, 409, 504)

log = structlog.get_logger(__name__)


class Party(Strict):
    """Somebody to speak with: a colleague by his agent number, or a number."""

    agent: Agent | None = None
    number: Number | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.agent is None) == (self.number is None):
            raise ValueError("agent 和 number 必须且只能填写一个")
        return self


class Destination(Strict):
    """Where a caller is passed on to: a colleague, a number, or a queue."""

    agent: Agent | None = None
    number: Number | None = None
    queue: Annotated[str, Field(pattern=QUEUE)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(one is not None for one in (self.agent, self.number, self.queue)) != 1:
            raise ValueError("agent、number 和 queue 必须且只能填写一个")
        return self


class Dialling(Strict):
    """What to dial: a number, or the caller of one of the agent's calls, without seeing it."""

    number: Number | None = None
    call_id: CallId | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.number is None) == (self.call_id is None):
            raise ValueError("number 和 call_id 必须且只能填写一个")
        return self


class Colleague(Answer):
    """Another seat that may be called."""

    agent: str
    display_name: str
    extension: str
    state: SeatState


class Directory(Answer):
    """Whom a caller can be passed on to."""

    colleagues: list[Colleague]
    queues: list[str]


@endpoint("GET", "/api/v1/directory", access=AGENTS, answer=Directory)
async def get_directory(inquiry: Inquiry[Nothing, Nothing]) -> Directory:
    """Colleagues of the same switchboard with what their seats do, and its queues."""
    async with inquiry.services.database() as connection:
        users = await list_users(connection)
    home, live = inquiry.person.switchboard, inquiry.services.live
    seats = [seat for seat in await live.seats() if seat["switchboard"] == home]
    states = {seat["agent"]: seat["state"] for seat in seats}
    people = [user.person for user in users if user.active and user.person.switchboard == home]
    others = [person for person in people if person != inquiry.person]
    colleagues = [
        Colleague(
            agent=person.agent,
            display_name=person.display_name,
            extension=person.extension,
            state=states.get(person.agent, SeatState.LOGGED_OUT),
        )
        for person in others
        if person.agent is not None and person.extension is not None
    ]
    return Directory(colleagues=colleagues, queues=list((await live.link(home)).queues))


@endpoint("POST", f"{CALL}/hangup", access=AGENTS, answer=Confirmed, status=202, problems=PROBLEMS)
async def hang_up(inquiry: Inquiry[Nothing, Nothing]) -> Confirmed:
    """Leave the call: the caller goes on to the rating."""
    return await _of_call(inquiry, CommandName.HANG_UP)


@endpoint(
    "POST", "/api/v1/seat/hangup", access=AGENTS, answer=Confirmed, status=202, problems=(409, 504)
)
async def hang_up_phone(inquiry: Inquiry[Nothing, Nothing]) -> Confirmed:
    """End whatever the own phone is busy with, a call dialled by the agent say."""
    agent, extension = seat_holder(inquiry.person)
    command = Command(name=CommandName.HANG_UP, agent=agent, extension=extension)
    return await carry_out(inquiry.services, inquiry.person.switchboard, command)


@endpoint(
    "POST",
    f"{CALL}/transfer",
    access=AGENTS,
    body=Destination,
    answer=Confirmed,
    status=202,
    problems=PROBLEMS,
)
async def transfer(inquiry: Inquiry[Destination, Nothing]) -> Confirmed:
    """Pass the caller on and leave the call at once."""
    to = inquiry.body
    number = await _number(inquiry, to.agent, to.number)
    return await _of_call(inquiry, CommandName.TRANSFER, number=number, queue=to.queue or "")


@endpoint(
    "POST",
    f"{CALL}/consult",
    access=AGENTS,
    body=Party,
    answer=Confirmed,
    status=202,
    problems=PROBLEMS,
)
async def consult(inquiry: Inquiry[Party, Nothing]) -> Confirmed:
    """Let the caller wait and call somebody else."""
    number = await _number(inquiry, inquiry.body.agent, inquiry.body.number)
    confirmed = await _of_call(inquiry, CommandName.CONSULT, number=number)
    await _note(inquiry, number)
    return confirmed


async def _note(inquiry: Inquiry[Party, Nothing], number: str) -> None:
    """Remember whom the agent called; he speaks with them whether that can be stored or not."""
    agent, _ = seat_holder(inquiry.person)
    call_id, at = inquiry.path("call_id"), inquiry.services.clock()
    try:
        async with inquiry.services.database() as connection:
            await note_consultation(connection, call_id, agent=agent, number=number, at=at)
    except DATABASE_AWAY as error:
        log.warning("consultation_not_noted", call_id=call_id, error=type(error).__name__)


@endpoint(
    "POST",
    f"{CALL}/consult/complete",
    access=AGENTS,
    answer=Confirmed,
    status=202,
    problems=PROBLEMS,
)
async def complete_consultation(inquiry: Inquiry[Nothing, Nothing]) -> Confirmed:
    """Leave the caller with who was consulted."""
    return await _of_call(inquiry, CommandName.COMPLETE_CONSULTATION)


@endpoint(
    "POST",
    f"{CALL}/consult/cancel",
    access=AGENTS,
    answer=Confirmed,
    status=202,
    problems=PROBLEMS,
)
async def cancel_consultation(inquiry: Inquiry[Nothing, Nothing]) -> Confirmed:
    """Go back to the caller."""
    return await _of_call(inquiry, CommandName.CANCEL_CONSULTATION)


@endpoint(
    "POST", f"{CALL}/conference", access=AGENTS, answer=Confirmed, status=202, problems=PROBLEMS
)
async def conference(inquiry: Inquiry[Nothing, Nothing]) -> Confirmed:
    """Bring who is consulted into the call (三方通话)."""
    return await _of_call(inquiry, CommandName.CONFERENCE)


@endpoint(
    "POST",
    "/api/v1/dial",
    access=AGENTS,
    body=Dialling,
    answer=Confirmed,
    status=202,
    problems=PROBLEMS,
    deadline_s=RINGING_DEADLINE_S,
)
async def dial(inquiry: Inquiry[Dialling, Nothing]) -> Confirmed:
    """Ring the own phone; when it is answered, dial the number, or the caller of a call."""
    agent, extension = seat_holder(inquiry.person)
    number = inquiry.body.number or await _caller(inquiry)
    command = Command(name=CommandName.DIAL, agent=agent, extension=extension, number=number)
    return await carry_out(inquiry.services, inquiry.person.switchboard, command)


async def _caller(inquiry: Inquiry[Dialling, Nothing]) -> str:
    call_id = inquiry.body.call_id or ""
    async with inquiry.services.database() as connection:
        call = await call_for(inquiry.services, connection, inquiry.person, call_id)
    if not re.fullmatch(NUMBER, call["caller"]):
        raise Problem(409, "这个来电没有可回拨的号码")
    return str(call["caller"])


async def _of_call(
    inquiry: Inquiry[Any, Nothing], name: CommandName, *, number: str = "", queue: str = ""
) -> Confirmed:
    """Have ``name`` done to the call of the path; raises 404 when it is none of this agent's."""
    agent, extension = seat_holder(inquiry.person)
    call_id, services = inquiry.path("call_id"), inquiry.services
    live = await services.live.call(call_id)
    if live is None or not await concerned(services.live, inquiry.person, live.data, live):
        raise not_found("通话")
    command = Command(
        name=name,
        agent=agent,
        extension=extension,
        call_id=call_id,
        number=number,
        queue=queue,
    )
    return await carry_out(services, inquiry.person.switchboard, command)


async def _number(inquiry: Inquiry[Any, Nothing], agent: str | None, number: str | None) -> str:
    """The number to call: a colleague's extension, or what was given."""
    if agent is None:
        return number or ""
    async with inquiry.services.database() as connection:
        colleague = await holder_of(connection, inquiry.person.switchboard, agent)
    if colleague is None or colleague.extension is None:
        raise Problem(404, "没有这个坐席")
    return colleague.extension


ENDPOINTS = (
    get_directory,
    hang_up,
    hang_up_phone,
    transfer,
    consult,
    complete_consultation,
    cancel_consultation,
    conference,
    dial,
)
