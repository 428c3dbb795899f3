"""One look at the newest cases: what is found is stored as warnings that begin, go on and end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ticketing.surges import store
from ticketing.surges.clusters import Cluster, ClusterCase
from ticketing.surges.following import follow, recognise
from ticketing.surges.shares import Limits, SurgeLevel, excesses
from ticketing.surges.store import OpenSurge, Sighting
from ticketing.surges.surge import Surge

MOST_CASES = 20_000  # of a window that are looked at for clusters: the newest

_Key = tuple[str, int, int | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRules:
    """What is looked for; ``calm`` is how long a surge must not be found before it is over."""

    windows: tuple[timedelta, ...]
    limits: Limits
    cluster_window: timedelta
    cluster_cases: int
    calm: timedelta


@dataclass(frozen=True, slots=True)
class Changes:
    """Warnings that began and that ended with a look."""

    begun: list[Surge]
    ended: list[Surge]


async def clusterable(conn: Any, rules: WatchRules, *, now: datetime) -> list[ClusterCase]:
    """The cases among which clusters are looked for."""
    return await store.window_cases(conn, now - rules.cluster_window, MOST_CASES)


async def watch(
    conn: Any, rules: WatchRules, found_clusters: Sequence[Cluster], *, now: datetime
) -> Changes | None:
    """Look once, in the transaction of the caller; ``None`` when somebody else is looking.

    ``found_clusters`` come from `clusters.clusters` of `clusterable` cases.
    """
    if not await store.take_turn(conn):
        return None
    known = await store.open_surges(conn)
    found = await _shares(conn, rules, now=now)
    found |= _clusters(rules, found_clusters, known)
    by_key = {_key(each): each for each in known}
    seen = {key: each.seen_at for key, each in by_key.items()}
    course = follow(found, seen, now=now, calm=rules.calm)
    begun = [await store.begin(conn, found[key], at=now) for key in course.begun]
    for key in course.going_on:
        await store.go_on(conn, by_key[key], found[key], at=now)
    ended = [by_key[key].surge_id for key in course.over]
    await store.end(conn, ended)
    return Changes(await store.by_ids(conn, begun), await store.by_ids(conn, ended))


def _key(surge: OpenSurge) -> _Key:
    if surge.level is SurgeLevel.CLUSTER:
        return (surge.level, 0, surge.surge_id)
    return (surge.level, surge.window_minutes, surge.category_id or 0)


async def _shares(conn: Any, rules: WatchRules, *, now: datetime) -> dict[_Key, Sighting]:
    found: dict[_Key, Sighting] = {}
    for window in rules.windows:
        minutes = round(window.total_seconds() / 60)
        counts, total = await store.window_counts(conn, now - window)
        for each in excesses(counts, total, rules.limits):
            found[each.level, minutes, each.category_id] = Sighting(
                level=each.level,
                window_minutes=minutes,
                category_id=each.category_id,
                cases=each.cases,
                total=each.total,
            )
    return found


def _clusters(
    rules: WatchRules, found: Sequence[Cluster], known: Sequence[OpenSurge]
) -> Mapping[_Key, Sighting]:
    """Those that are a known warning under its id, the others under a name of their own."""
    members = {each.surge_id: each.members for each in known if each.level is SurgeLevel.CLUSTER}
    minutes = round(rules.cluster_window.total_seconds() / 60)
    return {
        (SurgeLevel.CLUSTER, 0, f"new {number}" if surge_id is None else surge_id): Sighting(
            level=SurgeLevel.CLUSTER,
            window_minutes=minutes,
            category_id=cluster.category_id,
            place=cluster.place,
            words=cluster.words,
            cases=len(cluster.cases),
            total=len(cluster.cases),
            members=cluster.cases,
        )
        for number, (cluster, surge_id) in enumerate(recognise(found, members))
    }
