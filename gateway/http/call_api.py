"""Calls: those an agent has had a part in, or all for those who oversee them."""

from typing import Annotated, Any, Literal

from pydantic import Field

from callback_survey.ringback.tasks import rings_back
from gateway.auth.roles import STAFF, Person
from gateway.http.actors import actor_of
from gateway.http.call_answers import Call, masked_call
from gateway.http.call_history import calls_before, stored_call
from gateway.http.endpoint import Answer, Inquiry, Nothing, endpoint
from gateway.http.fields import CALL_ID, LINE, Page
from gateway.http.problems import Problem, not_found
from gateway.http.rating import RatingAnswer, rating_answer
from gateway.http.recording_sight import may_be_offered
from gateway.http.services import LiveState, Services
from gateway.live_state import Fields, LiveCall, concerns
from metrics.seats import seconds_of_call
from telephony.events import LineMode
from ticketing.cases import case_of_call
from ticketing.visibility import staff_sees


class CallFilter(Page):
    """A part of the list of calls: of one line, one mode, one district, if given."""

    line: Annotated[str, Field(pattern=f"^{LINE}$")] | None = None
    mode: LineMode | Literal["undefined"] | None = None
    district: Annotated[str, Field(max_length=32, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None


class SeatTime(Answer):
    """What a call took of one agent's seat, by its recorded states."""

    agent: str
    ringing_s: float
    talk_s: float
    hold_s: float
    wrap_up_s: float


class CallDetail(Call):
    """A call with what followed from it; ``seats``: its times by seat, the wrap-up after it too.

    ``recording``: whether there is one for whoever asks to hear.
    """

    recording: bool
    seats: list[SeatTime]
    case_no: str | None
    rating: RatingAnswer | None


@endpoint("GET", "/api/v1/calls", access=STAFF, query=CallFilter, answer=list[Call])
async def list_calls(inquiry: Inquiry[Nothing, CallFilter]) -> list[Call]:
    """Calls, newest first: the agent's own, all for who oversees."""
    person, wanted = inquiry.person, inquiry.query
    own = None if person.oversees else (person.switchboard, _agent(person))
    async with inquiry.services.database() as connection:
        calls = await calls_before(
            connection,
            own=own,
            before=wanted.before,
            limit=wanted.limit,
            line=wanted.line,
            mode=wanted.mode,
            district=wanted.district,
        )
    return [masked_call(call) for call in calls]


@endpoint("GET", f"/api/v1/calls/{{call_id:{CALL_ID}}}", access=STAFF, answer=CallDetail)
async def get_call(inquiry: Inquiry[Nothing, Nothing]) -> CallDetail:
    """One call, its case number and its rating."""
    call_id = inquiry.path("call_id")
    async with inquiry.services.database() as connection:
        call = await call_for(inquiry.services, connection, inquiry.person, call_id)
        case = await case_of_call(connection, call_id)
        rating = await rating_answer(connection, call_id)
        now = inquiry.services.clock()
        spent = await seconds_of_call(connection, call_id, now=now)
    seen = case is not None and staff_sees(case, actor_of(inquiry.person))
    case_no = case.case_no if case and seen else None
    seats = [
        SeatTime(
            agent=agent,
            ringing_s=one.ringing_s,
            talk_s=one.talking_s,
            hold_s=one.hold_s,
            wrap_up_s=one.wrap_up_s,
        )
        for (_, agent), one in sorted(spent.items())
    ]
    fields = masked_call(call).model_dump()
    recording = await may_be_offered(inquiry, call, case)
    return CallDetail(**fields, recording=recording, seats=seats, case_no=case_no, rating=rating)


async def call_for(services: Services, connection: Any, person: Person, call_id: str) -> Fields:
    """A call that ``person`` may see, the caller in full; the live one if it is known.

    An agent sees those he has had a part in, and missed ones whose callers he rang back.

    Raises the 404 `Problem` alike for a call that is not there and one of somebody else.
    """
    live = await services.live.call(call_id)
    call = live.data if live else await stored_call(connection, call_id)
    if call is None:
        raise not_found("通话")
    own = person.oversees or await concerned(services.live, person, call, live)
    if not own and not await rings_back(connection, call_id, person.switchboard, _agent(person)):
        raise not_found("通话")
    return call


async def concerned(state: LiveState, person: Person, call: Fields, live: LiveCall | None) -> bool:
    """Whether ``call`` is or was a call of this agent's."""
    agent = _agent(person)
    if call["switchboard"] != person.switchboard:
        return False
    if concerns(call, person.switchboard, agent) or (live is not None and agent in live.agents):
        return True
    seat = await state.seat(person.switchboard, agent)  # rings, its event lost with Redis
    return seat is not None and seat["call_id"] == call["call_id"]


def _agent(person: Person) -> str:
    if person.agent is None:
        raise Problem(403, "您的账号没有配置工号")
    return person.agent


ENDPOINTS = (list_calls, get_call)
