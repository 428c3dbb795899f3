"""The steps of a case (C4): one endpoint for all of them, as the table of the lifecycle has it."""

from typing import Annotated, Any

from pydantic import Field

from gateway.auth.roles import CASE_STEPPERS
from gateway.case_audience import audience_of
from gateway.case_clocks import timing_of
from gateway.http.actors import actor_of, as_problems
from gateway.http.case_answers import CaseAnswer, case_for, full_case
from gateway.http.case_events import tell, tell_step
from gateway.http.endpoint import Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import CASE_NO, PLAIN, Code, Version
from ticketing.case import RESULT_MAX
from ticketing.clocks.following import follow_step
from ticketing.lifecycle import Matter, Step, Trigger
from ticketing.steps import ASSISTING_MAX, DAYS_MAX, REASON_MAX, StepRequest, take_step

CASE_PATH = f"/api/v1/cases/{{case_no:{CASE_NO}}}"

Words = Annotated[str, Field(min_length=1, max_length=REASON_MAX), PLAIN]


class StepForm(Strict):
    """A step and the ``version`` of the case that whoever takes it has seen.

    Which of the other fields it needs and takes is told with the case (``allowed``). Departments
    and category are codes, ``target`` is the number of the case that this one is merged into,
    ``matter`` what it is separated as.
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


async def take(inquiry: Inquiry[Any, Nothing], wanted: StepRequest) -> CaseAnswer:
    """Take a step of the path's case, with all that it triggers; raises `Problem`."""
    services, person, case_no = inquiry.services, inquiry.person, inquiry.path("case_no")
    now = services.clock()
    async with services.database() as connection, connection.transaction():
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
        answer = await full_case(connection, taken.case, inquiry)
    await tell_step(services, taken.step, taken.row, taken.case, informed)
    if target is not None:
        await tell(services, "case.noted", target, others)
    return answer


ENDPOINTS = (take_case_step,)
