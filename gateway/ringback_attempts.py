"""Attempts to ring back as the owner of a switchboard writes them: each step fenced."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from callback_survey.errors import RingbackRefusedError
from callback_survey.ringback import attempts
from callback_survey.ringback.attempts import Attempt, LiveAttempt
from callback_survey.ringback.outcome import Outcome
from callback_survey.ringback.refusal import Refusal
from callback_survey.ringback.task import Task
from callback_survey.ringback.tasks import find_task
from gateway.context import Context
from gateway.ownership import Ownership
from gateway.ringback_policy import ringback_policy

ACQUIRE_TIMEOUT_S = 5.0


class RingbackAttempts:
    """Every method raises `OwnershipLostError` and what `DATABASE_AWAY` names.

    Times are those of the switchboard's clock.
    """

    def __init__(self, context: Context, switchboard: str, ownership: Ownership) -> None:
        self._pool = context.engines.pool
        self._switchboard = switchboard
        self._ownership = ownership
        self._policy = ringback_policy(context.settings)

    async def look_at(self, task_id: int) -> tuple[Task, frozenset[str]]:
        """The task, and every way in which its number may be told.

        Raises `RingbackRefusedError` when this switchboard has no such task.
        """
        async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection:
            task = await find_task(connection, task_id)
            if task is None or task.switchboard != self._switchboard:
                raise RingbackRefusedError(Refusal.NO_SUCH_TASK)
            return task, await attempts.spellings(connection, task.number)

    async def claim(self, task_id: int, agent: str, now: datetime) -> Attempt:
        """See `callback_survey.ringback.attempts.claim`."""
        async with self._fenced() as connection:
            return await attempts.claim(connection, task_id, agent, policy=self._policy, now=now)

    async def mark_dialling(self, attempt: Attempt, now: datetime) -> bool:
        """Whether the citizen may be dialled; committed before it returns."""
        async with self._fenced() as connection:
            dialling = await attempts.mark_dialling(
                connection, attempt, policy=self._policy, now=now
            )
            return dialling is not None

    async def end(self, attempt_id: str, outcome: Outcome, at: datetime) -> bool:
        """End an attempt and settle its task; ``False`` when it had ended already."""
        async with self._fenced() as connection:
            ended = await attempts.end(connection, attempt_id, outcome, policy=self._policy, now=at)
            return ended is not None

    async def live(self) -> list[LiveAttempt]:
        """The attempts that have not ended."""
        async with self._pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection:
            return await attempts.live(connection, self._switchboard)

    @asynccontextmanager
    async def _fenced(self) -> AsyncIterator[Any]:
        pool = self._pool
        async with pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection, connection.transaction():
            await self._ownership.fence(connection)
            yield connection
