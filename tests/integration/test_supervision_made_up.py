"""Supervision lists of missed days, and what does not count in satisfaction (C13)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from gateway.case_clocks import make_notices
from gateway.supervision_lists import make_due_lists
from tests.support.opinions import answer_callback, rate
from tests.support.supervised_town import (
    ACTED,
    LISTS,
    REASON,
    Town,
    pressing_cases,
    settled,
)
from tests.support.web import NOW, Hotline


@pytest.fixture
async def town(hotline: Hotline, database_dsn: str) -> AsyncIterator[Town]:
    async with settled(hotline, database_dsn) as town:
        yield town


THEN = ("place", "case_no", "grounds", "days", "deadline", "version_then", "state_then")


async def made_now(town: Town) -> list[dict[str, Any]]:
    """What is on the list that is made now."""
    assert await make_due_lists(town.context) == 1
    (head,) = await town.ask(f"{LISTS}?kind=day&limit=1")
    return [as_then(item) for item in await town.ask(f"{LISTS}/{head['list_id']}/items")]


async def forget_lists(town: Town, after: date) -> None:
    """As if nobody had made the lists of the days after this one; the database refuses it else."""
    async with town.hotline.pool.acquire() as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")
        await connection.execute(
            "delete from supervision_items i using supervision_lists l"
            " where l.list_id = i.list_id and l.kind = 'day' and l.first_day > $1",
            after,
        )
        await connection.execute(
            "delete from supervision_lists where kind = 'day' and first_day > $1", after
        )


def as_then(item: dict[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in THEN} | {"lead": (item["lead_then"] or {}).get("code")}


async def busy_days(town: Town) -> tuple[list[Any], list[Any]]:
    """A first list, two that are missed, much before, between and after; what those two had."""
    cases = await pressing_cases(town)
    town.people["D2"] = await town.hotline.department_user("D2")
    forgotten = await town.open(department="D1")
    await town.does("D1", forgotten, "accepted")
    await town.does("D1", forgotten, "extension_asked", days=2, **REASON)
    await town.does("D1", forgotten, "replied", result="已处置")
    await town.does("chief", forgotten, "review_refused", **REASON)
    street = await town.open(department="S1")
    await town.does("S1", street, "accepted")
    called = {"assisting": ["D2"], "hours": 1, "days": 1, "reason": "联办"}
    paused, gone = await town.open(department="D1"), await town.open(department="S1")
    await town.does("D1", paused, "return_asked", **REASON)
    town.wall.now = datetime(2026, 11, 24, tzinfo=UTC)  # 08:00 of Tuesday
    await make_notices(town.context)
    await town.does("S1", street, "whistled", **called)
    first = await made_now(town)

    town.wall.now += timedelta(hours=2)
    await town.does("chief", cases["asked"], "extension_granted", days=3)
    await town.does("chief", paused, "return_refused", **REASON)
    await town.does("chief", cases["closed"], "reopened", department="D2", **REASON)
    await town.does("chief", gone, "withdrawn", **REASON)
    for step, more in (("accepted", {}), ("replied", {"result": "已处置"})):
        await town.does("S1", cases["urgent"], step, **more)
    await town.does("D1", cases["quiet"], "extension_asked", days=9, **REASON)
    town.wall.now = datetime(2026, 11, 25, tzinfo=UTC)
    await make_notices(town.context)
    second = await made_now(town)

    town.wall.now += timedelta(hours=3)
    await town.does("chief", cases["urgent"], "review_passed")
    await town.does("chief", cases["quiet"], "extension_refused", **REASON)
    await town.does("D2", street, "reported_in")
    await town.does("S1", street, "joint_ended", **REASON)
    await town.does("chief", street, "redispatched", department="D2", **REASON)
    await town.does("D1", cases["returned"], "return_asked", **REASON)
    await town.open(department="D1", urgency="critical")
    await forget_lists(town, date(2026, 11, 23))
    asked = [
        [it["case_no"] for it in day if "extension_asked" in it["grounds"]]
        for day in (first, second)
    ]
    assert asked == [[cases["asked"]["case_no"]], [cases["quiet"]["case_no"]]]
    return first, second


async def test_missed_days_are_made_up_as_they_were(town: Town) -> None:
    first, second = await busy_days(town)
    listed = {ground for items in (first, second) for item in items for ground in item["grounds"]}
    assert listed >= {"overdue", "supervised", "joint_late", "rehandled", "extension_asked"}
    assert first != second
    town.wall.now = datetime(2026, 11, 26, 3, tzinfo=UTC)
    await make_notices(town.context)
    made = await asyncio.gather(*(make_due_lists(town.context) for _ in range(3)))
    assert sum(made) == 3  # of Tuesday, Wednesday and today, each once
    heads = await town.ask(f"{LISTS}?kind=day")
    assert [(it["first_day"], it["as_of"], it["made_at"]) for it in heads[:3]] == [
        ("2026-11-26", "2026-11-26T03:00:00Z", "2026-11-26T03:00:00Z"),
        ("2026-11-25", "2026-11-25T00:00:00Z", "2026-11-26T03:00:00Z"),
        ("2026-11-24", "2026-11-24T00:00:00Z", "2026-11-26T03:00:00Z"),
    ]
    for head, items in zip(heads[1:3], (second, first), strict=True):
        found = await town.ask(f"{LISTS}/{head['list_id']}/items?limit=200")
        assert [as_then(item) for item in found] == items


async def dissatisfied_on(town: Town, kind: str = "day") -> tuple[list[str], int]:
    """The cases of the newest list of a kind with this ground; how many departments have."""
    (head,) = await town.ask(f"{LISTS}?kind={kind}&limit=1")
    items = await town.ask(f"{LISTS}/{head['list_id']}/items")
    full = await town.ask(f"{LISTS}/{head['list_id']}")
    found = sorted(it["case_no"] for it in items if "dissatisfied" in it["grounds"])
    return found, sum(share["dissatisfied"] for share in full["departments"])


async def test_what_does_not_count_in_satisfaction_is_no_ground(town: Town) -> None:
    """Separated before the list, or after it; counted again it is news."""
    cases = []
    for number in ("7.1", "7.2", "7.3"):
        call_id = await town.hotline.store_call(number, "1001", arrived_at=ACTED)
        cases.append(await town.open(call_id=call_id, department="D1"))
    kept, before, after = cases
    numbers = [case["case_no"] for case in cases]
    for case in (kept, after):
        await rate(town.hotline.pool, case["call_id"], "dissatisfied", at=ACTED)
    await town.does("D1", before, "accepted")
    await town.does("D1", before, "replied", result="已修复")
    await town.does("chief", before, "review_passed")
    await answer_callback(town.hotline.pool, before["case_no"], solved="no", satisfied="satisfied")
    await town.does("chief", before, "separated", matter="litigation", **REASON)
    town.wall.now = NOW + timedelta(hours=1)
    assert await make_due_lists(town.context) == 3
    assert await dissatisfied_on(town) == ([numbers[0], numbers[2]], 2)

    await town.does("chief", after, "separated", matter="review", **REASON)
    assert await dissatisfied_on(town) == ([numbers[0], numbers[2]], 1)
    town.wall.now += timedelta(days=1)
    await town.does("chief", before, "rejoined", **REASON)
    await town.hotline.pool.execute(
        "update figure_exclusions set counted_again_at = $1 where counted_again_at is not null",
        town.wall.now - timedelta(minutes=1),
    )
    assert await make_due_lists(town.context) == 1
    assert await dissatisfied_on(town) == ([numbers[1]], 1)

    town.wall.now = datetime(2026, 11, 30, 2, tzinfo=UTC)  # the Monday after
    await make_due_lists(town.context)
    assert await dissatisfied_on(town, "week") == (numbers[:2], 2)
    assert await dissatisfied_on(town) == ([], 0)
