"""The clocks of cases as this program is set: how time is counted, what is done when it is due.

Any number of workers may look for what is due: `ticketing.clocks.notices` and, of joint deadlines,
`ticketing.joint_notices` give each notice to one of them, and what is done about it is in the
transaction of that claim.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from gateway.case_audience import audience_of
from gateway.context import Context
from gateway.jobs import enqueue_telling
from gateway.live import LiveEvent, iso
from gateway.settings import Settings
from ticketing import case_store
from ticketing.clocks.case_clocks import redate, wrongly_dated
from ticketing.clocks.deadline import Timing
from ticketing.clocks.notices import Notice, claim_due, supervise
from ticketing.clocks.working_time import WorkingHours
from ticketing.joint_notices import claim_joint, due_notices

BATCH = 200

log = structlog.get_logger(__name__)


def timing_of(settings: Settings) -> Timing:
    """How time is counted, as set."""
    return Timing(
        hours=WorkingHours.parse(settings.clock_hours),
        yellow_share=settings.clock_yellow_percent / 100,
        yellow_before=timedelta(hours=settings.clock_yellow_hours),
        start_day_counts=settings.clock_start_day_counts,
    )


async def make_notices(context: Context) -> int:
    """Make every notice that is due now: reminders, and supervision of what is overdue.

    Returns how many. Each batch is stored with its entries in the cases' history and the jobs that
    tell of it, or not at all.
    """
    made, claimed = 0, BATCH
    while claimed == BATCH:
        now = context.clock()
        async with context.engines.pool.acquire() as connection, connection.transaction():
            notices = await claim_due(connection, now=now, limit=BATCH)
            await _carry_out(connection, notices, now=now)
        claimed = len(notices)
        made += claimed
    return made + await _make_joint_notices(context)


async def _make_joint_notices(context: Context) -> int:
    now, timing, made = context.clock(), timing_of(context.settings), 0
    async with context.engines.pool.acquire() as connection:
        due = await due_notices(connection, now=now, timing=timing)
        for start in range(0, len(due), BATCH):
            async with connection.transaction():
                notices = await claim_joint(connection, due[start : start + BATCH], now=now)
                await _carry_out(connection, notices, now=now)
            made += len(notices)
    return made


async def _carry_out(conn: Any, notices: Sequence[Notice], *, now: datetime) -> None:
    await supervise(conn, notices, now=now)
    await enqueue_telling(conn, await _events(conn, notices, at=now))


async def redate_clocks(context: Context) -> int:
    """Work out every running clock's deadline anew; how many changed."""
    timing, changed = timing_of(context.settings), 0
    after: int | None = 0
    while after is not None:
        async with context.engines.pool.acquire() as connection:
            wrong, after = await wrongly_dated(connection, after=after, timing=timing)
            for clock in wrong:
                async with connection.transaction():
                    now = context.clock()
                    changed += await redate(connection, clock, timing=timing, at=now)
    if changed:
        log.info("clocks_redated", clocks=changed)
    return changed


async def _events(conn: Any, notices: Sequence[Notice], *, at: datetime) -> list[LiveEvent]:
    """What is told of each, to the departments of its case, too, whose pages show a notice."""
    cases = await case_store.by_ids(conn, sorted({notice.case_id for notice in notices}))
    departments = {case.case_id: sorted(await audience_of(conn, case)) for case in cases}
    confidential = {case.case_id: case.confidential for case in cases}
    return [
        LiveEvent(
            f"case.{notice.notice}:{notice.subject}",
            f"case.{notice.notice}",
            at,
            {
                "case_no": notice.case_no,
                "call_id": notice.call_id,
                "opened_by": notice.opened_by,
                "confidential": confidential[notice.case_id],
                "departments": departments[notice.case_id],
                "notice": True,
                "clock": notice.clock,
                "deadline": iso(notice.deadline),
            },
        )
        for notice in notices
    ]
