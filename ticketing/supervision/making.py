"""Makes supervision lists, in a transaction of the caller's; what is made is never changed."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

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


async def dissatisfied_since(conn: Any, *, now: datetime) -> datetime:
    """From when on answers of citizens are news to the list of a day that is made now."""
    last: datetime | None = await QUERIES.last_day_list(conn)
    return now - timedelta(days=1) if last is None else max(last, now - timedelta(days=7))


async def make_list(conn: Any, period: Period, *, outside: Outside, now: datetime) -> int | None:
    """Make the list of a period; its id, or ``None`` when it has been made meanwhile.

    ``outside`` is looked at for the list of a day.
    """
    list_id: int | None = await QUERIES.insert_list(
        conn,
        kind=period.kind,
        first_day=period.first_day,
        last_day=period.last_day,
        made_at=now,
    )
    if list_id is None:
        return None
    match period.kind:
        case ListKind.DAY:
            await _store(conn, list_id, await _of_day(conn, outside, now))
        case ListKind.WEEK:
            await _store(conn, list_id, await _of_week(conn, period, now))
        case ListKind.MONTH:
            await store_analysis(conn, list_id, period)
    return list_id


async def _of_day(conn: Any, outside: Outside, now: datetime) -> list[_Item]:
    """Every case for which a rule holds; a batch at a time, so that memory stays small."""
    items: list[_Item] = []
    unseen, after = set(outside.dissatisfied), 0
    while True:
        rows = QUERIES.open_cases(conn, after=after, limit=BATCH)
        case_ids = [row["case_id"] async for row in rows]
        unseen -= set(case_ids)
        wanted = case_ids or sorted(unseen)
        for facts in await _facts(conn, wanted, outside, now):
            grounds = grounds_of(facts)
            if grounds:
                items.append((facts, grounds, 1))
        if not case_ids:
            return items
        after = case_ids[-1]


async def _of_week(conn: Any, period: Period, now: datetime) -> list[_Item]:
    """The cases of the week's lists, as they are now."""
    rows = QUERIES.listed_between(conn, first_day=period.first_day, last_day=period.last_day)
    listed: Mapping[int, Any] = {row["case_id"]: row async for row in rows}
    found = await _facts(conn, list(listed), Outside(), now)
    return [
        (facts, _grounds(listed[facts.case_id]), listed[facts.case_id]["days"]) for facts in found
    ]


def _grounds(row: Any) -> tuple[Ground, ...]:
    return tuple(sorted(map(Ground, row["grounds"]), key=RANK.__getitem__))


async def _facts(conn: Any, case_ids: list[int], outside: Outside, now: datetime) -> list[Facts]:
    rows = QUERIES.facts(conn, case_ids=case_ids, now=now)
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
