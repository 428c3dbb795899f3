"""Clocks of cases over HTTP (REQUIREMENTS C5)."""

import json
from datetime import datetime
from typing import Any

from gateway.auth.roles import Role
from tests.support.web import NOW, Browser, Hotline  # NOW: Monday 2026-11-23 16:00 in the city

CASES = "/api/v1/cases"
RULES = "/api/v1/clock-rules"
CALENDAR = "/api/v1/calendar"
FORM = {"kind": "complaint", "title": "路灯不亮", "body": "人民路18号门前路灯三天不亮"}
WEEK = {
    "sign": {"amount": 8, "unit": "working_hours"},
    "close": {"amount": 5, "unit": "working_days"},
}


async def opened(browser: Browser, **more: Any) -> dict[str, Any]:
    status, case = await browser.json("POST", CASES, json=FORM | more)
    assert status == 201, case
    return dict(case)


async def administrator(hotline: Hotline) -> Browser:
    return await hotline.browser(await hotline.add_user(Role.ADMINISTRATOR, "admin"))


async def acts(hotline: Hotline) -> list[tuple[str, str, Any]]:
    rows = await hotline.pool.fetch(
        "select action, subject, detail from audit_log order by audit_id"
    )
    return [(row["action"], row["subject"], json.loads(row["detail"])) for row in rows]


async def test_clock_runs_from_registration_to_closing(hotline: Hotline) -> None:
    agent = await hotline.agent()
    case = await opened(agent)
    (clock,) = case["clocks"]
    assert clock == {
        "kind": "closing",
        "category": None,
        "urgency": "ordinary",
        "rule_version": 1,
        "allowed": {"amount": 7, "unit": "working_days"},
        "extensions": 0,
        "started_at": "2026-11-23T08:00:00Z",
        "deadline": "2026-12-02T09:30:00Z",
        "paused_at": None,
        "stopped_at": None,
        "light": "green",
        "left_s": 7 * 27_000 + 5_400,
        "left_days": 7.2,
        "late": False,
    }
    _, (row,) = await agent.json("GET", CASES)
    assert row["clocks"] == [clock]
    closing = {"result": "已修复", "version": case["version"]}
    _, closed = await agent.json("POST", f"{CASES}/{case['case_no']}/close", json=closing)
    (stopped,) = closed["clocks"]
    assert (stopped["stopped_at"], stopped["light"], stopped["late"]) == (
        "2026-11-23T08:00:00Z",
        None,
        False,
    )


async def test_urgency_decides(hotline: Hotline) -> None:
    agent = await hotline.agent()
    for urgency, deadline in (
        ("critical", "2026-11-23T10:00:00Z"),
        ("urgent", "2026-11-24T08:00:00Z"),
        ("complex", "2026-12-14T09:30:00Z"),
    ):
        (clock,) = (await opened(agent, urgency=urgency))["clocks"]
        assert (clock["urgency"], clock["deadline"]) == (urgency, deadline)


async def test_answered_at_once_needs_no_clock(hotline: Hotline) -> None:
    assert (await opened(await hotline.agent(), result="已答复"))["clocks"] == []


async def test_urgency_that_is_none(hotline: Hotline) -> None:
    agent = await hotline.agent()
    status, problem = await agent.json("POST", CASES, json=FORM | {"urgency": "now"})
    assert (status, problem["errors"][0]["field"]) == (422, "urgency")


async def test_list_by_light(hotline: Hotline) -> None:
    agent = await hotline.agent()
    week, other, day = [await opened(agent, urgency=u) for u in ("ordinary", "ordinary", "urgent")]

    async def listed(query: str) -> list[str]:
        status, found = await agent.json("GET", f"{CASES}?{query}")
        assert status == 200, found
        return [case["case_no"] for case in found]

    assert await listed("light=green") == [day["case_no"], week["case_no"], other["case_no"]]
    assert await listed("light=green&limit=1") == [day["case_no"]]
    assert await listed(f"light=green&after={day['case_no']}") == [
        week["case_no"],
        other["case_no"],
    ]
    assert await listed("light=green&state=closed") == []
    for light in ("yellow", "red", "paused", "undated"):
        assert await listed(f"light={light}") == []
    past = datetime(2026, 11, 20, 9, 30, tzinfo=NOW.tzinfo)
    await hotline.pool.execute(
        "update case_clocks set deadline = $1, yellow_from = $1 where kind = 'closing'"
        " and rule_id = 2",
        past,
    )
    _, (late,) = await agent.json("GET", f"{CASES}?light=red")
    assert late["case_no"] == day["case_no"]
    assert (late["clocks"][0]["late"], late["clocks"][0]["light"]) == (True, "red")
    assert late["clocks"][0]["left_s"] == (past - NOW).total_seconds()
    assert late["clocks"][0]["left_days"] is None


LISTS_THAT_ARE_NONE = (
    ("light=blue", 422, "只能是"),
    ("light=red&before=2026-11-23T08:00:00Z", 422, "用 after 翻页"),
    ("after=20261123-00001", 422, "只能与 light 一起使用"),
    ("light=red&after=x", 422, "格式不正确"),
    ("light=red&after=20261123-00001", 404, "工单不存在，或您无权查看"),
)


async def test_lists_that_are_none(hotline: Hotline) -> None:
    agent = await hotline.agent()
    for query, status, words in LISTS_THAT_ARE_NONE:
        answered, problem = await agent.json("GET", f"{CASES}?{query}")
        assert (answered, words in problem["detail"]) == (status, True), (query, problem)


async def test_changing_a_rule(hotline: Hotline) -> None:
    agent, admin = await hotline.agent(), await administrator(hotline)
    before = await opened(agent)
    form = WEEK | {"version": 1}
    status, rule = await admin.json("PUT", f"{RULES}/ordinary", json=form)
    assert (status, rule["version"], rule["made_by"]) == (200, 2, "admin")
    assert rule["close"] == {"amount": 5, "unit": "working_days"}
    status, problem = await admin.json("PUT", f"{RULES}/ordinary", json=form)
    assert (status, problem["detail"]) == (409, "时限规则已被他人修改，请刷新后重试")
    _, same = await agent.json("GET", f"{CASES}/{before['case_no']}")
    assert same["clocks"] == before["clocks"]
    after = await opened(agent)
    assert after["clocks"][0]["rule_version"] == 2
    assert after["clocks"][0]["deadline"] == "2026-11-30T09:30:00Z"
    _, rules = await agent.json("GET", RULES)
    assert [(rule["urgency"], rule["version"]) for rule in rules] == [
        ("critical", 1),
        ("urgent", 1),
        ("ordinary", 2),
        ("complex", 1),
    ]
    _, versions = await agent.json("GET", f"{RULES}/ordinary")
    assert [version["version"] for version in versions] == [2, 1]
    detail = WEEK | {"version": 2, "outcome": "done"}
    assert await acts(hotline) == [("clock_rule.saved", "*/ordinary", detail)]


async def test_rule_of_a_category(hotline: Hotline) -> None:
    admin = await administrator(hotline)
    for category in (
        {"code": "03", "name": "市政"},
        {"code": "0301", "name": "路灯", "parent": "03"},
    ):
        assert (await admin.json("POST", "/api/v1/categories", json=category))[0] == 201
    form = WEEK | {"category": "0301", "version": 0}
    assert (await admin.json("PUT", f"{RULES}/urgent", json=form))[0] == 200
    _, rules = await admin.json("GET", RULES)
    assert [rule["category"] for rule in rules] == [None] * 4 + ["0301"]
    withdrawal = {"category": "0301", "version": 1}
    status, rule = await admin.json("POST", f"{RULES}/urgent/withdraw", json=withdrawal)
    assert (status, rule["withdrawn"], rule["version"]) == (200, True, 2)
    assert len((await admin.json("GET", RULES))[1]) == 4
    assert (await admin.json("POST", f"{RULES}/urgent/withdraw", json=withdrawal))[0] == 404
    _, versions = await admin.json("GET", f"{RULES}/urgent?category=0301")
    assert [version["withdrawn"] for version in versions] == [True, False]


RULES_THAT_ARE_NONE: tuple[tuple[dict[str, Any], str], ...] = (
    ({"close": {"amount": 0, "unit": "hours"}}, "close.amount"),
    ({"close": {"amount": 251, "unit": "working_days"}}, "close.amount"),
    ({"sign": {"amount": 2001, "unit": "working_hours"}}, "sign.amount"),
    ({"sign": {"amount": 8761, "unit": "hours"}}, "sign.amount"),
    ({"sign": {"amount": 1, "unit": "weeks"}}, "sign.unit"),
    ({"category": ""}, "category"),
    ({"category": "三"}, "category"),
    ({"category": "0309", "version": 0}, "category"),
    ({"version": -1}, "version"),
)


async def test_rules_that_are_none(hotline: Hotline) -> None:
    admin = await administrator(hotline)
    for changed, field in RULES_THAT_ARE_NONE:
        form = WEEK | {"version": 1} | changed
        status, problem = await admin.json("PUT", f"{RULES}/ordinary", json=form)
        assert (status, problem["errors"][0]["field"]) == (422, field), changed
    assert await hotline.pool.fetchval("select count(*) from clock_rules") == 4


async def test_calendar_of_a_year_that_is_known(hotline: Hotline) -> None:
    admin = await administrator(hotline)
    _, year = await admin.json("GET", f"{CALENDAR}/2026")
    assert (year["known"], year["national"], year["declared"]) == (True, True, False)
    assert year["hours"] == "09:00-12:00,13:00-17:30"
    days = {day["day"]: day for day in year["days"]}
    first = {"day": "2026-10-01", "working": False, "name": "国庆节", "set_by": None}
    assert days["2026-10-01"] == first
    assert days["2026-10-10"]["working"]
    assert "2026-11-24" not in days
    before = year["working_days"]
    form = {"working": False, "name": "台风停工"}
    status, day = await admin.json("PUT", f"{CALENDAR}/days/2026-11-24", json=form)
    assert (status, day) == (200, {"day": "2026-11-24", "set_by": "admin"} | form)
    await admin.json("PUT", f"{CALENDAR}/days/2026-11-24", json=form)
    _, year = await admin.json("GET", f"{CALENDAR}/2026")
    assert year["working_days"] == before - 1
    assert (await admin.ask("DELETE", f"{CALENDAR}/days/2026-11-24")).status == 204
    assert (await admin.ask("DELETE", f"{CALENDAR}/days/2026-11-24")).status == 404
    assert (await admin.json("PUT", f"{CALENDAR}/2026"))[1]["detail"].startswith("2026年已有国家")
    terms = {"working": False, "name": "台风停工"}
    assert await acts(hotline) == [
        (
            "calendar_day.saved",
            "2026-11-24",
            {"before": None, "after": terms, "outcome": "done"},
        ),
        ("calendar_day.removed", "2026-11-24", {"before": terms, "outcome": "done"}),
    ]
    jobs = "select count(*) from pgqueuer where entrypoint = 'redate_clocks'"
    assert await hotline.pool.fetchval(jobs) == 2


async def test_year_that_is_missing(hotline: Hotline) -> None:
    agent, admin = await hotline.agent(), await administrator(hotline)
    form = {"sign": WEEK["sign"], "close": {"amount": 60, "unit": "working_days"}, "version": 1}
    await admin.json("PUT", f"{RULES}/ordinary", json=form)
    case = await opened(agent)  # is registered all the same
    (clock,) = case["clocks"]
    assert (clock["deadline"], clock["light"], clock["left_s"]) == (None, "undated", None)
    _, (listed,) = await agent.json("GET", f"{CASES}?light=undated")
    assert listed["case_no"] == case["case_no"]
    _, year = await admin.json("GET", f"{CALENDAR}/2027")
    assert year == {
        "year": 2027,
        "known": False,
        "national": False,
        "declared": False,
        "hours": "09:00-12:00,13:00-17:30",
        "working_days": None,
        "days": [],
    }
    new_year = {"working": False, "name": "元旦"}
    await admin.json("PUT", f"{CALENDAR}/days/2027-01-01", json=new_year)
    assert (await admin.ask("PUT", f"{CALENDAR}/2027")).status == 204
    _, year = await admin.json("GET", f"{CALENDAR}/2027")
    assert (year["known"], year["declared"], year["working_days"]) == (True, True, 260)
    assert (await opened(agent))["clocks"][0]["deadline"] == "2027-02-16T09:30:00Z"
    assert (await admin.ask("DELETE", f"{CALENDAR}/2027")).status == 204
    assert (await admin.ask("DELETE", f"{CALENDAR}/2027")).status == 404


DAYS_THAT_ARE_NONE: tuple[tuple[str, dict[str, Any], int], ...] = (
    ("2026-02-30", {"working": True, "name": "x"}, 422),
    ("2026-02-27", {"working": True, "name": " "}, 422),
    ("2026-02-27", {"working": True, "name": "长" * 65}, 422),
    ("2026-02-27", {"name": "x"}, 422),
    ("1999-02-27", {"working": True, "name": "x"}, 404),
)


async def test_days_that_are_none(hotline: Hotline) -> None:
    admin = await administrator(hotline)
    for day, form, status in DAYS_THAT_ARE_NONE:
        answered, problem = await admin.json("PUT", f"{CALENDAR}/days/{day}", json=form)
        assert answered == status, (day, form, problem)
