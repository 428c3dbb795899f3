"""Figures of seats, cut at the borders of hours and days of Asia/Shanghai (REQUIREMENTS T3, M3)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.auth.roles import Role
from tests.support.web import NOW, Hotline

MIDNIGHT = datetime(2026, 11, 22, 16, tzinfo=UTC)  # of 2026-11-23 in the city; NOW is 16:00 there
FIGURES = "/api/v1/seats/figures"


async def states(hotline: Hotline, *rows: tuple[str, datetime, datetime | None]) -> None:
    await hotline.pool.executemany(
        "insert into seat_intervals (switchboard, agent, state, started_at, ended_at)"
        " values ('sb1', '1001', $1, $2, $3)",
        rows,
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


@pytest.mark.parametrize(
    ("start", "end", "step"),
    [
        (NOW, NOW, "day"),
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
