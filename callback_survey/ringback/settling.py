"""Bringing a caller's stored tasks up to what is known of him.

Every function works on a connection in a transaction of the caller. Nothing is taken from the
order of events: the facts are read anew under a lock on the caller, and the tasks written are those
that the facts make. Doing it again, or never having heard whether it was committed, is harmless.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from callback_survey.ringback.history import Facts, Try, tell
from callback_survey.ringback.judgement import Call, Verdict, is_usable, judge
from callback_survey.ringback.outcome import Outcome
from callback_survey.ringback.policy import Policy
from callback_survey.ringback.queries import QUERIES
from callback_survey.ringback.task import Caller, Change, Stored, Task, changes
from telephony.events import Outcome as CallOutcome

BATCH = 200


@dataclass(frozen=True, slots=True)
class Settled:
    """The caller's live task, and the time of the newest thing known in it; both ``None`` without.

    ``changed``: whether anything had to be stored.
    """

    live: Task | None
    latest_at: datetime | None
    changed: bool


async def waiting_callers(
    connection: Any, switchboard: str, *, policy: Policy, now: datetime
) -> list[Caller]:
    """Callers to `settle`, at most `BATCH`; marks of those with nothing to settle are removed."""
    since = now - policy.look_back
    await QUERIES.unmark_idle_callers(connection, switchboard=switchboard, since=since)
    rows = QUERIES.waiting_callers(connection, switchboard=switchboard, now=now, limit=BATCH)
    return [Caller(switchboard, row["number"]) async for row in rows]


async def settle(connection: Any, caller: Caller, *, policy: Policy, now: datetime) -> Settled:
    """Make the stored tasks of a caller those that the facts make at ``now``."""
    who = asdict(caller)
    await QUERIES.lock_caller(connection, **who)
    marks = [row async for row in QUERIES.marks_of(connection, **who)]
    if await QUERIES.is_own_line(connection, number=caller.number):
        policy = replace(policy, own_numbers=policy.own_numbers | {caller.number})
    if is_usable(caller.number, policy):
        settled = await _settle(connection, caller, policy, now)
    else:
        await _count(connection, caller, [row["call_id"] for row in marks], policy)
        settled = Settled(None, None, changed=False)
    await QUERIES.delete_marks(connection, mark_ids=[row["mark_id"] for row in marks])
    return settled


async def _settle(connection: Any, caller: Caller, policy: Policy, now: datetime) -> Settled:
    who = asdict(caller)
    since = await QUERIES.window_start(connection, **who, since=now - policy.look_back)
    facts = await _facts(connection, who, since)
    rows = QUERIES.tasks_of(connection, **who, since=since)
    stored = [Stored(Task.from_row(row), frozenset(row["call_ids"])) async for row in rows]
    episodes = tell(facts, policy, now)
    made = changes(caller, stored, episodes, policy, now)
    task_ids = {call_id: one.task.task_id for one in stored for call_id in one.call_ids}
    for change in made:
        task_id = await _store(connection, change)
        task_ids |= dict.fromkeys(change.call_ids, task_id)
    await _judge_all(connection, caller, facts.calls, task_ids, policy)
    gone = task_ids.keys() - {call.call_id for call in facts.calls if judge(call, policy)}
    gone |= {call.call_id for call in facts.calls if judge(call, policy) is None}
    await QUERIES.unjudge_calls(connection, number=caller.number, call_ids=sorted(gone))
    last = episodes[-1] if episodes and episodes[-1].is_live else None
    if last is None:
        return Settled(None, None, bool(made))
    live = await QUERIES.find_task(connection, task_id=task_ids[last.calls[0].call_id])
    return Settled(Task.from_row(live), last.latest_at, bool(made))


async def _facts(connection: Any, who: dict[str, str], since: datetime) -> Facts:
    calls = [_call(row) async for row in QUERIES.calls_of(connection, **who, since=since)]
    tries = [_try(row) async for row in QUERIES.tries_of(connection, **who, since=since)]
    drops = [row["at"] async for row in QUERIES.drops_of(connection, **who, since=since)]
    return Facts(calls=tuple(calls), tries=tuple(tries), drops=tuple(drops))


async def _count(connection: Any, caller: Caller, call_ids: Sequence[str], policy: Policy) -> None:
    """Callers whom nobody can call back: their calls are counted one by one."""
    calls = [_call(row) async for row in QUERIES.calls_by_id(connection, call_ids=call_ids)]
    ours = [call for call in calls if call.number == caller.number]
    await _judge_all(connection, caller, ours, {}, policy)
    failed = {call.call_id for call in ours if call.failed}
    gone = sorted(set(call_ids) - failed)
    await QUERIES.unjudge_calls(connection, number=caller.number, call_ids=gone)


async def _store(connection: Any, change: Change) -> int:
    values = asdict(change.task)
    if change.task.task_id == 0:
        del values["task_id"]
        return int(await QUERIES.add_task(connection, **values))
    del values["switchboard"], values["number"]
    await QUERIES.change_task(connection, **values)
    return change.task.task_id


async def _judge_all(
    connection: Any,
    caller: Caller,
    calls: Iterable[Call],
    task_ids: dict[str, int],
    policy: Policy,
) -> None:
    judged = []
    for call in calls:
        verdict = judge(call, policy)
        if verdict is None or call.ended_at is None:
            continue
        task_id = task_ids[call.call_id] if verdict is Verdict.MISSED else None
        judged.append(
            {
                "call_id": call.call_id,
                "number": call.number,
                "verdict": verdict,
                "line": call.line,
                "missed_at": call.ended_at.isoformat(),
                "task_id": task_id,
            }
        )
    if judged:
        text = json.dumps(judged)
        await QUERIES.judge_calls(connection, switchboard=caller.switchboard, judged=text)


def _call(row: Any) -> Call:
    outcome = CallOutcome(row["outcome"]) if row["outcome"] else None
    return Call(**dict(row) | {"outcome": outcome})


def _try(row: Any) -> Try:
    return Try(**dict(row) | {"outcome": Outcome(row["outcome"]) if row["outcome"] else None})
