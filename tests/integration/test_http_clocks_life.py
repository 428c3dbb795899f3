"""C4, C5: the clocks of a case through its whole life, and who sees the lights."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from gateway.http.application import create_app
from tests.support.clocks import at
from tests.support.web import NOW, Browser, Hotline

CASES = "/api/v1/cases"
FORM = {"kind": "complaint", "title": "路灯不亮", "body": "人民路18号门前路灯三天不亮"}
RULE = {
    "category": "K11",
    "sign": {"amount": 8, "unit": "working_hours"},
    "close": {"amount": 5, "unit": "working_days"},
    "version": 0,
}


@dataclass
class Wall:
    """A clock on the wall that is set by hand."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
async def town(hotline: Hotline, wall: Wall) -> AsyncIterator[Hotline]:
    """A hotline with its own time, two categories, and departments D1 and D2 below C1."""
    services = replace(hotline.services, clock=wall)
    async with TestServer(create_app(services, hotline.settings)) as server:
        made = replace(hotline, services=services, server=server)
        await made.department("C1")
        for code in ("D1", "D2"):
            await made.department(code, "C1")
        admin = await made.administrator()
        for category in (
            {"code": "K1", "name": "市政"},
            {"code": "K11", "name": "路灯", "parent": "K1"},
            {"code": "K12", "name": "井盖", "parent": "K1"},
        ):
            status, answer = await admin.json("POST", "/api/v1/categories", json=category)
            assert status == 201, answer
        status, answer = await admin.json("PUT", "/api/v1/clock-rules/ordinary", json=RULE)
        assert status == 200, answer
        yield made


async def opened(browser: Browser, **more: Any) -> dict[str, Any]:
    status, case = await browser.json("POST", CASES, json=FORM | more)
    assert status == 201, case
    return dict(case)


async def step(browser: Browser, case: dict[str, Any], name: str, **more: Any) -> dict[str, Any]:
    body = {"step": name, "version": case["version"]} | more
    status, answer = await browser.json("POST", f"{CASES}/{case['case_no']}/steps", json=body)
    assert status == 200, answer
    return dict(answer)


def running(case: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Light and deadline of each running clock."""
    return {
        clock["kind"]: (clock["light"], clock["deadline"])
        for clock in case["clocks"]
        if clock["stopped_at"] is None
    }


async def test_a_whole_life(town: Hotline, wall: Wall) -> None:
    agent, chief, lead = (
        await town.agent(),
        await town.supervisor(),
        await town.department_user("D1"),
    )
    case = await opened(agent, category="K11", department="D1")
    assert {clock["category"] for clock in case["clocks"]} == {"K11"}
    assert running(case) == {
        "signing": ("green", "2026-11-24T08:30:00Z"),
        "closing": ("green", "2026-11-30T09:30:00Z"),
    }
    wall.now = at("11-24 10:00")
    case = await step(lead, case, "return_asked", reason="不属本单位职责")
    assert {light for light, _ in running(case).values()} == {"paused"}
    _, (listed,) = await lead.json("GET", f"{CASES}?light=paused")
    assert listed["case_no"] == case["case_no"]
    wall.now = at("11-25 10:00")  # a working day later
    case = await step(chief, case, "return_refused", reason="属于")
    assert running(case) == {
        "signing": ("green", "2026-11-25T08:30:00Z"),
        "closing": ("green", "2026-12-01T09:30:00Z"),
    }
    wall.now = at("11-25 15:00")
    _, (listed,) = await lead.json("GET", f"{CASES}?scope=inbox&light=yellow")
    assert (listed["clocks"][0]["kind"], listed["clocks"][0]["left_s"]) == ("signing", 5400)
    case = await step(lead, case, "accepted")
    assert running(case) == {"closing": ("green", "2026-12-01T09:30:00Z")}
    case = await step(lead, case, "extension_asked", days=3, reason="等待备件")
    assert running(case) == {"closing": ("green", "2026-12-01T09:30:00Z")}
    case = await step(chief, case, "extension_granted", days=3)
    assert running(case) == {"closing": ("green", "2026-12-04T09:30:00Z")}
    wall.now = at("12-04 18:00")  # too late
    case = await step(lead, case, "replied", result="已修复")
    assert running(case) == {"closing": ("red", "2026-12-04T09:30:00Z")}
    case = await step(chief, case, "review_passed")
    assert running(case) == {}
    assert {clock["kind"]: clock["late"] for clock in case["clocks"]} == {
        "signing": False,
        "closing": True,
    }
    wall.now = at("12-07 10:00")
    case = await step(chief, case, "reopened", department="D2", reason="灯又灭了")
    assert running(case) == {
        "signing": ("green", "2026-12-08T02:30:00Z"),
        "closing": ("green", "2026-12-14T09:30:00Z"),
    }


async def test_urgency_counts_when_a_case_is_dispatched(town: Hotline) -> None:
    agent = await town.agent()
    case = await opened(agent, urgency="critical", department="D1")
    assert running(case) == {
        "signing": ("green", "2026-11-23T09:00:00Z"),
        "closing": ("green", "2026-11-23T10:00:00Z"),
    }
    later = await step(agent, await opened(agent, urgency="urgent"), "dispatched", department="D1")
    assert running(later)["signing"] == ("green", "2026-11-23T10:00:00Z")
    await step(agent, await opened(agent), "withdrawn", reason="市民撤回")
    _, rows = await agent.json("GET", f"{CASES}?state=withdrawn")
    assert [running(row) for row in rows] == [{}]


FILTERS = (
    "",
    "scope=inbox",
    "scope=mine",
    "state=dispatched",
    "category=K1",
    "category=K11",
    "department=C1",
    "department=D2",
    "scope=inbox&state=dispatched&category=K11&department=D1",
)


LIT = (
    ("green", "update case_clocks set paused_at = null"),
    ("undated", "update case_clocks set deadline = null, yellow_from = null"),
    ("paused", "update case_clocks set paused_at = now()"),
)


async def test_lights_are_seen_by_whom_cases_are(town: Hotline) -> None:
    """A light shows nobody a case that the list by registration does not show him."""
    agent, other = await town.agent("1001"), await town.agent("1002")
    plain = await opened(agent, category="K11", department="D1")
    elsewhere = await opened(other, category="K12", department="D2", assisting=["D1"])
    hidden = await opened(agent, confidential=True)
    entrusted = await opened(agent, confidential=True, department="D1")
    people = {
        "agent": (agent, [plain, elsewhere, hidden, entrusted]),
        "other": (other, [plain, elsewhere]),
        "chief": (await town.supervisor(), [plain, elsewhere, hidden, entrusted]),
        "D1": (await town.department_user("D1"), [plain, elsewhere, entrusted]),
        "D2": (await town.department_user("D2"), [elsewhere]),
        "C1": (await town.department_user("C1"), [plain, elsewhere]),
    }

    async def listed(browser: Browser, query: str) -> set[str]:
        status, rows = await browser.json("GET", f"{CASES}?{query}")
        assert status == 200, rows
        return {row["case_no"] for row in rows}

    for light, change in LIT:
        await town.pool.execute(change)
        for name, (browser, seen) in people.items():
            assert await listed(browser, f"light={light}") == {c["case_no"] for c in seen}, name
            for query in FILTERS:
                both = await listed(browser, f"light={light}&{query}"), await listed(browser, query)
                assert both[0] == both[1], (name, light, query)
    status, _ = await other.json("GET", f"{CASES}?light=paused&after={hidden['case_no']}")
    assert status == 404
    status, problem = await agent.json("GET", f"{CASES}?light=paused&category=K9")
    assert (status, problem["errors"][0]["field"]) == (422, "category")
