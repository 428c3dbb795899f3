"""Makes supervision lists, in a transaction of the caller's; what is made is never changed."""

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ticketing.clocks.deadline import Timing
from ticketing.clocks.past import moved_since
from ticketing.supervision.analysis import store_analysis
from ticketing.supervision.grounds import RANK, Facts, Ground, Outside, grounds_of
from ticketing.supervision.periods import ListKind, Period, periods_due
from ticketing.supervision.queries import QUERIES

BATCH = 2000
_LOOKED_BACK = timedelta(days=70)  # further than the first day of the month before

_Item = tuple[Facts, tuple[Ground, ...], int]


async def due(conn: Any, *, now: datetime, hour: int) -> tuple[Period, ...]:
    """The lists that are to be made now."""
    since = (now - _LOOKED_BACK).date()
    rows = QUERIES.recent_lists(conn, since=since)
    made = {(ListKind(row["kind"]), row["first_day"]) async for row in rows}
    return periods_due(now, hour, made)


async def asked_between(conn: Any, period: Period, *, at: datetime) -> tuple[datetime, datetime]:
    """From when until when answers of citizens belong to the list of a period.

    To that of a day what came since the last one, to that of a week what came to its days.
    """
    first = last = at
    if period.kind is ListKind.WEEK:
        row = await QUERIES.moments_between(
            conn, first_day=period.first_day, last_day=period.last_day
        )
        first, last = row["first"] or at, row["last"] or at
    before: datetime | None = await QUERIES.last_day_list(conn, before=first)
    longest = first - timedelta(days=7)
    return (first - timedelta(days=1) if before is None else max(before, longest)), last


async def make_list(
    conn: Any, period: Period, *, at: datetime, outside: Outside, timing: Timing, now: datetime
) -> int | None:
    """Make the list of a period; its id, or ``None`` when it has been made meanwhile.

    That of a day shows how things stood ``at`` a moment, which may be over.
    """
    list_id: int | None = await QUERIES.insert_list(
        conn,
        kind=period.kind,
        first_day=period.first_day,
        last_day=period.last_day,
        made_at=now,
        as_of=at,
    )
    if list_id is None:
        return None
    match period.kind:
        case ListKind.DAY:
            await _store(conn, list_id, await _of_day(conn, outside, at, timing))
        case ListKind.WEEK:
            await _store(conn, list_id, await _of_week(conn, period, outside, at, timing))
        case ListKind.MONTH:
            await store_analysis(conn, list_id, period)
    return list_id


async def _of_day(conn: Any, outside: Outside, at: datetime, timing: Timing) -> list[_Item]:
    """Every case for which a rule held; a batch at a time, so that memory stays small."""
    items: list[_Item] = []
    async for case_ids in _candidates(conn, outside, at):
        for facts in await _facts(conn, case_ids, outside, at, timing):
            grounds = grounds_of(facts)
            if grounds:
                items.append((facts, grounds, 1))
    return items


async def _candidates(conn: Any, outside: Outside, at: datetime) -> AsyncIterator[list[int]]:
    """Cases that are open, that have ended since, and of which a citizen was not satisfied."""
    others = {row["case_id"] async for row in QUERIES.ended_since(conn, at=at)}
    others |= outside.dissatisfied
    after = 0
    while True:
        rows = QUERIES.open_cases(conn, after=after, limit=BATCH)
        case_ids = [row["case_id"] async for row in rows]
        if not case_ids:
            break
        yield case_ids
        others.difference_update(case_ids)
        after = case_ids[-1]
    rest = sorted(others)
    for start in range(0, len(rest), BATCH):
        yield rest[start : start + BATCH]


async def _of_week(
    conn: Any, period: Period, outside: Outside, at: datetime, timing: Timing
) -> list[_Item]:
    """The cases of the week's lists, as they are now; what no longer counts is no ground."""
    rows = QUERIES.listed_between(conn, first_day=period.first_day, last_day=period.last_day)
    listed: Mapping[int, Any] = {row["case_id"]: row async for row in rows}
    items: list[_Item] = []
    for facts in await _facts(conn, list(listed), outside, at, timing):
        row = listed[facts.case_id]
        grounds = _grounds(row, dissatisfied=facts.dissatisfied)
        if grounds:
            items.append((facts, grounds, row["days"]))
    return items


def _grounds(row: Any, *, dissatisfied: bool) -> tuple[Ground, ...]:
    found = {Ground(each) for each in row["grounds"]}
    if not dissatisfied:
        found.discard(Ground.DISSATISFIED)
    return tuple(sorted(found, key=RANK.__getitem__))


async def _facts(
    conn: Any, case_ids: list[int], outside: Outside, at: datetime, timing: Timing
) -> list[Facts]:
    moved = await moved_since(conn, case_ids, at=at, timing=timing)
    rows = QUERIES.facts(
        conn,
        case_ids=case_ids,
        at=at,
        clock_ids=[clock.clock_id for clock in moved],
        deadlines=[clock.deadline for clock in moved],
        yellows=[clock.yellow_from for clock in moved],
        pauses=[clock.paused_at is not None for clock in moved],
    )
    return [Facts.from_row(row, outside) async for row in rows]


async def _store(conn: Any, list_id: int, items: Iterable[_Item]) -> None:
    """The gravest first; among equals those that were listed more often, then by deadline."""
    ordered = sorted(items, key=_order)
    rows = [
        {
            "list_id": list_id,
            "case_id": facts.case_id,
            "place": place,
            "case_version": facts.version,
            "state": facts.state,
            "department_id": facts.department_id,
            "deadline": facts.deadline,
            "grounds": list(grounds),
            "days": days,
        }
        for place, (facts, grounds, days) in enumerate(ordered, start=1)
    ]
    if rows:
        await QUERIES.insert_items(conn, rows)


def _order(item: _Item) -> tuple[int, int, bool, float, int]:
    facts, grounds, days = item
    until = facts.deadline
    at = 0.0 if until is None else until.timestamp()
    return RANK[grounds[0]], -days, until is None, at, facts.case_id
