"""A stored task, and what has to be stored for the tasks to be what the facts make them. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from callback_survey.ringback.history import Episode
from callback_survey.ringback.policy import Policy
from callback_survey.ringback.transitions import LIVE, Reason, State

_NAMES = {
    State.OPEN: "ringback.returned",
    State.IN_HAND: "ringback.taken",
    State.REACHED: "ringback.reached",
    State.DROPPED: "ringback.dropped",
    State.GIVEN_UP: "ringback.given_up",
    State.EXPIRED: "ringback.expired",
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever calls a switchboard from a number, in its national form."""

    switchboard: str
    number: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Call this citizen back. Times are aware, UTC.

    ``line`` is the one dialled last; ``due_at`` is when he may be called next; ``attempts`` are
    those that rang his telephone; ``agent`` has it in hand, or ended it. ``task_id`` is 0 before it
    is stored; ``version`` grows with every change, the last of which was ``happened``.
    """

    task_id: int = 0
    switchboard: str
    number: str = field(repr=False)
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
    version: int = 0
    happened: str = ""

    @classmethod
    def from_row(cls, row: Any) -> "Task":
        """Read a row of ``ringback_tasks``."""
        values = {name: row[name] for name in cls.__dataclass_fields__}
        return cls(**values | {"state": State(row["state"]), "reason": Reason(row["reason"])})

    @property
    def caller(self) -> Caller:
        """Who is to be called back."""
        return Caller(self.switchboard, self.number)

    @property
    def is_live(self) -> bool:
        """Whether somebody should call back, or does so."""
        return self.state in LIVE


@dataclass(frozen=True, slots=True)
class Stored:
    """A task as it is stored, with the ids of its missed calls."""

    task: Task
    call_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Change:
    """Store ``task`` (a new one has the id 0), and make these its missed calls."""

    task: Task
    call_ids: frozenset[str]


def changes(
    caller: Caller,
    stored: Sequence[Stored],
    episodes: Iterable[Episode],
    policy: Policy,
    now: datetime,
) -> list[Change]:
    """What to store, in an order in which no two tasks of the caller are ever live at once."""
    left = sorted(stored, key=lambda one: one.task.task_id)
    wanted: list[tuple[Stored | None, Change]] = []
    for episode in episodes:
        before = next((one for one in left if one.call_ids & episode.call_ids), None)
        if before is not None:
            left.remove(before)
        wanted.append((before, _change(caller, before, episode, policy)))
    made = [_corrected(one, now) for one in left if one.call_ids or one.task.is_live]
    for known, change in wanted:
        if known is None or change != Change(known.task, known.call_ids):
            made.append(_versioned(known, change))
    return sorted(made, key=lambda change: change.task.is_live)


def _change(caller: Caller, before: Stored | None, episode: Episode, policy: Policy) -> Change:
    last = episode.calls[-1]
    task = Task(
        task_id=before.task.task_id if before else 0,
        switchboard=caller.switchboard,
        number=caller.number,
        line=last.line,
        state=episode.state,
        reason=episode.reason,
        missed_calls=len(episode.calls),
        first_missed_at=episode.first_missed_at,
        last_missed_at=episode.last_missed_at,
        last_call_id=last.call_id,
        attempts=episode.attempts,
        due_at=policy.due_at(episode.last_missed_at, episode.tried_at),
        expires_at=episode.last_missed_at + policy.open_for,
        agent=episode.agent,
        closed_at=episode.closed_at,
        version=before.task.version if before else 0,
        happened=before.task.happened if before else "",
    )
    return Change(task, episode.call_ids)


def _corrected(one: Stored, now: datetime) -> Change:
    """None of its calls was missed after all."""
    task = replace(
        one.task,
        state=State.DROPPED,
        reason=Reason.CORRECTED,
        missed_calls=0,
        closed_at=one.task.closed_at or max(now, one.task.last_missed_at),
        version=one.task.version + 1,
        happened=_NAMES[State.DROPPED],
    )
    return Change(task, frozenset())


def _versioned(before: Stored | None, change: Change) -> Change:
    task = change.task
    happened = _NAMES[task.state]
    if before is None:
        happened = "ringback.opened" if task.is_live else happened
    elif before.task.state is task.state:
        joined = task.missed_calls > before.task.missed_calls
        happened = "ringback.joined" if joined else "ringback.changed"
    return Change(replace(task, version=task.version + 1, happened=happened), change.call_ids)
