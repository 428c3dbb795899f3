"""Makes the supervision lists that are due (日签批, 周调度, 月分析), whichever worker comes first.

What citizens answered belongs to the callbacks and the ratings, the lists to the cases: here they
meet.
"""

from pathlib import Path
from typing import Any

import aiosql
import structlog

from gateway.case_clocks import timing_of
from gateway.context import Context
from gateway.jobs import enqueue_telling
from gateway.live import LiveEvent
from ticketing.joint import late_cases
from ticketing.supervision.grounds import Outside
from ticketing.supervision.making import asked_between, due, make_list
from ticketing.supervision.periods import Period

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "dissatisfied.sql", "asyncpg")

log = structlog.get_logger(__name__)


async def make_due_lists(context: Context) -> int:
    """Make every list that is due now, each in a transaction of its own; how many were made."""
    now, hour = context.clock(), context.settings.supervision_hour
    made = 0
    async with context.engines.pool.acquire() as connection:
        for period in await due(connection, now=now, hour=hour):
            async with connection.transaction():
                made += await _make(connection, context, period)
    return made


async def discounted_cases(connection: Any, list_id: int) -> frozenset[int]:
    """Cases listed for dissatisfaction that does not count in satisfaction any more (C6)."""
    rows = _QUERIES.discounted_cases(connection, list_id=list_id)
    return frozenset({row["case_id"] async for row in rows})


async def _make(connection: Any, context: Context, period: Period) -> bool:
    now, timing = context.clock(), timing_of(context.settings)
    at = period.moment(now, context.settings.supervision_hour)
    since, until = await asked_between(connection, period, at=at)
    rows = _QUERIES.dissatisfied_cases(connection, since=since, until=until)
    outside = Outside(
        dissatisfied=frozenset({row["case_id"] async for row in rows}),
        joint_late=await late_cases(connection, at=at, timing=timing),
    )
    list_id = await make_list(connection, period, at=at, outside=outside, timing=timing, now=now)
    if list_id is None:
        return False
    name = "supervision.listed"
    data = {"list_id": list_id, "kind": period.kind, "first_day": period.first_day.isoformat()}
    await enqueue_telling(connection, [LiveEvent(f"{name}:{list_id}", name, now, data)])
    log.info("supervision_listed", kind=period.kind.value, first_day=period.first_day.isoformat())
    return True
