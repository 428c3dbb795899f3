"""What each step of a case does to its clocks."""

from datetime import datetime
from typing import Any

from ticketing.case import Case
from ticketing.clocks import case_clocks
from ticketing.clocks.deadline import Allowance, Timing, Unit
from ticketing.clocks.rules import ClockKind, Urgency
from ticketing.lifecycle import ENDED, CaseState, Step


async def follow_opening(
    conn: Any, case: Case, *, urgency: Urgency, timing: Timing, actor: str, at: datetime
) -> None:
    """Start the clocks of a case that was just opened, unless it is closed already."""
    if case.state in ENDED:
        return
    kinds = [ClockKind.CLOSING]
    if case.state is CaseState.DISPATCHED:
        kinds.append(ClockKind.SIGNING)
    for kind in kinds:
        await case_clocks.start(
            conn,
            case.case_id,
            kind,
            urgency=urgency,
            category=_category(case),
            timing=timing,
            actor=actor,
            at=at,
        )


def _category(case: Case) -> str | None:
    return case.category.code if case.category else None


async def follow_step(
    conn: Any,
    case: Case,
    step: Step,
    *,
    days: int | None = None,
    timing: Timing,
    actor: str,
    at: datetime,
) -> None:
    """Let the clocks of `case`, as it is after `step`, follow in the step's transaction.

    Signing runs from (re-)dispatch to acceptance, closing from registration or re-opening to the
    end; both are paused while a return is asked for. `days` are those of a granted extension.
    """
    how: dict[str, Any] = {"actor": actor, "at": at}
    match step:
        case Step.RETURN_ASKED:
            for kind in ClockKind:
                await case_clocks.pause(conn, case.case_id, kind, **how)
        case Step.RETURN_REFUSED | Step.RETURN_GRANTED:
            for kind in ClockKind:
                await case_clocks.resume(conn, case.case_id, kind, timing=timing, **how)
        case Step.EXTENSION_GRANTED if days is not None:
            by = Allowance(days, Unit.WORKING_DAYS)
            await case_clocks.extend(
                conn, case.case_id, ClockKind.CLOSING, by, timing=timing, **how
            )
        case Step.REDISPATCHED:  # another department has its own time to sign
            await case_clocks.stop(conn, case.case_id, ClockKind.SIGNING, **how)
    await _agree_with_state(conn, case, step, timing, how)


async def _agree_with_state(
    conn: Any, case: Case, step: Step, timing: Timing, how: dict[str, Any]
) -> None:
    clocks = (await case_clocks.clocks_of(conn, [case.case_id]))[case.case_id]
    running = {clock.kind for clock in clocks if clock.stopped_at is None}
    wanted = set() if case.state in ENDED else {ClockKind.CLOSING}
    if case.state is CaseState.DISPATCHED:
        wanted.add(ClockKind.SIGNING)
    if case.state is CaseState.RETURN_ASKED:
        wanted |= running  # paused
    if ClockKind.CLOSING not in running and step is not Step.REOPENED:
        wanted.clear()  # from before there were clocks
    for kind in sorted(running - wanted):
        await case_clocks.stop(conn, case.case_id, kind, **how)
    for kind in sorted(wanted - running):
        await case_clocks.start(
            conn,
            case.case_id,
            kind,
            urgency=clocks[0].urgency if clocks else Urgency.ORDINARY,
            category=_category(case),
            timing=timing,
            **how,
        )
