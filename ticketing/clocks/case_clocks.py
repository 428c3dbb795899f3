"""Starts, pauses, extends and stops the clocks of cases, in a transaction of the caller's.

A case has at most one clock of each kind running. Every act is an entry of the clock's history, and
the deadline is always worked out anew from that history; a clock whose calendar is missing runs
without a deadline until `redate` finds one. Cases from before there were clocks have none:
acts on a clock that does not run answer `None`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from ticketing.clocks.calendar import Calendar
from ticketing.clocks.days import load_calendar
from ticketing.clocks.deadline import Act, Allowance, Entry, Timing, Unit, schedule
from ticketing.clocks.errors import CalendarUnknownError, ClockStateError
from ticketing.clocks.lights import Standing
from ticketing.clocks.queries import QUERIES
from ticketing.clocks.rules import ClockKind, Urgency, allowance_of, rule_for

SYSTEM = "system"
BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A clock of a case, with the rule it goes by.

    `term` grows with every extension. The deadline is `None` while the calendar is missing.
    """

    clock_id: int
    case_id: int
    kind: ClockKind
    category: str | None
    urgency: Urgency
    rule_version: int
    allowance: Allowance
    term: int
    started_at: datetime
    deadline: datetime | None
    yellow_from: datetime | None
    paused_at: datetime | None
    stopped_at: datetime | None

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `case_clocks` with the columns of its rule."""
        kind = ClockKind(row["kind"])
        return cls(
            clock_id=row["clock_id"],
            case_id=row["case_id"],
            kind=kind,
            category=row["category"],
            urgency=Urgency(row["urgency"]),
            rule_version=row["rule_version"],
            allowance=allowance_of(row, kind),
            term=row["term"],
            started_at=row["started_at"],
            deadline=row["deadline"],
            yellow_from=row["yellow_from"],
            paused_at=row["paused_at"],
            stopped_at=row["stopped_at"],
        )

    @property
    def standing(self) -> Standing:
        """What its light is made of."""
        return Standing(
            unit=self.allowance.unit,
            deadline=self.deadline,
            yellow_from=self.yellow_from,
            paused_at=self.paused_at,
        )


async def start(
    conn: Any,
    case_id: int,
    kind: ClockKind,
    *,
    urgency: Urgency,
    category: str | None = None,
    timing: Timing,
    actor: str,
    at: datetime,
) -> Clock:
    """Start a clock of a case by the rule that is in force; it keeps that version.

    Raises `ClockStateError` when one of this kind runs.
    """
    rule = await rule_for(conn, category, urgency)
    clock_id = await QUERIES.insert_clock(
        conn, case_id=case_id, kind=kind, rule_id=rule.rule_id, started_at=at
    )
    if clock_id is None:
        raise ClockStateError("该工单的时限已在计时")
    await _note(conn, clock_id, Entry(at, Act.STARTED), actor)
    started = Clock(
        clock_id=clock_id,
        case_id=case_id,
        kind=kind,
        category=rule.category,
        urgency=urgency,
        rule_version=rule.version,
        allowance=rule.allows(kind),
        term=1,
        started_at=at,
        deadline=None,
        yellow_from=None,
        paused_at=None,
        stopped_at=None,
    )
    return await _date(conn, started, timing)


async def pause(
    conn: Any, case_id: int, kind: ClockKind, *, actor: str, at: datetime
) -> Clock | None:
    """Let no time pass until `resume`. Raises `ClockStateError` when the clock is paused."""
    clock = await _running(conn, case_id, kind)
    if clock is None:
        return None
    if clock.paused_at is not None:
        raise ClockStateError("该工单的时限已暂停")
    await QUERIES.pause_clock(conn, clock_id=clock.clock_id, at=at)
    await _note(conn, clock.clock_id, Entry(at, Act.PAUSED), actor)
    return replace(clock, paused_at=at)


async def resume(
    conn: Any, case_id: int, kind: ClockKind, *, timing: Timing, actor: str, at: datetime
) -> Clock | None:
    """Let time pass again; raises `ClockStateError` when the clock is not paused."""
    clock = await _running(conn, case_id, kind)
    if clock is None:
        return None
    if clock.paused_at is None:
        raise ClockStateError("该工单的时限没有暂停")
    await QUERIES.resume_clock(conn, clock_id=clock.clock_id)
    await _note(conn, clock.clock_id, Entry(at, Act.RESUMED), actor)
    return await _date(conn, replace(clock, paused_at=None), timing)


async def extend(
    conn: Any,
    case_id: int,
    kind: ClockKind,
    by: Allowance,
    *,
    timing: Timing,
    actor: str,
    at: datetime,
    note: str = "",
) -> Clock | None:
    """Add `by` to the deadline, also of a paused clock; a new term begins, with its own notices."""
    clock = await _running(conn, case_id, kind)
    if clock is None:
        return None
    await QUERIES.begin_term(conn, clock_id=clock.clock_id)
    await _note(conn, clock.clock_id, Entry(at, Act.EXTENDED, by), actor, note)
    return await _date(conn, replace(clock, term=clock.term + 1), timing)


async def stop(
    conn: Any, case_id: int, kind: ClockKind, *, actor: str, at: datetime
) -> Clock | None:
    """Stop a clock for good; what it measured has happened."""
    clock = await _running(conn, case_id, kind)
    if clock is None:
        return None
    await QUERIES.stop_clock(conn, clock_id=clock.clock_id, at=at)
    await _note(conn, clock.clock_id, Entry(at, Act.STOPPED), actor)
    return replace(clock, stopped_at=at)


async def clocks_of(conn: Any, case_ids: Iterable[int]) -> dict[int, list[Clock]]:
    """All clocks of these cases: running ones first, the most pressing first of all."""
    found: dict[int, list[Clock]] = {case_id: [] for case_id in case_ids}
    async for row in QUERIES.clocks_of_cases(conn, case_ids=list(found)):
        found[row["case_id"]].append(Clock.from_row(row))
    return found


async def wrongly_dated(conn: Any, *, after: int, timing: Timing) -> tuple[list[Clock], int | None]:
    """Running clocks whose deadline is not the one by the calendar as it is now, of a batch.

    The batch begins behind the clock `after` (0: with the first). The last clock of the batch comes
    with them, or `None` when there are no more.
    """
    rows = QUERIES.running_after(conn, clock_id=after, limit=BATCH)
    clocks = [Clock.from_row(row) async for row in rows]
    calendar = await load_calendar(conn)
    histories = await entries_of(conn, clocks)
    wrong = [
        clock
        for clock in clocks
        if dated(clock, histories[clock.clock_id], calendar, timing).deadline != clock.deadline
    ]
    return wrong, clocks[-1].clock_id if len(clocks) == BATCH else None


async def redate(conn: Any, clock: Clock, *, timing: Timing, at: datetime) -> bool:
    """Work out the deadline of a running clock anew; whether it changed.

    One clock in a transaction: of several, others might want the same ones in another order.
    """
    running = await _running(conn, clock.case_id, clock.kind)
    if running is None:
        return False
    if (await _date(conn, running, timing)).deadline == running.deadline:
        return False
    await _note(conn, running.clock_id, Entry(at, Act.REDATED), SYSTEM)
    return True


async def _running(conn: Any, case_id: int, kind: ClockKind) -> Clock | None:
    row = await QUERIES.lock_running(conn, case_id=case_id, kind=kind)
    return None if row is None else Clock.from_row(row)


async def _date(conn: Any, clock: Clock, timing: Timing) -> Clock:
    """Work out and store the deadline."""
    history = (await entries_of(conn, [clock]))[clock.clock_id]
    moved = dated(clock, history, await load_calendar(conn), timing)
    await _store_dates(conn, moved)
    return moved


def dated(clock: Clock, history: Sequence[Entry], calendar: Calendar, timing: Timing) -> Clock:
    """The clock with the deadline that follows from its history, or without where none does."""
    try:
        found = schedule(clock.allowance, history, calendar=calendar, timing=timing)
    except CalendarUnknownError:
        return replace(clock, deadline=None, yellow_from=None)
    return replace(clock, deadline=found.deadline, yellow_from=found.yellow_from)


async def _store_dates(conn: Any, clock: Clock) -> None:
    await QUERIES.date_clock(
        conn, clock_id=clock.clock_id, deadline=clock.deadline, yellow_from=clock.yellow_from
    )


async def entries_of(conn: Any, clocks: Sequence[Clock]) -> dict[int, list[Entry]]:
    """What happened to these clocks, the earliest first."""
    entries: dict[int, list[Entry]] = defaultdict(list)
    async for row in QUERIES.entries_of(conn, clock_ids=[clock.clock_id for clock in clocks]):
        by = None if row["amount"] is None else Allowance(row["amount"], Unit(row["unit"]))
        entries[row["clock_id"]].append(Entry(row["at"], Act(row["act"]), by))
    return entries


async def _note(conn: Any, clock_id: int, entry: Entry, actor: str, note: str = "") -> None:
    await QUERIES.insert_entry(
        conn,
        clock_id=clock_id,
        at=entry.at,
        actor=actor,
        act=entry.act,
        amount=entry.by.amount if entry.by else None,
        unit=entry.by.unit if entry.by else None,
        note=note,
    )
