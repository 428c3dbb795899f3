"""Dialler: the owner of the switchboard dials claimed callback attempts, each once.

A claimed row is the command (`docs/decisions/0005`). It becomes ``dialling`` in a statement that
only one process can win, and is committed before anything is sent. An attempt that nobody dials
any more and that has no end is looked up on the switchboard; while its channel is up it is let be.
"""

import asyncio
from datetime import timedelta

import structlog

from callback_survey import attempts
from callback_survey.attempts import Attempt, AttemptState
from callback_survey.errors import AttemptNotFoundError
from callback_survey.outcome import Outcome
from gateway.context import Context
from gateway.database_away import DATABASE_AWAY
from gateway.errors import OwnershipLostError
from gateway.ownership import Ownership
from gateway.survey_jobs import end_and_follow_up, resolve_and_follow_up
from telephony.ami.client import Requester
from telephony.errors import TelephonyError
from telephony.originate import (
    Dialled,
    DialPlan,
    OriginateRequest,
    is_up,
    originate,
)

LOOK_EVERY_S = 1.0
RESOLVE_EVERY_S = 5.0
GRACE = timedelta(seconds=20)
ACQUIRE_TIMEOUT_S = 5.0

# What settles an attempt at once; the rest is settled by the survey, or by looking it up.
SETTLED: dict[Dialled, Outcome] = {
    Dialled.NO_ANSWER: Outcome.NO_ANSWER,
    Dialled.HUNG_UP: Outcome.NO_ANSWER,
    Dialled.BUSY: Outcome.BUSY,
    Dialled.CONGESTED: Outcome.CONGESTION,
    Dialled.FAILED: Outcome.CONGESTION,
    Dialled.REFUSED: Outcome.REJECTED,
    Dialled.NOT_SENT: Outcome.NOT_DIALLED,
}

log = structlog.get_logger(__name__)


class Dialler:
    """Dials over ``requester`` while the switchboard is owned."""

    def __init__(self, context: Context, requester: Requester, ownership: Ownership) -> None:
        settings = context.settings
        self._context = context
        self._requester = requester
        self._ownership = ownership
        self._switchboard = settings.switchboard
        self._dialling: set[str] = set()
        self._plan = DialPlan(
            channel=settings.outbound_endpoint,
            contexts=frozenset({"survey"}),
            variables=frozenset(),
            caller_id=settings.survey_caller_id,
        )

    async def run(self) -> None:
        """Dial and resolve for ever; an outage of PostgreSQL is waited out."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._resolve_stale())
            while True:
                await self._ownership.held()
                try:
                    for attempt in await self._claimed():
                        self._dialling.add(attempt.attempt_id)
                        tasks.create_task(self._dial(attempt.attempt_id))
                except DATABASE_AWAY as error:
                    log.warning("dialling_delayed", error=type(error).__name__)
                await asyncio.sleep(LOOK_EVERY_S)

    async def _claimed(self) -> list[Attempt]:
        async with self._context.engines.pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection:
            live = await attempts.live(connection, self._switchboard)
        return [
            attempt
            for attempt in live
            if attempt.state is AttemptState.CLAIMED and attempt.attempt_id not in self._dialling
        ]

    async def _dial(self, attempt_id: str) -> None:
        try:
            attempt = await self._take(attempt_id)
            if attempt is not None:
                await self._ring(attempt)
        except DATABASE_AWAY as error:
            # The row says how far it got: claimed is dialled again, dialling is looked up.
            log.warning("attempt_unsettled", attempt=attempt_id, error=type(error).__name__)
        finally:
            self._dialling.discard(attempt_id)

    async def _take(self, attempt_id: str) -> Attempt | None:
        pool = self._context.engines.pool
        async with pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection, connection.transaction():
            try:
                await self._ownership.fence(connection)
                now = self._context.clock()
                return await attempts.mark_dialling(connection, attempt_id, now=now)
            except (AttemptNotFoundError, OwnershipLostError):  # somebody else dials it
                return None

    async def _ring(self, attempt: Attempt) -> None:
        request = OriginateRequest(
            channel_id=attempt.attempt_id,
            number=attempt.number,
            context="survey",
            ring_s=round(self._context.settings.survey_ring_s),
        )
        result = await originate(self._requester, request, self._plan)
        log.info("attempt_dialled", attempt=attempt.attempt_id, result=result.dialled.value)
        outcome = SETTLED.get(result.dialled)
        if outcome is None:
            return
        pool = self._context.engines.pool
        async with pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection, connection.transaction():
            await end_and_follow_up(self._context, connection, attempt.attempt_id, outcome)

    async def _resolve_stale(self) -> None:
        while True:
            await self._ownership.held()
            try:
                for attempt in await self._stale():
                    await self._resolve(attempt)
            except TelephonyError as error:
                log.info("attempts_unresolved", reason=str(error))
            except DATABASE_AWAY as error:
                log.warning("attempts_unresolved", reason=type(error).__name__)
            await asyncio.sleep(RESOLVE_EVERY_S)

    async def _stale(self) -> list[Attempt]:
        patience = timedelta(seconds=self._context.settings.survey_ring_s) + GRACE
        before = self._context.clock() - patience
        async with self._context.engines.pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection:
            stale = await attempts.stale(connection, self._switchboard, before=before)
        return [attempt for attempt in stale if attempt.attempt_id not in self._dialling]

    async def _resolve(self, attempt: Attempt) -> None:
        if await is_up(self._requester, attempt.attempt_id):
            return
        pool = self._context.engines.pool
        async with pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection, connection.transaction():
            ended = await resolve_and_follow_up(self._context, connection, attempt)
        if ended is not None and ended.outcome is not None:
            log.info("attempt_resolved", attempt=ended.attempt_id, outcome=ended.outcome.value)
