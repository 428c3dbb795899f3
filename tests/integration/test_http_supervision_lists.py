"""Supervision lists over HTTP (C13): every case with a ground, signed off by steps; the board."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from gateway.supervision_lists import make_due_lists
from tests.support.supervised_town import (
    ACTED,
    LISTS,
    REASON,
    Town,
    pressing_cases,
    settled,
)
from tests.support.web import Hotline


@pytest.fixture
async def town(hotline: Hotline, database_dsn: str) -> AsyncIterator[Town]:
    async with settled(hotline, database_dsn) as town:
        yield town


async def test_a_list_has_every_case_with_a_ground(town: Town) -> None:
    cases = await pressing_cases(town)
    heads = await town.ask(f"{LISTS}?kind=day")
    assert [(it["first_day"], it["items"], it["signed"]) for it in heads] == [("2026-11-23", 5, 0)]
    path = f"{LISTS}/{heads[0]['list_id']}"
    items = {it["case_no"]: it for it in await town.ask(f"{path}/items")}
    assert {number: it["grounds"] for number, it in items.items()} == {
        cases["urgent"]["case_no"]: ["overdue", "urgent_unsigned"],
        cases["late"]["case_no"]: ["overdue", "urgent_unsigned"],
        cases["closed"]["case_no"]: ["dissatisfied"],
        cases["returned"]["case_no"]: ["returned_repeatedly"],
        cases["asked"]["case_no"]: ["extension_asked"],
    }
    assert [it["place"] for it in items.values()] == [1, 2, 3, 4, 5]
    full = await town.ask(path)
    assert {it["ground"]: it["cases"] for it in full["grounds"] if it["cases"]} == {
        "overdue": 2,
        "urgent_unsigned": 2,
        "dissatisfied": 1,
        "returned_repeatedly": 1,
        "extension_asked": 1,
    }
    shares = {it["department"] and it["department"]["code"]: it for it in full["departments"]}
    assert {code: (it["items"], it["overdue"]) for code, it in shares.items()} == {
        "D1": (3, 1),
        "S1": (1, 1),
        None: (1, 0),
    }
    assert len(await town.ask(f"{path}/items?department=D1")) == 3
    assert len(await town.ask(f"{path}/items?ground=overdue&limit=1&after=1")) == 1


async def test_signing_off_is_a_step_of_the_case_and_the_list_stays(town: Town) -> None:
    cases = await pressing_cases(town)
    list_id = (await town.ask(f"{LISTS}?kind=day"))[0]["list_id"]
    path = f"{LISTS}/{list_id}"
    items = {it["case_no"]: it for it in await town.ask(f"{path}/items")}
    urgent, returned, asked, closed, merged = (
        items[cases[name]["case_no"]] for name in ("urgent", "returned", "asked", "closed", "late")
    )
    status, head = await town.sign(list_id, returned, closed)
    assert (status, head["signed"]) == (200, 2)
    told = await town.ask(f"/api/v1/cases/{returned['case_no']}")
    last = told["history"][-1]
    assert (last["step"], last["actor"], last["note"]) == (
        *("supervised", "supervisor", "请三日内办结并反馈"),
    )
    told = await town.ask(f"/api/v1/cases/{closed['case_no']}")
    last = told["history"][-1]
    assert (last["step"], last["note"]) == ("noted", "批示：请三日内办结并反馈")

    await town.does("chief", merged, "withdrawn", **REASON)
    now = {it["case_no"]: it for it in await town.ask(f"{path}/items")}
    kept = now[merged["case_no"]]
    assert (kept["state_then"], kept["state"]) == ("dispatched", "withdrawn")
    signed = now[returned["case_no"]]["instruction"]
    assert (signed["actor"], signed["step"]) == ("supervisor", "supervised")
    assert {it["case_no"] for it in await town.ask(f"{path}/items?unsigned=true")} == {
        *(urgent["case_no"], merged["case_no"], asked["case_no"]),
    }
    for case, wanted, sentence in (
        (now[returned["case_no"]], 409, "已由supervisor签批"),
        (now[merged["case_no"]], 409, "已撤回或已并单，不能再批示"),
        (cases["quiet"] | {"version": 3}, 404, "不在这份清单上"),
        (now[asked["case_no"]] | {"version": 1}, 409, "已被他人修改"),
    ):
        status, problem = await town.sign(list_id, now[urgent["case_no"]], case)
        assert (status, sentence in problem["detail"]) == (wanted, True), problem
    assert (await town.sign(list_id, *[now[urgent["case_no"]]] * 2))[0] == 422
    assert (await town.ask(path))["signed"] == 2  # all of them or none
    answers = await asyncio.gather(*(town.sign(list_id, now[urgent["case_no"]]) for _ in range(3)))
    assert sorted(status for status, _ in answers) == [200, 409, 409]
    assert (await town.people["chief"].json("GET", f"{LISTS}/99"))[0] == 404


async def test_the_week_has_the_cases_of_its_days_and_the_month_its_rates(town: Town) -> None:
    long_ago = datetime(2026, 9, 10, 2, tzinfo=UTC)
    town.wall.now = long_ago
    first = await town.open(category="K11", department="S1")
    await town.does("S1", first, "accepted")
    await town.does("S1", first, "replied", result="已修复")
    await town.does("chief", first, "review_passed")
    town.wall.now = datetime(2026, 10, 8, 1, tzinfo=UTC)
    late = await town.open(category="K11", department="S1")
    town.wall.now += timedelta(days=1)
    await town.does("S1", late, "return_asked", **REASON)
    await town.does("chief", late, "return_refused", **REASON)
    town.wall.now += timedelta(days=1)
    await town.does("S1", late, "accepted")
    other = await town.open(department="C1", confidential=True)
    town.wall.now = datetime(2026, 10, 30, 2, tzinfo=UTC)
    await town.does("S1", late, "replied", result="已修复")
    await town.does("chief", late, "review_passed")
    assert await make_due_lists(town.context) == 3
    town.wall.now = datetime(2026, 11, 2, 2, tzinfo=UTC)
    assert await make_due_lists(town.context) == 5  # of two missed days, too
    week = (await town.ask(f"{LISTS}?kind=week&limit=1"))[0]
    month = (await town.ask(f"{LISTS}?kind=month&limit=1"))[0]
    assert (week["first_day"], week["last_day"]) == ("2026-10-26", "2026-11-01")
    (item,) = await town.ask(f"{LISTS}/{week['list_id']}/items")
    assert (item["case_no"], item["days"]) == (other["case_no"], 3)
    assert item["grounds"] == ["overdue"]

    assert (month["first_day"], month["last_day"]) == ("2026-10-01", "2026-10-31")
    figures = (await town.ask(f"{LISTS}/{month['list_id']}"))["figures"]
    found = {
        (it["axis"], it["code"], it["figure"]): (
            *(it["month"]["numerator"], it["month"]["denominator"]),
            *(it["month_before"]["numerator"], it["month_before"]["denominator"], it["moved"]),
        )
        for it in figures
    }
    assert found["class", "K1", "opened"] == (1, 2, 1, 1, -0.5)
    assert found["class", "", "opened"] == (1, 2, 0, 1, 0.5)
    assert found["district", "D1", "closed_in_time"] == (0, 1, 1, 1, -1.0)
    assert found["department", "S1", "signed_in_time"] == (0, 1, 1, 1, -1.0)
    assert found["department", "S1", "returned"] == (1, 1, 0, 1, 1.0)
    assert found["department", "C1", "returned"] == (0, 1, 0, 0, None)
    assert found["class", "K1", "rehandled"] == (0, 1, 0, 1, 0.0)
    assert ("district", "S1", "opened") not in found


async def test_board_counts_what_the_lists_show(town: Town) -> None:
    for more in (
        {"department": "S1", "assisting": ["D1"]},
        {"department": "D1", "urgency": "critical"},
        {"department": "D2", "confidential": True},
        {},
    ):
        await town.open(**more)
    done = await town.open(result="已告知")
    assert done["state"] == "closed"
    accepted = await town.open(department="D2", assisting=["S1"])
    town.wall.now = ACTED + timedelta(minutes=50)  # the critical one turns yellow
    for who in ("chief", "admin"):
        board = await town.ask("/api/v1/case-board", who)
        assert board["opened_today"] == (6 if who == "chief" else 5)
        assert board["closed_today"] == 1
        for state, cases in board["states"].items():
            rows = await town.ask(f"/api/v1/cases?state={state}", who)
            assert len(rows) == cases, (who, state)
        for light, cases in board["lights"].items():
            rows = await town.ask(f"/api/v1/cases?light={light}", who)
            assert len(rows) == cases, (who, light)
        assert board["lights"]["yellow"] == 1
        assert [load["code"] for load in board["departments"]] == ["C1", "D1", "D2", "S1"]
        for load in board["departments"]:
            for name in ("dispatched", "accepted"):
                path = f"/api/v1/cases?department={load['code']}&state={name}"
                assert len(await town.ask(path, who)) == load[name], (who, load)
            path = f"/api/v1/cases?department={load['code']}&light=yellow"
            assert len(await town.ask(path, who)) == load["yellow"], (who, load)
    assert accepted["lead"]["code"] == "D2"
