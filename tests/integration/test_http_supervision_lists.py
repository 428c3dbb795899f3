"""C13 over HTTP: lists as they were made, signing off, the analysis of a month, the board."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from gateway.case_clocks import make_notices
from gateway.context import Context
from gateway.engines import Engines
from gateway.http.application import create_app
from gateway.readiness import Readiness
from gateway.supervision_lists import make_due_lists
from tests.support.opinions import answer_callback, rate
from tests.support.web import NOW, Browser, Hotline

LISTS = "/api/v1/supervision-lists"
FORM = {"kind": "complaint", "title": "路灯不亮", "body": "人民路18号门前路灯三天不亮"}
REASON = {"reason": "说明"}
ACTED = NOW - timedelta(hours=7)  # the same day, 09:00


@dataclass
class Wall:
    """A clock on the wall that is set by hand."""

    now: datetime = ACTED

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Town:
    """A hotline with departments, people and its own time."""

    hotline: Hotline
    wall: Wall
    context: Context
    people: dict[str, Browser]

    async def open(self, **more: Any) -> dict[str, Any]:
        status, case = await self.people["agent"].json("POST", "/api/v1/cases", json=FORM | more)
        assert status == 201, case
        return dict(case)

    async def does(self, who: str, case: dict[str, Any], step: str, **more: Any) -> dict[str, Any]:
        path = f"/api/v1/cases/{case['case_no']}"
        _, now = await self.people["chief"].json("GET", path)
        body = {"step": step, "version": now["version"]} | more
        status, answer = await self.people[who].json("POST", f"{path}/steps", json=body)
        assert status == 200, answer
        return dict(answer)

    async def ask(self, path: str, who: str = "chief") -> Any:
        status, answer = await self.people[who].json("GET", path)
        assert status == 200, answer
        return answer

    async def sign(self, list_id: int, *cases: dict[str, Any], who: str = "chief") -> Any:
        body = {
            "instruction": "请三日内办结并反馈",
            "cases": [{"case_no": it["case_no"], "version": it["version"]} for it in cases],
        }
        return await self.people[who].json("POST", f"{LISTS}/{list_id}/sign", json=body)


@pytest.fixture
async def town(hotline: Hotline, database_dsn: str) -> AsyncIterator[Town]:
    wall = Wall()
    services = replace(hotline.services, clock=wall)
    engines = Engines(dsn=database_dsn, pool=hotline.pool, redis=hotline.redis)
    context = Context(settings=hotline.settings, engines=engines, readiness=Readiness(), clock=wall)
    async with TestServer(create_app(services, hotline.settings)) as server:
        made = replace(hotline, services=services, server=server)
        await made.department("C1")
        for code in ("D1", "D2"):
            await made.department(code, "C1")
        await made.department("S1", "D1")
        people = {
            "admin": await made.administrator(),
            "agent": await made.agent(),
            "chief": await made.supervisor(),
            "D1": await made.department_user("D1"),
            "S1": await made.department_user("S1"),
        }
        for form in (
            {"code": "K1", "name": "市政"},
            {"code": "K11", "name": "路灯", "parent": "K1"},
        ):
            assert (await people["admin"].json("POST", "/api/v1/categories", json=form))[0] == 201
        yield Town(made, wall, context, people)


async def pressing_cases(town: Town) -> dict[str, dict[str, Any]]:
    """Cases that have a ground each, and a quiet one; the list of the day is made."""
    quiet = await town.open(department="D1")
    await town.does("D1", quiet, "accepted")
    urgent = await town.open(urgency="critical", department="S1", confidential=True)
    returned = await town.open(department="D1")
    for _ in range(2):
        await town.does("D1", returned, "return_asked", **REASON)
        await town.does("chief", returned, "return_refused", **REASON)
    asked = await town.open(department="D1")
    await town.does("D1", asked, "accepted")
    await town.does("D1", asked, "extension_asked", days=3, **REASON)
    call_id = await town.hotline.store_call("7.1", "1001", arrived_at=ACTED)
    closed = await town.open(call_id=call_id, result="已告知")
    await town.hotline.pool.execute(
        "insert into ratings (call_id, agent, queue, scale, answer, given_at)"
        " values ($1, '1001', '12345', 'three_step', 'dissatisfied', $2)",
        call_id,
        ACTED,
    )
    merged = await town.open(department="D1", urgency="urgent")
    town.wall.now = ACTED + timedelta(hours=2, minutes=10)  # the urgent ones are late
    made = await asyncio.gather(make_due_lists(town.context), make_due_lists(town.context))
    assert sum(made) == 3  # of the day, of the week and of the month before, each once
    assert await make_due_lists(town.context) == 0
    return {
        "quiet": quiet,
        "urgent": urgent,
        "returned": returned,
        "asked": asked,
        "closed": closed,
        "late": merged,
    }


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
