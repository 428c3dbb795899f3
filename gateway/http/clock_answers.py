"""Clocks of cases as the API tells them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from gateway.case_clocks import timing_of
from gateway.http.endpoint import Answer, Inquiry
from ticketing.clocks.case_clocks import Clock, clocks_of
from ticketing.clocks.days import load_calendar
from ticketing.clocks.deadline import Allowance, Unit
from ticketing.clocks.lights import Light
from ticketing.clocks.rules import ClockKind, Urgency
from ticketing.clocks.working_time import WorkTime


class AllowanceAnswer(Answer):
    """How long something may take."""

    amount: int
    unit: Unit


class ClockAnswer(Answer):
    """A clock of a case.

    ``deadline`` is null while the calendar of its year is missing. ``light`` and what is left are
    of a running clock. ``left_s`` counts in the clock's own time (working time, unless it is
    allowed ``hours``), negative when it is late; null where the calendar does not tell.
    ``left_days`` is the same in working days; null also of a clock that is allowed hours.
    """

    kind: ClockKind
    category: str | None
    urgency: Urgency
    rule_version: int
    allowed: AllowanceAnswer
    extensions: int
    started_at: datetime
    deadline: datetime | None
    paused_at: datetime | None
    stopped_at: datetime | None
    light: Light | None
    left_s: float | None
    left_days: float | None
    late: bool


async def clock_answers(
    connection: Any, case_ids: Iterable[int], inquiry: Inquiry[Any, Any]
) -> dict[int, list[ClockAnswer]]:
    """The clocks of these cases, running ones first, the most pressing first of all."""
    found = await clocks_of(connection, case_ids)
    if not any(found.values()):
        return {case_id: [] for case_id in found}
    work = WorkTime(await load_calendar(connection), timing_of(inquiry.settings).hours)
    now = inquiry.services.clock()
    return {
        case_id: [_clock_answer(clock, now, work) for clock in clocks]
        for case_id, clocks in found.items()
    }


def allowance_answer(allowance: Allowance) -> AllowanceAnswer:
    """An allowance as the API tells it."""
    return AllowanceAnswer(amount=allowance.amount, unit=allowance.unit)


def _clock_answer(clock: Clock, now: datetime, work: WorkTime) -> ClockAnswer:
    runs, is_wall = clock.stopped_at is None, clock.allowance.unit is Unit.HOURS
    left = clock.standing.time_left(now, work) if runs else None
    return ClockAnswer(
        kind=clock.kind,
        category=clock.category,
        urgency=clock.urgency,
        rule_version=clock.rule_version,
        allowed=allowance_answer(clock.allowance),
        extensions=clock.term - 1,
        started_at=clock.started_at,
        deadline=clock.deadline,
        paused_at=clock.paused_at,
        stopped_at=clock.stopped_at,
        light=clock.standing.light(now) if runs else None,
        left_s=None if left is None else left.total_seconds(),
        left_days=None if left is None or is_wall else left / work.hours.length,
        late=_is_late(clock, now),
    )


def _is_late(clock: Clock, now: datetime) -> bool:
    """A clock stops for good at its stop, and for the time being at a pause."""
    return clock.deadline is not None and (
        (clock.paused_at or clock.stopped_at or now) >= clock.deadline
    )
