"""The steps of a case (C4): one endpoint for all of them, as the table of the lifecycle has it."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from gateway.auth.roles import CASE_STEPPERS
from gateway.case_audience import audience_of
from gateway.case_clocks import timing_of
from gateway.http.actors import actor_of, as_problems
from gateway.http.case_answers import CaseAnswer, full_case
from gateway.http.case_events import tell, tell_step
from gateway.http.case_sight import case_for
from gateway.http.endpoint import Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import CASE_NO, PLAIN, Code, Version
from gateway.http.services import Services
from ticketing.case import RESULT_MAX
from ticketing.clocks.following import follow_step
from ticketing.lifecycle import Matter, Step, Trigger
from ticketing.steps import (
    ASSISTING_MAX,
    DAYS_MAX,
    HOURS_MAX,
    REASON_MAX,
    StepRequest,
    Taken,
    take_step,
)

CASE_PATH = f"/api/v1/cases/{{case_no:{CASE_NO}}}"

Words = Annotated[str, Field(min_length=1, max_length=REASON_MAX), PLAIN]


class StepForm(Strict):
    """A step and the ``version`` of the case that whoever takes it has seen.

    Which of the other fields it needs and takes is told with the case (``allowed``). Departments
    and category are codes, ``target`` is the number of the case that this one is merged into,
    ``matter`` what it is separated as, ``hours`` those within which departments that are called in
    report.
    """

    step: Step
    version: Version
    reason: Words | None = None
    result: Annotated[str, Field(min_length=1, max_length=RESULT_MAX), PLAIN] | None = None
    note: Words | None = None
    department: Code | None = None
    assisting: Annotated[tuple[Code, ...], Field(max_length=ASSISTING_MAX)] = ()
    category: Code | None = None
    target: Annotated[str, Field(pattern=f"^{CASE_NO}$")] | None = None
    days: Annotated[int, Field(ge=1, le=DAYS_MAX)] | None = None
    hours: Annotated[int, Field(ge=1, le=HOURS_MAX)] | None = None
    contribution: Annotated[str, Field(min_length=1, max_length=RESULT_MAX), PLAIN] | None = None
    matter: Matter | None = None


@endpoint(
    "POST",
    f"{CASE_PATH}/steps",
    access=CASE_STEPPERS,
    body=StepForm,
    answer=CaseAnswer,
    problems=(404, 409),
)
async def take_case_step(inquiry: Inquiry[StepForm, Nothing]) -> CaseAnswer:
    """Take a step of a case, unless it was changed since it was read."""
    wanted = StepRequest(**inquiry.body.model_dump())
    return await take(inquiry, wanted)


@dataclass(frozen=True, slots=True)
class Performed:
    """A step that was taken, and the departments that are told of it once it is committed."""

    taken: Taken
    informed: set[str]
    others: set[str]


async def take(inquiry: Inquiry[Any, Nothing], wanted: StepRequest) -> CaseAnswer:
    """Take a step of the path's case, with all that it triggers; raises `Problem`."""
    services = inquiry.services
    async with services.database() as connection, connection.transaction():
        performed = await perform(connection, inquiry, inquiry.path("case_no"), wanted)
        answer = await full_case(connection, performed.taken.case, inquiry)
    await announce(services, performed)
    return answer


async def perform(
    connection: Any, inquiry: Inquiry[Any, Any], case_no: str, wanted: StepRequest
) -> Performed:
    """Take a step in the transaction of ``connection``; raises `Problem`."""
    services, person, now = inquiry.services, inquiry.person, inquiry.services.clock()
    before = await case_for(connection, person, case_no)
    informed = await audience_of(connection, before)
    with as_problems():
        taken = await take_step(connection, case_no, wanted, actor=actor_of(person), now=now)
    await follow_step(
        connection,
        taken.case,
        taken.step,
        days=wanted.days,
        timing=timing_of(inquiry.settings),
        actor=person.login,
        at=now,
    )
    if Trigger.SURVEY in taken.row.triggers:
        await services.on_case_closed(connection, taken.case)
    informed |= await audience_of(connection, taken.case)
    target = taken.target
    others = set() if target is None else await audience_of(connection, target)
    return Performed(taken, informed, others)


async def announce(services: Services, performed: Performed) -> None:
    """Tell the pages of a step that is committed."""
    taken = performed.taken
    await tell_step(services, taken.step, taken.row, taken.case, performed.informed)
    if taken.target is not None:
        await tell(services, "case.noted", taken.target, performed.others)


ENDPOINTS = (take_case_step,)
