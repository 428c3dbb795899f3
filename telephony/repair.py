"""What was recorded against what the switchboard's own records tell: the differences, mended."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from telephony.events import AgentPart, CallRecord, Outcome
from telephony.ledger import Ledger

TOLERANCE_S = 1.0
# Of a call that was up while nobody listened a time may be that of the list that showed it.
GUESSED_TOLERANCE_S = 0.1


class Kind(StrEnum):
    """What is wrong with a recorded call."""

    MISSING = "missing"  # never recorded
    OPEN = "open"  # recorded, but its end is not
    DIFFERENT = "different"  # recorded otherwise


@dataclass(frozen=True, slots=True)
class Repair:
    """Store ``call`` in place of ``recorded``; ``fields`` are those that differed."""

    kind: Kind
    call: CallRecord
    recorded: CallRecord | None
    fields: tuple[str, ...] = ()


def compare(recorded: Iterable[CallRecord], ledger: Ledger) -> list[Repair]:
    """Repairs that make ``recorded`` agree with every call that ``ledger`` saw end.

    Recorded calls of which the ledger knows nothing are left alone: the records may be rotated.
    """
    known = {call.uniqueid: call for call in recorded}
    found = (repair_of(known.get(truth.uniqueid), truth) for truth in ledger.ended.values())
    return [repair for repair in found if repair]


def repair_of(
    ours: CallRecord | None, truth: CallRecord, tolerance_s: float = TOLERANCE_S
) -> Repair | None:
    """What makes ``ours`` agree with what the records tell of the call, ``None`` if it does."""
    if ours is None:
        return Repair(Kind.MISSING, truth, None)
    named = _named(ours, truth)
    fields = differences(ours, named, tolerance_s)
    if not fields:
        return None
    kind = Kind.OPEN if ours.ended_at is None else Kind.DIFFERENT
    return Repair(kind, mend(ours, named), ours, fields)


def _named(ours: CallRecord, truth: CallRecord) -> CallRecord:
    """``truth`` with the agents' names of ours: channels tell the telephone, not who sat there."""
    known = {part.interface: part.agent for part in ours.agents}
    named = [replace(part, agent=known.get(part.interface, part.agent)) for part in truth.agents]
    return replace(truth, agents=tuple(named))


def vanished(recorded: Iterable[CallRecord], ledger: Ledger) -> list[CallRecord]:
    """Calls recorded as open that the ledger neither saw end nor shows as still up."""
    known = ledger.ended.keys() | ledger.still_up
    return [call for call in recorded if call.ended_at is None and call.uniqueid not in known]


def differences(
    ours: CallRecord, truth: CallRecord, tolerance_s: float = TOLERANCE_S
) -> tuple[str, ...]:
    """Names of the fields in which two accounts of a call differ by more than ``tolerance_s``.

    Of a call that was cut by a restart the records tell no end but their own last word; who heard
    the switchboard for longer knows better.
    """
    longer_s = _heard_longer_s(ours, truth)
    near = partial(_near, tolerance_s)
    checks: Mapping[str, bool] = {
        "line": bool(ours.line) or not truth.line,
        "outcome": ours.outcome == truth.outcome,
        "offered": ours.offered == truth.offered,
        "answered": ours.answered == truth.answered,
        "queue": ours.queue == truth.queue,
        "ended_at": ours.ended_at is not None and longer_s >= -tolerance_s,
        "wait_s": near(ours.wait_s, truth.wait_s, longer_s),
        "talk_s": near(ours.talk_s + ours.hold_s, truth.talk_s + truth.hold_s, longer_s),
        "agents": _same_agents(near, ours.agents, truth, longer_s),
    }
    return tuple(name for name, same in checks.items() if not same)


def _heard_longer_s(ours: CallRecord, truth: CallRecord) -> float:
    """By how much we heard more than the records tell of a call that has no end in them."""
    if ours.outcome is not Outcome.SWITCH_RESTART or truth.outcome is not Outcome.SWITCH_RESTART:
        return 0.0
    if ours.ended_at is None or truth.ended_at is None:
        return 0.0
    return (ours.ended_at - truth.ended_at).total_seconds()


def mend(ours: CallRecord, truth: CallRecord) -> CallRecord:
    """``truth`` with what only live messages tell (line, caller, holding) kept from ``ours``."""
    held = {part.agent: part.hold_s for part in ours.agents}
    parts = tuple(_with_hold(part, held.get(part.agent, 0.0)) for part in truth.agents)
    total_s = truth.talk_s + truth.hold_s
    hold_s = min(max(ours.hold_s, truth.hold_s), total_s)
    return replace(
        truth,
        line=ours.line or truth.line,
        line_mode=ours.line_mode if ours.line else truth.line_mode,
        district=ours.district if ours.line else truth.district,
        caller=ours.caller or truth.caller,
        talk_s=total_s - hold_s,
        hold_s=hold_s,
        agents=parts,
        revision=max(ours.revision, truth.revision) + 1,
    )


def _with_hold(part: AgentPart, held_s: float) -> AgentPart:
    total_s = part.talk_s + part.hold_s
    hold_s = min(max(held_s, part.hold_s), total_s)
    return replace(part, talk_s=total_s - hold_s, hold_s=hold_s)


def _near(
    tolerance_s: float, ours: float | None, truth: float | None, longer_s: float = 0.0
) -> bool:
    if ours is None or truth is None:
        return ours is truth
    return -tolerance_s <= ours - truth <= tolerance_s + max(0.0, longer_s)


def _same_agents(
    near: Callable[[float, float, float], bool],
    ours: tuple[AgentPart, ...],
    truth: CallRecord,
    longer_s: float,
) -> bool:
    return len(ours) == len(truth.agents) and all(
        a.agent == b.agent
        and near(
            a.talk_s + a.hold_s,
            b.talk_s + b.hold_s,
            longer_s if b.released_at == truth.ended_at else 0.0,
        )
        for a, b in zip(ours, truth.agents, strict=True)
    )
