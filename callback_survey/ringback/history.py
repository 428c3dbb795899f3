"""A caller's tasks, made from everything that is known of him. Pure.

The tasks are a function of the facts and the time, never of the order in which the facts became
known: a call that is repaired, or told late, gives the tasks that it would have given at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from callback_survey.ringback.judgement import Call, Verdict, judge
from callback_survey.ringback.outcome import Outcome, trigger_of
from callback_survey.ringback.policy import Policy
from callback_survey.ringback.transitions import LIVE, TABLE, Reason, State, Trigger

_ORDER = {trigger: place for place, trigger in enumerate(Trigger)}
_RANG = frozenset({Trigger.NOT_REACHED, Trigger.USED_UP, Trigger.REACHED})
_REASONS = {
    Trigger.GOT_THROUGH: Reason.GOT_THROUGH,
    Trigger.DROPPED: Reason.BY_SUPERVISOR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One attempt to ring back; ``outcome`` and ``ended_at`` are ``None`` while it goes on."""

    attempt_id: str
    agent: str
    claimed_at: datetime
    ended_at: datetime | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one caller; ``drops`` are the times of supervisors' decisions."""

    calls: tuple[Call, ...] = ()
    tries: tuple[Try, ...] = ()
    drops: tuple[datetime, ...] = ()


@dataclass(slots=True)
class Episode:
    """A task as the facts make it. ``attempts`` rang the citizen's telephone."""

    state: State
    calls: list[Call]
    first_missed_at: datetime
    last_missed_at: datetime
    latest_at: datetime
    reason: Reason = Reason.NONE
    attempts: int = 0
    tried_at: datetime | None = None
    agent: str | None = None
    closed_at: datetime | None = None

    @property
    def is_live(self) -> bool:
        """Whether somebody should call back, or does so."""
        return self.state in LIVE

    @property
    def call_ids(self) -> frozenset[str]:
        """The missed calls in it."""
        return frozenset(call.call_id for call in self.calls)


@dataclass(frozen=True, slots=True)
class _Fact:
    at: datetime
    trigger: Trigger
    subject: str
    call: Call | None = None
    agent: str | None = None

    @property
    def order(self) -> tuple[datetime, int, str]:
        return self.at, _ORDER[self.trigger], self.subject


def tell(facts: Facts, policy: Policy, now: datetime) -> tuple[Episode, ...]:
    """The caller's tasks at ``now``, in order of time; only the last one can be live."""
    episodes: list[Episode] = []
    for fact in sorted(_facts(facts, policy), key=lambda one: one.order):
        if episodes:
            _expire(episodes[-1], policy, fact.at)
        _take(episodes, fact, policy)
    if episodes:
        _expire(episodes[-1], policy, now)
    return tuple(episodes)


def _facts(facts: Facts, policy: Policy) -> Iterable[_Fact]:
    for call in facts.calls:
        if call.answered_at is not None:
            yield _Fact(call.answered_at, Trigger.GOT_THROUGH, call.call_id)
        if call.ended_at is not None and judge(call, policy) is Verdict.MISSED:
            yield _Fact(call.ended_at, Trigger.MISSED, call.call_id, call)
    for one in facts.tries:
        yield _Fact(one.claimed_at, Trigger.TAKEN, one.attempt_id, agent=one.agent)
        if one.ended_at is not None and one.outcome is not None:
            yield _Fact(one.ended_at, trigger_of(one.outcome), one.attempt_id, agent=one.agent)
    for at in facts.drops:
        yield _Fact(at, Trigger.DROPPED, "")


def _expire(episode: Episode, policy: Policy, now: datetime) -> None:
    expires_at = episode.last_missed_at + policy.open_for
    to = TABLE[episode.state].get(Trigger.EXPIRED)
    if to is not None and now >= expires_at:
        episode.state, episode.closed_at = to, max(expires_at, episode.latest_at)


def _take(episodes: list[Episode], fact: _Fact, policy: Policy) -> None:
    live = episodes[-1] if episodes and episodes[-1].is_live else None
    if live is None:
        before = episodes[-1].state if episodes else State.NONE
        to = TABLE[before].get(fact.trigger)
        if to is not None and fact.call is not None:
            episodes.append(Episode(to, [fact.call], fact.at, fact.at, fact.at))
        return
    trigger = fact.trigger
    if trigger is Trigger.NOT_REACHED and live.attempts + 1 >= policy.max_attempts:
        trigger = Trigger.USED_UP
    if (to := TABLE[live.state].get(trigger)) is not None:
        _step(live, to, trigger, fact)


def _step(episode: Episode, to: State, trigger: Trigger, fact: _Fact) -> None:
    episode.state, episode.latest_at = to, fact.at
    if fact.call is not None:
        episode.calls.append(fact.call)
        episode.last_missed_at = fact.at
    if fact.agent is not None:
        episode.agent = None if to is State.OPEN else fact.agent
    if trigger in _RANG:
        episode.attempts += 1
        episode.tried_at = fact.at
    if not episode.is_live:
        episode.closed_at = fact.at
        episode.reason = _REASONS.get(trigger, Reason.NONE)
