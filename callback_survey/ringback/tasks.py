"""Reading tasks, and what is to be told of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from callback_survey.ringback.attempts import Attempt
from callback_survey.ringback.queries import QUERIES
from callback_survey.ringback.task import Task

MOST_LIVE = 500


@dataclass(frozen=True, slots=True)
class Drop:
    """A supervisor's decision; ``by`` is a login."""

    at: datetime
    by: str
    reason: str


async def live_tasks(connection: Any, switchboard: str | None = None) -> list[Task]:
    """Whom to call back, of all switchboards or of one, who is due first; at most `MOST_LIVE`."""
    rows = QUERIES.live_tasks(connection, switchboard=switchboard, limit=MOST_LIVE)
    return [Task.from_row(row) async for row in rows]


async def closed_tasks(
    connection: Any, switchboard: str | None = None, *, before: datetime | None, limit: int
) -> list[Task]:
    """The newest tasks that were over before ``before``, of all switchboards or of one."""
    rows = QUERIES.closed_tasks(connection, switchboard=switchboard, before=before, limit=limit)
    return [Task.from_row(row) async for row in rows]


async def find_task(connection: Any, task_id: int) -> Task | None:
    """A task by its id."""
    row = await QUERIES.find_task(connection, task_id=task_id)
    return Task.from_row(row) if row else None


async def attempts_of(connection: Any, task_id: int) -> list[Attempt]:
    """Who took the task, in order."""
    rows = QUERIES.attempts_of_task(connection, task_id=task_id)
    return [Attempt.from_row(row) async for row in rows]


async def drops_of(connection: Any, task_id: int) -> list[Drop]:
    """Decisions of supervisors about the task."""
    rows = QUERIES.drops_of_task(connection, task_id=task_id)
    return [Drop(row["decided_at"], row["decided_by"], row["reason"]) async for row in rows]


async def rings_back(connection: Any, call_id: str, switchboard: str, agent: str) -> bool:
    """Whether this agent rings the caller of this missed call back, or has reached him so."""
    found = await QUERIES.rings_back(
        connection, call_id=call_id, switchboard=switchboard, agent=agent
    )
    return bool(found)


async def untold_tasks(connection: Any, switchboard: str, *, limit: int = 200) -> list[Task]:
    """Tasks whose newest version nobody was told of."""
    rows = QUERIES.untold_tasks(connection, switchboard=switchboard, limit=limit)
    return [Task.from_row(row) async for row in rows]


async def mark_told(connection: Any, task: Task) -> None:
    """This version was published."""
    await QUERIES.mark_told(connection, task_id=task.task_id, version=task.version)
