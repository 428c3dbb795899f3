"""Attempts to ring back: claimed before a telephone rings, one live attempt per caller and agent.

States: ``claimed`` (the agent's own telephone rings) → ``dialling`` (the citizen's may ring) →
``ended`` with an outcome. Every function works on a connection in a transaction of the caller and
does its step once, however often it is asked to. Times are those of the switchboard's clock.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import uuid4

from callback_survey.errors import RingbackRefusedError
from callback_survey.retry import within_window
from callback_survey.ringback.outcome import Outcome
from callback_survey.ringback.policy import Policy
from callback_survey.ringback.queries import QUERIES
from callback_survey.ringback.refusal import Refusal
from callback_survey.ringback.settling import settle
from callback_survey.ringback.task import Caller, Task
from callback_survey.ringback.transitions import State

_NEXT = timedelta(microseconds=1)


class AttemptState(StrEnum):
    """Where an attempt stands."""

    CLAIMED = "claimed"
    DIALLING = "dialling"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt; ``attempt_id`` is the ChannelId of the agent's leg."""

    attempt_id: str
    task_id: int
    switchboard: str
    number: str = field(repr=False)
    agent: str
    state: AttemptState
    outcome: Outcome | None
    claimed_at: datetime
    dialled_at: datetime | None
    ended_at: datetime | None

    @classmethod
    def from_row(cls, row: Any) -> "Attempt":
        """Read a row of ``ringback_attempts``."""
        values = {name: row[name] for name in cls.__dataclass_fields__}
        outcome = Outcome(row["outcome"]) if row["outcome"] else None
        return cls(**values | {"state": AttemptState(row["state"]), "outcome": outcome})

    @property
    def caller(self) -> Caller:
        """Who is called back."""
        return Caller(self.switchboard, self.number)


@dataclass(frozen=True, slots=True)
class LiveAttempt:
    """An attempt that has not ended; not ``wanted`` when the task is in hand no more."""

    attempt: Attempt
    wanted: bool


async def claim(
    connection: Any, task_id: int, agent: str, *, policy: Policy, now: datetime
) -> Attempt:
    """Take the task, so that ``agent`` alone may ring the citizen.

    Raises `RingbackRefusedError` when the task, as the facts make it now, is not to be called.
    """
    row = await QUERIES.find_task(connection, task_id=task_id)
    if row is None:
        raise RingbackRefusedError(Refusal.NO_SUCH_TASK)
    caller = Task.from_row(row).caller
    settled = await settle(connection, caller, policy=policy, now=now)
    task, latest_at = settled.live, settled.latest_at
    if task is None or task.task_id != task_id or latest_at is None:
        raise RingbackRefusedError(Refusal.CLOSED)
    if task.state is not State.OPEN:
        raise RingbackRefusedError(Refusal.IN_HAND)
    if within_window(now, policy) > now:
        raise RingbackRefusedError(Refusal.OUT_OF_HOURS)
    if task.due_at > now:
        raise RingbackRefusedError(Refusal.TOO_SOON)
    claimed = await QUERIES.claim(
        connection,
        attempt_id=f"ringback-{uuid4().hex}",
        task_id=task_id,
        switchboard=task.switchboard,
        number=task.number,
        agent=agent,
        # After everything that is known of the caller, also when a clock was put back.
        now=max(now, latest_at + _NEXT),
    )
    if claimed is None:
        raise RingbackRefusedError(Refusal.AGENT_BUSY)
    await settle(connection, caller, policy=policy, now=now)
    return Attempt.from_row(claimed)


async def mark_dialling(
    connection: Any, attempt: Attempt, *, policy: Policy, now: datetime
) -> Attempt | None:
    """Note, and commit, before the citizen is dialled.

    ``None`` when he must not be: he has got through meanwhile, or the task was dropped.
    """
    settled = await settle(connection, attempt.caller, policy=policy, now=now)
    if settled.live is None or settled.live.state is not State.IN_HAND:
        return None
    row = await QUERIES.mark_dialling(connection, attempt_id=attempt.attempt_id, now=now)
    return Attempt.from_row(row) if row else None


async def end(
    connection: Any, attempt_id: str, outcome: Outcome, *, policy: Policy, now: datetime
) -> Attempt | None:
    """End an attempt and settle its task; ``None`` when it has ended: the first outcome stands."""
    row = await QUERIES.end_attempt(connection, attempt_id=attempt_id, outcome=outcome, now=now)
    if row is None:
        return None
    ended = Attempt.from_row(row)
    await settle(connection, ended.caller, policy=policy, now=now)
    return ended


@dataclass(frozen=True, slots=True)
class Decision:
    """A supervisor (login) ends a task for a reason."""

    by: str
    reason: str


async def drop(
    connection: Any, task_id: int, decision: Decision, *, policy: Policy, now: datetime
) -> Task:
    """A supervisor ends a task. Raises `RingbackRefusedError` when it is not live any more."""
    row = await QUERIES.find_task(connection, task_id=task_id)
    if row is None:
        raise RingbackRefusedError(Refusal.NO_SUCH_TASK)
    caller = Task.from_row(row).caller
    settled = await settle(connection, caller, policy=policy, now=now)
    task, latest_at = settled.live, settled.latest_at
    if task is None or task.task_id != task_id or latest_at is None:
        raise RingbackRefusedError(Refusal.CLOSED)
    await QUERIES.add_drop(
        connection,
        task_id=task_id,
        switchboard=task.switchboard,
        number=task.number,
        at=latest_at,
        now=now,
        by=decision.by,
        reason=decision.reason,
    )
    await settle(connection, caller, policy=policy, now=now)
    return Task.from_row(await QUERIES.find_task(connection, task_id=task_id))


async def find(connection: Any, attempt_id: str) -> Attempt | None:
    """Return an attempt by its id."""
    row = await QUERIES.find_attempt(connection, attempt_id=attempt_id)
    return Attempt.from_row(row) if row else None


async def live(connection: Any, switchboard: str) -> list[LiveAttempt]:
    """The attempts that have not ended, the oldest first."""
    rows = QUERIES.live_attempts(connection, switchboard=switchboard)
    return [LiveAttempt(Attempt.from_row(row), row["wanted"]) async for row in rows]


async def spellings(connection: Any, number: str) -> frozenset[str]:
    """Every way in which the switchboard may have told of this caller."""
    return frozenset(await QUERIES.spellings(connection, number=number))
