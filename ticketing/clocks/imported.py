"""Clocks of cases that were open in another system: they run from their own dates.

What was due before the import is not reminded of and not supervised any more: those notices count
as made when they were due.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ticketing.clocks.calendar import Calendar
from ticketing.clocks.days import load_calendar
from ticketing.clocks.deadline import Act, Entry, Schedule, Timing, schedule
from ticketing.clocks.errors import CalendarUnknownError
from ticketing.clocks.queries import QUERIES
from ticketing.clocks.rules import ClockKind, Rule, Urgency, rules_in_force

Rules = Mapping[tuple[str | None, Urgency], Rule]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A clock to be started in the past."""

    case_id: int
    kind: ClockKind
    category: str | None
    urgency: Urgency
    started_at: datetime


async def run_clocks(
    conn: Any, clocks: Sequence[Running], *, timing: Timing, actor: str, now: datetime
) -> None:
    """Start all of them by the rules that are in force."""
    if not clocks:
        return
    rules = {(rule.category, rule.urgency): rule for rule in await rules_in_force(conn)}
    calendar = await load_calendar(conn)
    # Some tenths of a second for a batch: not in the loop that also serves others.
    dates = await asyncio.to_thread(_dated, clocks, rules, calendar, timing)
    await QUERIES.run_imported(
        conn,
        case_ids=[clock.case_id for clock in clocks],
        kinds=[clock.kind for clock in clocks],
        rule_ids=[_rule(rules, clock).rule_id for clock in clocks],
        starts=[clock.started_at for clock in clocks],
        deadlines=[date.deadline if date else None for date in dates],
        yellows=[date.yellow_from if date else None for date in dates],
        actor=actor,
        now=now,
    )


def _rule(rules: Rules, clock: Running) -> Rule:
    """That of the category, else that for all."""
    return rules.get((clock.category, clock.urgency)) or rules[None, clock.urgency]


def _dated(
    clocks: Sequence[Running], rules: Rules, calendar: Calendar, timing: Timing
) -> list[Schedule | None]:
    return [_schedule(clock, _rule(rules, clock), calendar, timing) for clock in clocks]


def _schedule(clock: Running, rule: Rule, calendar: Calendar, timing: Timing) -> Schedule | None:
    """None: the deadline is in a year without calendar, it gets one when there is one."""
    history = [Entry(clock.started_at, Act.STARTED)]
    try:
        return schedule(rule.allows(clock.kind), history, calendar=calendar, timing=timing)
    except CalendarUnknownError:
        return None
