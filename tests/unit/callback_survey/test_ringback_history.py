"""Ring-back tasks as the facts make them (T8): the table by example, and its laws by property."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callback_survey.ringback.history import Episode, Facts, Try, tell
from callback_survey.ringback.judgement import Call, Verdict, judge
from callback_survey.ringback.outcome import FREE, Outcome
from callback_survey.ringback.policy import Policy
from callback_survey.ringback.task import Caller, Change, Stored, changes
from callback_survey.ringback.transitions import LIVE, TABLE, Reason, State, Trigger
from telephony.events import Outcome as CallOutcome

START = datetime(2026, 11, 23, 2, tzinfo=UTC)  # 10:00 in Shanghai
NUMBER = "13800000001"
POLICY = Policy(own_numbers=frozenset({"12345"}))
CALLER = Caller("sb1", NUMBER)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def missed(
    number: int, ends: float, outcome: CallOutcome = CallOutcome.ABANDONED_QUEUE, wait_s: float = 30
) -> Call:
    return Call(
        call_id=f"sb1-{number}",
        number=NUMBER,
        line="12345",
        offered=outcome is not CallOutcome.ABANDONED_GREETING,
        answered_at=None,
        ended_at=at(ends),
        outcome=outcome,
        wait_s=wait_s,
    )


def answered(number: int, answers: float, ends: float | None = None) -> Call:
    return Call(
        call_id=f"sb1-{number}",
        number=NUMBER,
        line="12345",
        offered=True,
        answered_at=at(answers),
        ended_at=None if ends is None else at(ends),
        outcome=None if ends is None else CallOutcome.ANSWERED,
        wait_s=3,
    )


def tried(number: int, from_: float, to: float | None, outcome: Outcome | None) -> Try:
    return Try(
        attempt_id=f"ringback-{number}",
        agent="8001",
        claimed_at=at(from_),
        ended_at=None if to is None else at(to),
        outcome=outcome,
    )


def told(*facts: Call | Try | datetime, now: float = 60, policy: Policy = POLICY) -> list[Episode]:
    known = Facts(
        calls=tuple(fact for fact in facts if isinstance(fact, Call)),
        tries=tuple(fact for fact in facts if isinstance(fact, Try)),
        drops=tuple(fact for fact in facts if isinstance(fact, datetime)),
    )
    return list(tell(known, policy, at(now)))


def states(*facts: Call | Try | datetime, now: float = 60) -> list[str]:
    return [episode.state.value for episode in told(*facts, now=now)]


@pytest.mark.parametrize(
    "outcome",
    [
        CallOutcome.ABANDONED_QUEUE,
        CallOutcome.ABANDONED_RINGING,
        CallOutcome.TIMED_OUT,
        CallOutcome.REFUSED_FULL,
        CallOutcome.REFUSED_NO_STAFF,
        CallOutcome.LEFT_NO_STAFF,
        CallOutcome.SWITCH_RESTART,
        CallOutcome.UNSEEN,
    ],
)
def test_every_failure_of_who_asked_for_a_person(outcome: CallOutcome) -> None:
    assert judge(missed(1, 0, outcome), POLICY) is Verdict.MISSED


def test_failures_that_are_counted_only() -> None:
    greeting = missed(1, 0, CallOutcome.ABANDONED_GREETING)
    short = missed(1, 0, wait_s=5)
    assert judge(greeting, POLICY) is Verdict.UNASKED
    assert judge(greeting, replace(POLICY, greeting=True)) is Verdict.MISSED
    served = replace(greeting, outcome=CallOutcome.SELF_SERVED)
    assert judge(served, replace(POLICY, greeting=True)) is None
    assert judge(short, POLICY) is Verdict.SHORT
    assert judge(short, replace(POLICY, short_abandons=True)) is Verdict.MISSED
    assert judge(missed(1, 0, wait_s=5.1), POLICY) is Verdict.MISSED
    assert judge(missed(1, 0, CallOutcome.REFUSED_FULL, wait_s=0), POLICY) is Verdict.MISSED


@pytest.mark.parametrize(
    ("number", "verdict"),
    [
        ("", Verdict.WITHHELD),
        ("00000000", Verdict.INVALID),
        ("1001", Verdict.INVALID),
        ("12345", Verdict.INVALID),
        ("1" * 21, Verdict.INVALID),
        ("+", Verdict.INVALID),
        ("02150000001", Verdict.MISSED),
    ],
)
def test_numbers(number: str, verdict: Verdict) -> None:
    assert judge(replace(missed(1, 0), number=number), POLICY) is verdict


def test_a_call_that_is_up_or_was_answered_is_no_failure() -> None:
    assert judge(answered(1, 0), POLICY) is None
    assert judge(answered(1, 0, 5), POLICY) is None
    cut = replace(answered(1, 0, 5), outcome=CallOutcome.SWITCH_RESTART)
    assert judge(cut, POLICY) is Verdict.MISSED


def test_missed_calls_join_one_task() -> None:
    [task] = told(missed(1, 0), missed(2, 10), missed(3, 20))
    assert task.state is State.OPEN
    assert (len(task.calls), task.first_missed_at, task.last_missed_at) == (3, at(0), at(20))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([missed(1, 0), answered(2, 10)], ["dropped"]),
        ([missed(1, 0), answered(2, -10, 5)], ["open"]),  # got through before
        ([missed(1, 0), answered(2, 10, 15), missed(3, 20)], ["dropped", "open"]),
        ([missed(1, 0), tried(1, 5, None, None)], ["in_hand"]),
        ([missed(1, 0), tried(1, 5, None, None), answered(2, 6)], ["dropped"]),
        ([missed(1, 0), tried(1, 5, 7, Outcome.ANSWERED), answered(2, 6)], ["dropped"]),
        ([missed(1, 0), tried(1, 5, 6, Outcome.ANSWERED)], ["reached"]),
        ([missed(1, 0), tried(1, 5, 6, Outcome.BUSY)], ["open"]),
        ([missed(1, 0), tried(1, 5, 6, Outcome.AGENT_ABSENT)], ["open"]),
        ([missed(1, 0), at(0)], ["dropped"]),
        ([missed(1, 0), at(0), missed(2, 1)], ["dropped", "open"]),
        ([tried(1, -5, 6, Outcome.ANSWERED), missed(1, 0)], ["reached"]),
        ([tried(1, -5, 6, Outcome.NO_ANSWER)], []),
        ([missed(1, 0), replace(answered(2, 5, 9), outcome=CallOutcome.SWITCH_RESTART)],
         ["dropped", "open"]),
    ],
)  # fmt: skip
def test_stories(facts: list[Call | Try | datetime], expected: list[str]) -> None:
    assert states(*facts) == expected
    assert states(*reversed(facts)) == expected


def test_attempts_are_used_up() -> None:
    vain = [tried(n, 5 + 10 * n, 6 + 10 * n, Outcome.NO_ANSWER) for n in range(3)]
    absent = tried(9, 1, 2, Outcome.AGENT_ABSENT)
    [task] = told(missed(1, 0), absent, *vain[:2])
    assert (task.state, task.attempts, task.tried_at) == (State.OPEN, 2, at(16))
    [task] = told(missed(1, 0), absent, *vain)
    assert (task.state, task.attempts, task.closed_at) == (State.GIVEN_UP, 3, at(26))
    assert states(missed(1, 0), *vain, missed(2, 40)) == ["given_up", "open"]


def test_a_task_expires_after_its_last_missed_call() -> None:
    day = 24 * 60
    assert states(missed(1, 0), now=day - 1) == ["open"]
    [task] = told(missed(1, 0), now=day)
    assert (task.state, task.closed_at) == (State.EXPIRED, at(day))
    assert states(missed(1, 0), missed(2, day - 1), now=day + 5) == ["open"]
    assert states(missed(1, 0), missed(2, day), now=day + 5) == ["expired", "open"]
    in_hand = tried(1, day - 1, None, None)
    assert states(missed(1, 0), in_hand, now=day + 1) == ["in_hand"]
    back = tried(1, day - 1, day + 1, Outcome.BUSY)
    [task] = told(missed(1, 0), back, now=day + 2)
    assert (task.state, task.closed_at) == (State.EXPIRED, at(day + 1))


def test_when_a_citizen_may_be_called() -> None:
    night = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)  # 22:30
    assert POLICY.due_at(at(0), None) == at(0)
    assert POLICY.due_at(at(0), at(5)) == at(15)
    assert POLICY.due_at(night, None) == datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
    assert POLICY.due_at(at(0), night) == datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


def test_the_table_is_closed() -> None:
    assert set(TABLE) == set(State)
    for state, row in TABLE.items():
        for trigger, to in row.items():
            assert to is not State.NONE
            if state not in LIVE:  # what is over begins anew with a missed call, and only so
                assert (trigger, to) == (Trigger.MISSED, State.OPEN)


# ---- laws ------------------------------------------------------------------------------------

MINUTES = st.integers(min_value=0, max_value=4000)


@st.composite
def a_call(draw: st.DrawFn) -> Call:
    number, start, lasts = draw(st.integers(1, 8)), draw(MINUTES), draw(st.integers(1, 30))
    match draw(st.sampled_from(["missed", "short", "answered", "up", "cut"])):
        case "missed":
            return missed(number, start)
        case "short":
            return missed(number, start, wait_s=1)
        case "answered":
            return answered(number, start, start + lasts)
        case "up":
            return answered(number, start)
        case _:
            call = answered(number, start, start + lasts)
            return replace(call, outcome=CallOutcome.SWITCH_RESTART)


@st.composite
def tries(draw: st.DrawFn) -> list[Try]:
    """One after the other; the last one may still go on."""
    made, clock = [], 0
    for number in range(draw(st.integers(0, 5))):
        clock += draw(st.integers(1, 900))
        lasts = draw(st.integers(1, 5))
        made.append(tried(number, clock, clock + lasts, draw(st.sampled_from(Outcome))))
        clock += lasts
    if made and draw(st.booleans()):
        made[-1] = replace(made[-1], ended_at=None, outcome=None)
    return made


@st.composite
def facts(draw: st.DrawFn) -> list[Call | Try | datetime]:
    calls = {call.call_id: call for call in draw(st.lists(a_call(), max_size=8))}
    drops = draw(st.lists(MINUTES.map(at), max_size=2))
    return [*calls.values(), *draw(tries()), *drops]


def picture(episodes: Sequence[Episode]) -> list[tuple[object, ...]]:
    return [(one.state, one.reason, one.call_ids, one.attempts, one.closed_at) for one in episodes]


@given(facts(), st.data())
def test_the_order_of_telling_does_not_matter(
    known: list[Call | Try | datetime], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(known))
    assert picture(told(*known, now=4000)) == picture(told(*shuffled, now=4000))


@given(facts())
def test_what_always_holds(known: list[Call | Try | datetime]) -> None:
    episodes = told(*known, now=4000)
    assert all(not episode.is_live for episode in episodes[:-1])
    through = [fact.answered_at for fact in known if isinstance(fact, Call) and fact.answered_at]
    reached = [
        fact.ended_at
        for fact in known
        if isinstance(fact, Try) and fact.outcome is Outcome.ANSWERED and fact.ended_at
    ]
    for episode in episodes:
        assert 0 <= episode.attempts <= POLICY.max_attempts
        assert (episode.closed_at is None) == episode.is_live
        if episode.is_live:  # never called after getting through, or after being reached
            assert all(instant <= episode.last_missed_at for instant in through)
            assert all(instant <= episode.last_missed_at for instant in reached)
    every = [call_id for episode in episodes for call_id in episode.call_ids]
    assert len(every) == len(set(every))
    wanted = {
        fact.call_id
        for fact in known
        if isinstance(fact, Call) and judge(fact, POLICY) is Verdict.MISSED
    }
    assert set(every) == wanted


def store(known: dict[int, Stored], made: Sequence[Change]) -> dict[int, Stored]:
    """What the database does, and what its unique index refuses."""
    known = dict(known)
    for change in made:
        task = change.task
        task = replace(task, task_id=task.task_id or max(known, default=0) + 1)
        for task_id, other in known.items():
            known[task_id] = Stored(other.task, other.call_ids - change.call_ids)
        known[task.task_id] = Stored(task, change.call_ids)
        assert sum(one.task.is_live for one in known.values()) <= 1
    return known


@given(facts(), st.data())
def test_stored_tasks_become_the_same_by_any_way(
    known: list[Call | Try | datetime], data: st.DataObject
) -> None:
    """Facts come in any order, some twice, calls as abandoned first: the end is the same."""
    now = at(4000)
    order = data.draw(st.permutations(known + known))
    stored: dict[int, Stored] = {}
    seen: list[Call | Try | datetime] = []
    for fact in order:
        early = fact
        if isinstance(fact, Call) and fact.answered_at and data.draw(st.booleans()):
            early = missed(int(fact.call_id.removeprefix("sb1-")), 3)
        if isinstance(fact, Try):
            early = replace(fact, ended_at=None, outcome=None)
        for one in (early, fact):
            seen = [*(old for old in seen if not same(old, one)), one]
            episodes = told(*seen, now=4000)
            made = changes(CALLER, list(stored.values()), episodes, POLICY, now)
            stored = store(stored, made)
            again = changes(CALLER, list(stored.values()), episodes, POLICY, now)
            assert again == []
    wanted = sorted(picture(told(*known, now=4000)), key=lambda row: sorted(row[2]))  # type: ignore[call-overload]
    real = [one for one in stored.values() if one.call_ids]
    found = [
        (one.task.state, one.task.reason, one.call_ids, one.task.attempts, one.task.closed_at)
        for one in real
    ]
    assert sorted(found, key=lambda row: sorted(row[2])) == wanted
    withdrawn = [one.task for one in stored.values() if not one.call_ids]
    assert all((one.state, one.reason) == (State.DROPPED, Reason.CORRECTED) for one in withdrawn)


def same(one: Call | Try | datetime, other: Call | Try | datetime) -> bool:
    if isinstance(one, Call) and isinstance(other, Call):
        return one.call_id == other.call_id
    if isinstance(one, Try) and isinstance(other, Try):
        return one.attempt_id == other.attempt_id
    return one == other


def test_what_was_free_rang_nobody() -> None:
    assert {Outcome.AGENT_ABSENT, Outcome.OVERTAKEN, Outcome.NOT_DIALLED} == FREE
