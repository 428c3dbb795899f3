"""Figures of seats, cut at the borders of hours and days of Asia/Shanghai (REQUIREMENTS T3, M3)."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from gateway.auth.roles import Role
from tests.support.web import NOW, Hotline

MIDNIGHT = datetime(2026, 11, 22, 16, tzinfo=UTC)  # of 2026-11-23 in the city; NOW is 16:00 there
FIGURES = "/api/v1/seats/figures"


async def states(
    hotline: Hotline, *rows: tuple[str, datetime, datetime | None], agent: str = "1001"
) -> None:
    """Rows of state, for not ready with its reason after a slash, and its ends."""
    await hotline.pool.executemany(
        "insert into seat_intervals (switchboard, agent, state, reason, started_at, ended_at)"
        " values ('sb1', $1, split_part($2, '/', 1), split_part($2, '/', 2), $3, $4)",
        [(agent, *row) for row in rows],
    )


async def figures(hotline: Hotline, start: datetime, end: datetime, step: str) -> list[Any]:
    chief = await hotline.supervisor()
    query = {"start": start.isoformat(), "end": end.isoformat(), "step": step}
    status, found = await chief.json("GET", FIGURES, params=query)
    assert status == 200, found
    return list(found)


async def test_a_night_shift_belongs_to_both_days(hotline: Hotline) -> None:
    await hotline.add_user(Role.AGENT, "agent1001", agent="1001")
    night = timedelta(minutes=30)
    await states(
        hotline,
        ("talking", MIDNIGHT - night, MIDNIGHT + night),
        ("logged_out", MIDNIGHT + night, None),
    )
    day = timedelta(days=1)
    found = await figures(hotline, MIDNIGHT - day, MIDNIGHT + day, "day")
    assert [(one["agent"], one["display_name"], one["talking_s"]) for one in found] == [
        ("1001", "姓名agent1001", 1800),
        ("1001", "姓名agent1001", 1800),
    ]
    assert [datetime.fromisoformat(one["start"]) for one in found] == [MIDNIGHT - day, MIDNIGHT]
    assert {one["logged_in_s"] for one in found} == {1800}


async def test_an_open_state_of_more_than_a_day_is_cut_at_every_hour(hotline: Hotline) -> None:
    began = NOW - timedelta(hours=30, minutes=20)
    await states(hotline, ("ready", began, None))
    start = NOW - timedelta(hours=48)
    found = await figures(hotline, start, NOW + timedelta(hours=2), "hour")
    assert [one["ready_s"] for one in found] == [1200, *[3600] * 30]
    assert found[0]["start"] < found[1]["start"]


async def test_the_ends_need_not_be_borders(hotline: Hotline) -> None:
    await states(hotline, ("ready", NOW - timedelta(hours=2), None))
    start = NOW - timedelta(minutes=90)
    found = await figures(hotline, start, NOW + timedelta(minutes=30), "hour")
    assert [one["ready_s"] for one in found] == [1800, 3600]


async def test_a_whole_period_with_reasons_and_rates(hotline: Hotline) -> None:
    def at(minutes: float) -> datetime:
        return NOW - timedelta(hours=3) + timedelta(minutes=minutes)

    await states(
        hotline,
        ("ready", at(-10), at(10)),
        ("ringing", at(10), at(12)),
        ("talking", at(12), at(20)),
        ("hold", at(20), at(21)),
        ("wrap_up", at(21), at(25)),
        ("not_ready/小休", at(25), at(30)),
        ("not_ready/就餐", at(30), at(55)),
        ("not_ready/小休", at(55), at(56)),
        ("unreachable", at(56), at(60)),
        ("logged_out", at(60), None),
    )
    await states(hotline, ("not_ready/", at(0), at(5)), ("logged_out", at(5), None), agent="1002")
    await states(hotline, ("logged_out", at(0), None), agent="1003")
    one, other = await figures(hotline, at(0), NOW, "whole")
    assert (datetime.fromisoformat(one["start"]), datetime.fromisoformat(one["end"])) == (
        at(0),
        NOW,
    )
    spent = {name: seconds for name, seconds in one.items() if name.endswith("_s")}
    assert spent == {
        "ready_s": 600,
        "ringing_s": 120,
        "talking_s": 480,
        "hold_s": 60,
        "wrap_up_s": 240,
        "not_ready_s": 1860,
        "unreachable_s": 240,
        "busy_s": 780,
        "logged_in_s": 3600,
    }
    assert one["not_ready_by_reason"] == {"小休": 360, "就餐": 1500}
    assert one["occupancy"] == {"numerator": 780, "denominator": 1500, "rate": 0.52}
    assert one["seat_utilization"]["rate"] == 780 / 3600
    assert (other["agent"], other["not_ready_by_reason"]) == ("1002", {"": 300})
    assert other["occupancy"] == {"numerator": 0, "denominator": 0, "rate": None}
    assert other["seat_utilization"] == {"numerator": 0, "denominator": 300, "rate": 0}


async def test_periods_together_are_the_whole(hotline: Hotline) -> None:
    """Nothing is lost or counted twice at a border."""
    marks = [NOW - timedelta(minutes=minutes) for minutes in (1500, 1490, 1333, 700, 61, 60, 7)]
    spells = [("ready", one, other) for one, other in pairwise([*marks, None]) if one]
    await states(hotline, *spells)
    start = NOW - timedelta(minutes=1440)
    (whole,) = await figures(hotline, start, NOW, "whole")
    chief = await hotline.browser(await hotline.add_user(Role.ADMINISTRATOR, "root"))
    for step in ("day", "hour"):
        query = {"start": start.isoformat(), "end": NOW.isoformat(), "step": step}
        _, pieces = await chief.json("GET", FIGURES, params=query)
        assert sum(piece["ready_s"] for piece in pieces) == whole["ready_s"] == 1440 * 60


@pytest.mark.parametrize(
    ("start", "end", "step"),
    [
        (NOW, NOW, "day"),
        (NOW, NOW + timedelta(days=63), "whole"),
        (NOW, NOW + timedelta(days=4), "hour"),
        (NOW, NOW + timedelta(days=63), "day"),
        (NOW, NOW + timedelta(days=1), "minute"),
    ],
)
async def test_periods_that_are_none(
    hotline: Hotline, start: datetime, end: datetime, step: str
) -> None:
    chief = await hotline.supervisor()
    query = {"start": start.isoformat(), "end": end.isoformat(), "step": step}
    status, problem = await chief.json("GET", FIGURES, params=query)
    assert status == 422
    assert problem["errors"]
