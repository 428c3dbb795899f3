"""Missed-call ring-back (漏接回拨): whom to call back, by whom, and what came of it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from callback_survey.errors import RingbackRefusedError
from callback_survey.ringback import attempts, tasks
from callback_survey.ringback.attempts import Attempt, AttemptState, Decision
from callback_survey.ringback.outcome import Outcome
from callback_survey.ringback.task import Task
from callback_survey.ringback.tasks import Drop
from callback_survey.ringback.transitions import Reason, State
from gateway.audit import Act, record
from gateway.auth.roles import AGENTS, STAFF, SUPERVISORS, Person
from gateway.commands import Command, CommandName
from gateway.http.commanding import RINGING_DEADLINE_S, Confirmed, carry_out, seat_holder
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import PLAIN, Page
from gateway.http.problems import Problem, not_found
from gateway.masking import mask_number
from gateway.refusals import RINGBACK_SENTENCES
from gateway.ringback_policy import policy_at

TASK = "/api/v1/ringbacks/{task_id:[1-9][0-9]{0,17}}"


class Which(Page):
    """Live tasks (all of them, who is due first), or those that are over, newest first."""

    state: Literal["live", "closed"] = "live"


class Ringback(Answer):
    """A citizen to be called back; ``number`` is masked.

    ``due_at``: not to be called before; ``attempts`` rang his telephone; ``agent`` has it in hand
    or ended it, and may see the call ``last_call_id`` and open its case.
    """

    task_id: int
    switchboard: str
    number: str
    line: str
    state: State
    reason: Reason
    missed_calls: int
    first_missed_at: datetime
    last_missed_at: datetime
    last_call_id: str
    attempts: int
    due_at: datetime
    expires_at: datetime
    agent: str | None
    closed_at: datetime | None


class AttemptAnswer(Answer):
    """One attempt."""

    agent: str
    state: AttemptState
    outcome: Outcome | None
    claimed_at: datetime
    dialled_at: datetime | None
    ended_at: datetime | None


class DropAnswer(Answer):
    """A supervisor's decision."""

    at: datetime
    by: str
    reason: str


class RingbackDetail(Ringback):
    """A task with everything that was tried."""

    tries: list[AttemptAnswer]
    drops: list[DropAnswer]


class DropOrder(Strict):
    """Why nobody needs to call back."""

    reason: Annotated[str, Field(min_length=1, max_length=200), PLAIN]


@endpoint("GET", "/api/v1/ringbacks", access=STAFF, query=Which, answer=list[Ringback])
async def list_ringbacks(inquiry: Inquiry[Nothing, Which]) -> list[Ringback]:
    """Whom to call back, or who was: of the own switchboard, of all for who oversees."""
    page, person = inquiry.query, inquiry.person
    home = None if person.oversees else person.switchboard
    async with inquiry.services.database() as connection:
        if page.state == "live":
            found = await tasks.live_tasks(connection, home)
        else:
            before, limit = page.before, page.limit
            found = await tasks.closed_tasks(connection, home, before=before, limit=limit)
    return [_answer(task) for task in found]


@endpoint("GET", TASK, access=STAFF, answer=RingbackDetail, problems=(404,))
async def get_ringback(inquiry: Inquiry[Nothing, Nothing]) -> RingbackDetail:
    """One task, its attempts and what was decided about it."""
    task_id = int(inquiry.path("task_id"))
    async with inquiry.services.database() as connection:
        task = await _find(connection, inquiry.person, task_id)
        tried = await tasks.attempts_of(connection, task_id)
        dropped = await tasks.drops_of(connection, task_id)
    return RingbackDetail(
        **_answer(task).model_dump(),
        tries=[_attempt(one) for one in tried],
        drops=[_drop(one) for one in dropped],
    )


@endpoint(
    "POST",
    f"{TASK}/dial",
    access=AGENTS,
    answer=Confirmed,
    status=202,
    problems=(404, 409, 504),
    deadline_s=RINGING_DEADLINE_S,
)
async def dial_ringback(inquiry: Inquiry[Nothing, Nothing]) -> Confirmed:
    """Take the task and ring the own phone; when it is answered, the citizen is dialled (回拨)."""
    agent, extension = seat_holder(inquiry.person)
    task_id = int(inquiry.path("task_id"))
    async with inquiry.services.database() as connection:
        task = await _find(connection, inquiry.person, task_id)
    command = Command(name=CommandName.RING_BACK, agent=agent, extension=extension, task_id=task_id)
    return await carry_out(inquiry.services, task.switchboard, command)


@endpoint(
    "POST",
    f"{TASK}/drop",
    access=SUPERVISORS,
    body=DropOrder,
    answer=Ringback,
    problems=(404, 409),
)
async def drop_ringback(inquiry: Inquiry[DropOrder, Nothing]) -> Ringback:
    """End a task without a call, for a reason; in the audit log (撤销回拨)."""
    task_id, services = int(inquiry.path("task_id")), inquiry.services
    reason, now = inquiry.body.reason, services.clock()
    login = inquiry.person.login
    act = Act(actor=login, action="ringback.drop", subject=str(task_id), detail={"reason": reason})
    try:
        async with services.database() as connection, connection.transaction():
            found = await _find(connection, inquiry.person, task_id)
            policy = policy_at(inquiry.settings, found.switchboard)
            decision = Decision(by=login, reason=reason)
            task = await attempts.drop(connection, task_id, decision, policy=policy, now=now)
            await record(connection, act, "done", at=now)
    except RingbackRefusedError as error:
        raise Problem(409, RINGBACK_SENTENCES[error.refusal]) from None
    return _answer(task)


async def _find(connection: Any, person: Person, task_id: int) -> Task:
    """A task that ``person`` may see; raises the 404 `Problem` without it."""
    task = await tasks.find_task(connection, task_id)
    if task is None or not (person.oversees or task.switchboard == person.switchboard):
        raise not_found("回拨任务")
    return task


def _answer(task: Task) -> Ringback:
    return Ringback(
        task_id=task.task_id,
        switchboard=task.switchboard,
        number=mask_number(task.number),
        line=task.line,
        state=task.state,
        reason=task.reason,
        missed_calls=task.missed_calls,
        first_missed_at=task.first_missed_at,
        last_missed_at=task.last_missed_at,
        last_call_id=task.last_call_id,
        attempts=task.attempts,
        due_at=task.due_at,
        expires_at=task.expires_at,
        agent=task.agent,
        closed_at=task.closed_at,
    )


def _attempt(one: Attempt) -> AttemptAnswer:
    return AttemptAnswer(
        agent=one.agent,
        state=one.state,
        outcome=one.outcome,
        claimed_at=one.claimed_at,
        dialled_at=one.dialled_at,
        ended_at=one.ended_at,
    )


def _drop(one: Drop) -> DropAnswer:
    return DropAnswer(at=one.at, by=one.by, reason=one.reason)


ENDPOINTS = (list_ringbacks, get_ringback, dial_ringback, drop_ringback)
