"""C13, C3 over HTTP: a street calls departments in, each reports and contributes; passing down."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from gateway.case_clocks import make_notices
from gateway.context import Context
from gateway.engines import Engines
from gateway.http.application import create_app
from gateway.live import LiveEvent
from gateway.readiness import Readiness
from gateway.supervision_lists import make_due_lists
from tests.support.web import NOW, Browser, Hotline, next_event

CASES = "/api/v1/cases"
FORM = {"kind": "complaint", "title": "占道经营", "body": "夜市占道经营，油烟扰民"}
WHISTLE = {"hours": 2, "days": 3, "reason": "需城管、环保共同处置"}
CALLED = {"assisting": ["D1", "S2"]}


@dataclass
class Wall:
    """A clock on the wall that is set by hand."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Town:
    """A district D1 with streets S1 and S2 below it, V1 below S1, and somebody of each."""

    hotline: Hotline
    wall: Wall
    people: dict[str, Browser]

    async def open(self, **more: Any) -> dict[str, Any]:
        status, case = await self.people["agent"].json("POST", CASES, json=FORM | more)
        assert status == 201, case
        return dict(case)

    async def tries(
        self, who: str, case: dict[str, Any], step: str, **more: Any
    ) -> tuple[int, Any]:
        _, now = await self.people["chief"].json("GET", f"{CASES}/{case['case_no']}")
        body = {"step": step, "version": now["version"]} | more
        return await self.people[who].json("POST", f"{CASES}/{case['case_no']}/steps", json=body)

    async def does(self, who: str, case: dict[str, Any], step: str, **more: Any) -> dict[str, Any]:
        status, answer = await self.tries(who, case, step, **more)
        assert status == 200, answer
        return dict(answer)

    async def refused(self, who: str, case: dict[str, Any], step: str, **more: Any) -> str:
        status, problem = await self.tries(who, case, step, **more)
        assert status in {403, 404, 409, 422}, problem
        return f"{status} {problem['detail']}"

    async def steps_of(self, who: str, case: dict[str, Any]) -> set[str]:
        _, shown = await self.people[who].json("GET", f"{CASES}/{case['case_no']}")
        return {each["step"] for each in shown["allowed"]}


@pytest.fixture
async def town(hotline: Hotline) -> AsyncIterator[Town]:
    wall = Wall()
    services = replace(hotline.services, clock=wall)
    async with TestServer(create_app(services, hotline.settings)) as server:
        made = replace(hotline, services=services, server=server)
        for code, parent in (("C1", None), ("D1", "C1"), ("S1", "D1"), ("S2", "D1"), ("V1", "S1")):
            await made.department(code, parent)
        people = {code: await made.department_user(code) for code in ("C1", "D1", "S1", "S2", "V1")}
        people |= {"agent": await made.agent(), "chief": await made.supervisor()}
        yield Town(made, wall, people)


async def test_a_street_whistles_and_those_called_report_and_contribute(town: Town) -> None:
    case = await town.open(department="S1")
    assert "409 工单待签收，不能吹哨" in await town.refused("S1", case, "whistled")
    await town.does("S1", case, "accepted")
    assert "whistled" in await town.steps_of("S1", case)
    for more, sentence in (
        ({"assisting": []}, "422 吹哨必须填写协办部门"),
        ({"assisting": ["S1"]}, "422 协办部门不能包括主办部门"),
        ({"assisting": ["X9"]}, "422 没有代码为X9的部门"),
        (CALLED | {"days": 61}, "422 联办时限最长60个工作日"),
    ):
        assert await town.refused("S1", case, "whistled", **WHISTLE | more) == sentence
    socket = await town.people["S2"].socket()
    await next_event(socket)
    called = await town.does("S1", case, "whistled", **WHISTLE, **CALLED)
    told = await next_event(socket)
    assert (told["name"], told["data"]["notice"]) == ("case.whistled", True)
    await socket.close()
    (joint,) = called["joints"]
    assert (called["state"], joint["caller"]["code"], joint["light"]) == ("accepted", "S1", "green")
    assert joint["report_by"] == "2026-11-23T10:00:00Z"
    assert joint["deadline"] == "2026-11-26T09:30:00Z"  # 17:30 of the third working day after
    assert [each["department"]["code"] for each in joint["calls"]] == ["D1", "S2"]
    assert [each["code"] for each in called["assisting"]] == ["D1", "S2"]
    assert "正在联合办理，不能提交答复" in await town.refused("S1", case, "replied", result="好")
    assert "正在联合办理，不能吹哨" in await town.refused(
        "S1", case, "whistled", **WHISTLE, **CALLED
    )
    assert "尚未报到，不能提交协办结果" in await town.refused(
        "S2", case, "contributed", contribution="已清理"
    )
    assert await town.steps_of("S2", case) == {"reported_in", "noted"}
    assert await town.steps_of("C1", case) == set()
    await town.does("S2", case, "reported_in", note="已到现场")
    assert "已报到，不能报到" in await town.refused("S2", case, "reported_in")
    await town.does("S2", case, "contributed", contribution="已清理占道")
    await town.does("D1", case, "reported_in")
    done = await town.does("D1", case, "contributed", contribution="已查处油烟")
    (joint,) = done["joints"]
    assert (joint["ended_at"], joint["light"], joint["late"]) == (
        "2026-11-23T08:00:00Z",
        None,
        False,
    )
    assert {each["contribution"] for each in joint["calls"]} == {"已清理占道", "已查处油烟"}
    assert done["result"] == ""
    assert (await town.does("S1", case, "replied", result="三方处置完毕"))["state"] == "replied"


async def test_late_joint_handling_is_on_the_list_and_can_be_ended(
    town: Town, database_dsn: str
) -> None:
    case = await town.open(department="S1", confidential=True)
    await town.does("S1", case, "accepted")
    assert (await town.tries("V1", case, "noted", note="看看"))[0] == 404
    await town.does("S1", case, "whistled", **WHISTLE, **CALLED)
    town.wall.now = NOW + timedelta(hours=2)
    shown = {}
    for who in ("chief", "S1", "D1", "C1", "V1"):
        _, shown[who] = await town.people[who].json("GET", "/api/v1/joints")
    assert {who: [it["case_no"] for it in joints] for who, joints in shown.items()} == {
        who: [case["case_no"]] if who in {"chief", "S1", "D1"} else [] for who in shown
    }
    assert shown["chief"][0]["late"]
    engines = Engines(dsn=database_dsn, pool=town.hotline.pool, redis=town.hotline.redis)
    context = Context(
        settings=town.hotline.settings, engines=engines, readiness=Readiness(), clock=town.wall
    )
    assert await make_due_lists(context) == 3
    _, (head,) = await town.people["chief"].json("GET", "/api/v1/supervision-lists?kind=day")
    path = f"/api/v1/supervision-lists/{head['list_id']}/items"
    _, (item,) = await town.people["chief"].json("GET", path)
    assert item["grounds"] == ["joint_late"]
    await town.does("S2", case, "reported_in")
    ended = await town.does("S1", case, "joint_ended", reason="现场已恢复，无需联办")
    assert ended["joints"][0]["ended_at"] == "2026-11-23T10:00:00Z"
    await town.does("S1", case, "whistled", **WHISTLE, assisting=["D1"])
    moved = await town.does("chief", case, "redispatched", department="S2", reason="派错")
    assert all(joint["ended_at"] for joint in moved["joints"])
    assert len(moved["joints"]) == 2
    _, none = await town.people["chief"].json("GET", "/api/v1/joints")
    assert none == []


async def told_of_joints(town: Town) -> list[tuple[str, str, list[str]]]:
    """What the pages are told of the joint deadline, in which departments."""
    rows = await town.hotline.pool.fetch(
        "select payload from pgqueuer where entrypoint = 'tell' order by id"
    )
    events = [LiveEvent.from_json(row["payload"]) for row in rows]
    assert all(event.data["clock"] == "joint" and event.data["notice"] for event in events)
    assert len({event.event_id for event in events}) == len(events)
    return [(it.name, it.data["deadline"], it.data["departments"]) for it in events]


async def test_joint_deadline_is_reminded_of_and_supervised_once(
    town: Town, database_dsn: str
) -> None:
    engines = Engines(dsn=database_dsn, pool=town.hotline.pool, redis=town.hotline.redis)
    context = Context(
        settings=town.hotline.settings, engines=engines, readiness=Readiness(), clock=town.wall
    )
    await town.hotline.pool.execute(
        "insert into webhook_destinations (name, url, secret, events, created_at)"
        " values ('他', 'https://example.org/', 'whsec_', '{case.reminded,case.overdue}', $1)",
        NOW,
    )
    case, ended = await town.open(department="S1"), await town.open(department="S1")
    for each in (case, ended):
        await town.does("S1", each, "accepted")
        await town.does("S1", each, "whistled", **WHISTLE, **CALLED)
    deadline = datetime.fromisoformat("2026-11-26T09:30:00Z")
    town.wall.now = deadline - timedelta(days=1, hours=3)
    assert await make_notices(context) == 0
    town.wall.now = deadline - timedelta(hours=3)
    await town.does("S1", ended, "joint_ended", reason="已恢复")
    assert sum(await asyncio.gather(*(make_notices(context) for _ in range(3)))) == 1
    assert await make_notices(context) == 0
    town.wall.now = deadline
    locked = "select from cases where case_no = $1 for update"
    async with town.hotline.pool.acquire() as busy, busy.transaction():
        await busy.execute(locked, case["case_no"])  # somebody takes a step
        assert await make_notices(context) == 0
    assert sum(await asyncio.gather(*(make_notices(context) for _ in range(3)))) == 1
    assert await make_notices(context) == 0
    everybody, until = ["C1", "D1", "S1", "S2"], "2026-11-26T09:30:00.000Z"
    assert await told_of_joints(town) == [
        ("case.reminded", until, everybody),
        ("case.overdue", until, everybody),
    ]
    _, shown = await town.people["chief"].json("GET", f"{CASES}/{case['case_no']}")
    last = shown["history"][-1]
    assert (last["step"], last["actor"], last["note"]) == (
        *("supervised", "system"),
        "联办时限（2026-11-26 17:30）已过，系统自动督办",
    )
    bodies = await town.hotline.pool.fetch("select body from webhook_events order by event_no")
    sent = [json.loads(row["body"]) for row in bodies]
    assert [(it["type"], it["data"]["clock"], it["data"]["deadline"]) for it in sent] == [
        *(("case.reminded", "joint", until), ("case.overdue", "joint", until)),
    ]
    counted = await town.hotline.pool.fetch(
        "select name, subject, amount from event_totals where name like 'clock.%' order by name"
    )
    assert [tuple(row) for row in counted] == [
        *(("clock.overdue", "joint", 1), ("clock.reminded", "joint", 1)),
    ]


async def test_joint_deadline_that_was_told_to_be_over_is_not_reminded_of(
    town: Town, database_dsn: str
) -> None:
    engines = Engines(dsn=database_dsn, pool=town.hotline.pool, redis=town.hotline.redis)
    context = Context(
        settings=town.hotline.settings, engines=engines, readiness=Readiness(), clock=town.wall
    )
    case = await town.open(department="S1", confidential=True)
    await town.does("S1", case, "accepted")
    await town.does("S1", case, "whistled", **WHISTLE, **CALLED)
    town.wall.now = datetime.fromisoformat("2026-11-26T09:30:00Z")
    assert await make_notices(context) == 1
    await town.hotline.pool.execute(
        "insert into calendar_days values ('2026-11-26', false, '放假', 'admin', $1)", NOW
    )
    town.wall.now += timedelta(hours=18)  # the 27th before noon; it ends in the evening now
    _, shown = await town.people["chief"].json("GET", f"{CASES}/{case['case_no']}")
    assert shown["joints"][0]["light"] == "yellow"
    assert await make_notices(context) == 0
    told = await told_of_joints(town)
    assert [(name, people) for name, _, people in told] == [("case.overdue", ["D1", "S1", "S2"])]


async def test_passed_down_the_first_stays_responsible(town: Town) -> None:
    case = await town.open(department="D1", assisting=["S2"], confidential=True)
    await town.does("D1", case, "accepted")
    assert "不是街道（镇），不能吹哨" in await town.refused("D1", case, "whistled", **WHISTLE)
    for code in ("D1", "C1", "V9"):
        status, problem = await town.tries("D1", case, "passed_down", department=code)
        assert (status, problem["errors"][0]["field"]) == (422, "department")
    down = await town.does("D1", case, "passed_down", department="S1", note="请属地办理")
    assert (down["state"], down["lead"]["code"]) == ("dispatched", "S1")
    assert down["responsible"]["code"] == "D1"
    assert [each["code"] for each in down["assisting"]] == ["S2"]
    kinds = {each["kind"] for each in down["clocks"] if each["stopped_at"] is None}
    assert kinds == {"closing", "signing"}  # the one below signs in its own time
    assert await town.steps_of("D1", case) == {"taken_back", "noted"}
    await town.does("S1", case, "accepted")
    assert "协办部门不能包括首接负责部门" in await town.refused(
        "S1", case, "whistled", **WHISTLE, assisting=["D1"]
    )
    lower = await town.does("S1", case, "passed_down", department="V1")
    assert (lower["lead"]["code"], lower["responsible"]["code"]) == ("V1", "D1")
    assert (await town.tries("S1", case, "noted", note="看看"))[0] == 404  # no longer its own
    back = await town.does("D1", case, "taken_back", reason="由本部门直接办理")
    assert (back["state"], back["lead"]["code"], back["responsible"]) == ("accepted", "D1", None)
    assert [each["code"] for each in back["assisting"]] == ["S2"]
    assert {each["kind"] for each in back["clocks"] if each["stopped_at"] is None} == {"closing"}
