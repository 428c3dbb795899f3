"""Keeps the ring-back tasks of a switchboard in step with its calls, and tells what changed.

Marks in PostgreSQL say whose calls changed (`ringback_marks`), tasks which version of theirs was
told. Both survive a crash at any point; doing either twice does nothing twice.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

import asyncpg
import structlog
from redis.exceptions import RedisError

from callback_survey.ringback.settling import settle, waiting_callers
from callback_survey.ringback.task import Caller, Task
from callback_survey.ringback.tasks import mark_told, untold_tasks
from gateway.context import Context
from gateway.database_away import DATABASE_AWAY
from gateway.errors import OwnershipLostError
from gateway.live import LiveEvent, iso, publish
from gateway.masking import mask_number
from gateway.ownership import Ownership
from gateway.ringback_policy import ringback_policy

EVERY_S = 0.5
ACQUIRE_TIMEOUT_S = 5.0

log = structlog.get_logger(__name__)


class RingbackTasks:
    """The tasks of the switchboard ``name``; ``now`` is by the switchboard's clock."""

    def __init__(
        self, context: Context, name: str, ownership: Ownership, now: Callable[[], datetime]
    ) -> None:
        self._context = context
        self._name = name
        self._ownership = ownership
        self._now = now
        self._policy = ringback_policy(context.settings)

    async def run(self) -> None:
        """Settle and tell, as owner, for ever; outages are waited out."""
        while True:
            await self._ownership.held()
            try:
                await self._settle_all()
                await self._tell_all()
            except OwnershipLostError:
                continue
            except DATABASE_AWAY as error:
                log.warning("ring_backs_delayed", error=type(error).__name__)
            except RedisError as error:
                log.warning("ring_backs_untold", error=type(error).__name__)
            await asyncio.sleep(EVERY_S)

    async def _settle_all(self) -> None:
        pool = self._context.engines.pool
        async with pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection:
            callers = await waiting_callers(
                connection, self._name, policy=self._policy, now=self._now()
            )
        for caller in callers:
            try:
                await self._settle(caller)
            except asyncpg.PostgresError as error:  # this one stays marked; the others go on
                log.warning("ring_back_unsettled", error=type(error).__name__)

    async def _settle(self, caller: Caller) -> None:
        pool = self._context.engines.pool
        async with pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection, connection.transaction():
            await self._ownership.fence(connection)
            await settle(connection, caller, policy=self._policy, now=self._now())

    async def _tell_all(self) -> None:
        pool = self._context.engines.pool
        async with pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection:
            untold = await untold_tasks(connection, self._name)
        for task in untold:
            await publish(self._context.engines.redis, task_event(task, self._context.clock()))
            async with pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection:
                await mark_told(connection, task)


def task_event(task: Task, at: datetime) -> LiveEvent:
    """The newest change of a task as a live event, the same id however often it is told."""
    data = {
        "task_id": task.task_id,
        "switchboard": task.switchboard,
        "number": mask_number(task.number),
        "line": task.line,
        "state": task.state.value,
        "reason": task.reason.value,
        "missed_calls": task.missed_calls,
        "first_missed_at": iso(task.first_missed_at),
        "last_missed_at": iso(task.last_missed_at),
        "last_call_id": task.last_call_id,
        "attempts": task.attempts,
        "due_at": iso(task.due_at),
        "expires_at": iso(task.expires_at),
        "agent": task.agent,
        "closed_at": iso(task.closed_at),
    }
    return LiveEvent(f"ringback-{task.task_id}:{task.version}", task.happened, at, data)
