"""Joint handling (街乡吹哨、部门报到): a street calls other departments in for one case (C13).

What may be done is in the table of the lifecycle; here it is written, and read with its deadlines,
which are worked out from when the departments were called.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import aiosql

from ticketing.case import Actor, Named
from ticketing.case_store import Locked
from ticketing.clocks.calendar import Calendar
from ticketing.clocks.days import load_calendar
from ticketing.clocks.deadline import Act, Allowance, Entry, Timing, Unit, schedule
from ticketing.clocks.errors import CalendarUnknownError
from ticketing.clocks.lights import Light
from ticketing.clocks.lights import Standing as ClockStanding
from ticketing.lifecycle import ONGOING, Call, CaseState, Step
from ticketing.taking import Standing

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "joint.sql", "asyncpg")
BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A department that was called in, when it reported and contributed, and what."""

    department: Named
    reported_at: datetime | None
    contributed_at: datetime | None
    contribution: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """A joint handling of a case; ``report_by`` and ``deadline`` follow from when it was called.

    The deadline is ``None`` while the calendar of its time is missing.
    """

    joint_id: int
    case_id: int
    case_no: str
    title: str
    caller: Named
    called_at: datetime
    report_by: datetime
    days: int
    deadline: datetime | None
    yellow_from: datetime | None
    ended_at: datetime | None
    calls: tuple[Called, ...]

    @classmethod
    def from_row(
        cls, row: Any, calls: Sequence[Called], *, calendar: Calendar, timing: Timing
    ) -> Self:
        """Take a row of `joints_of_case`, `running_joints` or `joints_at`."""
        start = [Entry(row["called_at"], Act.STARTED)]
        report = schedule(
            Allowance(row["hours"], Unit.HOURS), start, calendar=calendar, timing=timing
        )
        days = Allowance(row["days"], Unit.WORKING_DAYS)
        deadline = yellow_from = None
        with suppress(CalendarUnknownError):
            joint = schedule(days, start, calendar=calendar, timing=timing)
            deadline, yellow_from = joint.deadline, joint.yellow_from
        names = ("joint_id", "case_id", "case_no", "title", "called_at", "days", "ended_at")
        return cls(
            caller=Named(row["caller_code"], row["caller_name"]),
            report_by=report.deadline,
            deadline=deadline,
            yellow_from=yellow_from,
            calls=tuple(calls),
            **{name: row[name] for name in names},
        )

    def light(self, now: datetime) -> Light | None:
        """Of the joint deadline, while it runs."""
        if self.ended_at is not None and self.ended_at <= now:
            return None
        return ClockStanding(
            unit=Unit.WORKING_DAYS,
            deadline=self.deadline,
            yellow_from=self.yellow_from,
            paused_at=None,
        ).light(now)

    def is_late(self, now: datetime) -> bool:
        """Whether somebody has not reported in in time, or the joint deadline is over."""
        unreported = any(it.reported_at is None or it.reported_at > now for it in self.calls)
        return self.light(now) is Light.RED or (unreported and now >= self.report_by)


async def standing_for(conn: Any, case_id: int, standing: Standing, actor: Actor) -> Standing:
    """Where a case is for ``actor``, with what belongs to joint handling."""
    row = await _QUERIES.standing(conn, case_id=case_id, department_id=actor.department_id)
    call = None if row["call"] is None else Call(row["call"])
    return replace(standing, street=row["street"], joint=row["joint"], call=call)


async def follow_step(
    conn: Any,
    case: Locked,
    step: Step,
    to: CaseState,
    *,
    called: Sequence[int],
    hours: int | None,
    days: int | None,
    contribution: str | None,
    actor: Actor,
    now: datetime,
) -> None:
    """Write what a step of ``case``, as it was before, does to its joint handling.

    Whatever takes the case out of the lead department's hands ends it.
    """
    own = {"case_id": case.case_id, "department_id": actor.department_id}
    match step:
        case Step.WHISTLED:
            await _QUERIES.begin(
                conn,
                case_id=case.case_id,
                caller_id=case.lead_id,
                called_at=now,
                hours=hours,
                days=days,
                departments=list(called),
            )
        case Step.REPORTED_IN:
            await _QUERIES.report_in(conn, **own, at=now)
        case Step.CONTRIBUTED:
            await _QUERIES.contribute(conn, **own, at=now, contribution=contribution)
            await _QUERIES.end_complete(conn, case_id=case.case_id, at=now)
        case Step.JOINT_ENDED:
            await _QUERIES.end_running(conn, case_id=case.case_id, at=now)
        case _ if case.state in ONGOING and to not in ONGOING:
            await _QUERIES.end_running(conn, case_id=case.case_id, at=now)


async def joints_of(conn: Any, case_id: int, *, timing: Timing) -> list[Joint]:
    """The joint handlings of a case, the newest first."""
    rows = [row async for row in _QUERIES.joints_of_case(conn, case_id=case_id)]
    return await _joints(conn, rows, timing) if rows else []


async def running_joints(
    conn: Any, *, department_id: int | None, after: int, limit: int, timing: Timing
) -> list[Joint]:
    """Joint handlings that go on, the oldest first, from behind the id ``after`` on.

    With ``department_id`` those in which it is in charge or called.
    """
    found = _QUERIES.running_joints(conn, department=department_id, after=after, limit=limit)
    return await _joints(conn, [row async for row in found], timing)


async def late_cases(conn: Any, *, at: datetime, timing: Timing) -> frozenset[int]:
    """Ids of the cases whose joint handling was late ``at`` a moment, which may be over."""
    late = [
        joint.case_id async for joint in joints_at(conn, at, timing=timing) if joint.is_late(at)
    ]
    return frozenset(late)


async def joints_at(conn: Any, at: datetime, *, timing: Timing) -> AsyncIterator[Joint]:
    """Every joint handling that went on ``at`` a moment, read a batch at a time."""
    after = 0
    while True:
        rows = [row async for row in _QUERIES.joints_at(conn, at=at, after=after, limit=BATCH)]
        for joint in await _joints(conn, rows, timing):
            yield joint
        if len(rows) < BATCH:
            return
        after = rows[-1]["joint_id"]


async def _joints(conn: Any, rows: Sequence[Any], timing: Timing) -> list[Joint]:
    calls: dict[int, list[Called]] = defaultdict(list)
    joint_ids = [row["joint_id"] for row in rows]
    async for row in _QUERIES.calls_of_joints(conn, joint_ids=joint_ids):
        calls[row["joint_id"]].append(
            Called(
                department=Named(row["code"], row["name"]),
                reported_at=row["reported_at"],
                contributed_at=row["contributed_at"],
                contribution=row["contribution"],
            )
        )
    calendar = await load_calendar(conn)
    return [
        Joint.from_row(row, calls[row["joint_id"]], calendar=calendar, timing=timing)
        for row in rows
    ]
