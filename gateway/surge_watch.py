"""Looks for surges (热点预警, C10) as this program is set, and tells of those that begin and end.

Any number of workers may look: `ticketing.surges.watch` lets one at a time, and what is told is
enqueued in the transaction that stores it.
"""

import asyncio
from datetime import datetime, timedelta

import structlog

from gateway.context import Context
from gateway.jobs import enqueue_telling
from gateway.live import LiveEvent
from gateway.settings import Settings
from ticketing.surges.clusters import clusters
from ticketing.surges.shares import Limits
from ticketing.surges.surge import Surge
from ticketing.surges.watch import Changes, WatchRules, clusterable, watch

log = structlog.get_logger(__name__)


def rules_of(settings: Settings) -> WatchRules:
    """What is looked for, as set."""
    return WatchRules(
        windows=tuple(timedelta(minutes=minutes) for minutes in settings.surge_windows_min),
        limits=Limits(
            class_percent=settings.surge_class_percent,
            subclass_percent=settings.surge_subclass_percent,
            min_cases=settings.surge_min_cases,
        ),
        cluster_window=timedelta(minutes=settings.surge_cluster_min),
        cluster_cases=settings.surge_cluster_cases,
        calm=timedelta(minutes=settings.surge_calm_min),
    )


async def watch_surges(context: Context) -> Changes | None:
    """Look once; ``None`` when another worker is looking."""
    rules, now, pool = rules_of(context.settings), context.clock(), context.engines.pool
    async with pool.acquire() as connection:
        cases = await clusterable(connection, rules, now=now)
    found = await asyncio.to_thread(clusters, cases, min_cases=rules.cluster_cases)
    async with pool.acquire() as connection, connection.transaction():
        changes = await watch(connection, rules, found, now=now)
        if changes is not None:
            await enqueue_telling(connection, _events(changes, at=now))
    if changes is not None and (changes.begun or changes.ended):
        log.info("surges_changed", begun=len(changes.begun), ended=len(changes.ended))
    return changes


def _events(changes: Changes, *, at: datetime) -> list[LiveEvent]:
    named = (("surge.started", changes.begun), ("surge.ended", changes.ended))
    return [
        LiveEvent(f"{name}:{surge.surge_id}", name, at, _data(surge))
        for name, surges in named
        for surge in surges
    ]


def _data(surge: Surge) -> dict[str, object]:
    category = surge.category
    return {
        "surge_id": surge.surge_id,
        "level": surge.level,
        "window_minutes": surge.window_minutes,
        "category": None if category is None else {"code": category.code, "name": category.name},
        "place": surge.place,
        "words": list(surge.words),
        "cases": surge.cases,
        "total": surge.total,
    }
