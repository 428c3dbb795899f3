"""C6: what is before a court or an authority is separated: no callback, not in satisfaction."""

from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis

from gateway.context import Context
from gateway.engines import Engines
from gateway.readiness import Readiness
from gateway.settings import Settings
from gateway.survey_jobs import claim_attempt
from tests.support.opinions import answer_callback, rate
from tests.support.web import NOW, Browser, Hotline

FORM = {"kind": "complaint", "title": "工资被拖欠", "body": "已向法院起诉", "call_id": "sb1-1.1"}
CASES = "/api/v1/cases"


@pytest.fixture
def context(pool: asyncpg.Pool, redis: Redis, database_dsn: str) -> Context:
    """The worker's, within the calling window."""
    engines = Engines(dsn=database_dsn, pool=pool, redis=redis)
    return Context(
        settings=Settings(),
        engines=engines,
        readiness=Readiness(),
        clock=lambda: NOW + timedelta(minutes=1),
    )


async def opened(hotline: Hotline, agent: Browser, **changed: Any) -> dict[str, Any]:
    await hotline.store_call("1.1", "1001")
    status, case = await agent.json("POST", CASES, json=FORM | changed)
    assert status == 201, case
    return dict(case)


async def step(browser: Browser, case: dict[str, Any], name: str, **fields: Any) -> dict[str, Any]:
    body = {"step": name, "version": case["version"], **fields}
    status, after = await browser.json("POST", f"{CASES}/{case['case_no']}/steps", json=body)
    assert status == 200, after
    return dict(after)


async def call_back(context: Context, case: dict[str, Any]) -> bool:
    """What the job does that closing asks for; whether somebody is to be called."""
    case_id = await context.engines.pool.fetchval(
        "select case_id from cases where case_no = $1", case["case_no"]
    )
    return await claim_attempt(context, case_id) is not None


async def test_registered_as_such_it_is_closed_without_a_callback(
    hotline: Hotline, context: Context
) -> None:
    agent, chief = await hotline.agent(), await hotline.supervisor()
    await hotline.store_call("1.1", "1001")
    await rate(hotline.pool, "sb1-1.1", "dissatisfied")
    case = await opened(hotline, agent, matter="litigation", result="已告知由法院处理")
    assert (case["matter"], case["excluded"]) == ("litigation", "separated")
    assert case["history"][0]["matter"] == "litigation"
    assert hotline.closed == [case["case_no"]]
    assert not await call_back(context, case)
    assert not await call_back(context, case)  # the job came twice
    _, after = await agent.json("GET", f"{CASES}/{case['case_no']}")
    noted = after["history"][-1]
    assert (noted["step"], noted["actor"]) == ("callback_skipped", "system")
    assert noted["note"] == "诉访分离事项（诉讼），不作满意度回访，不计入满意度"
    assert [entry["step"] for entry in after["history"]].count("callback_skipped") == 1
    assert after["version"] == case["version"] + 1
    _, lines = await chief.json("GET", "/api/v1/exclusions")
    assert [(line["what"], line["reason"], line["matter"]) for line in lines] == [
        ("callback", "separated", "litigation"),
        ("rating", "separated", "litigation"),
    ]
    _, board = await chief.json("GET", "/api/v1/board")
    assert board["satisfaction"]["denominator"] == 0
    told = await hotline.pool.fetchval(
        "select convert_from(payload, 'utf8') from pgqueuer where entrypoint = 'tell'"
    )
    assert "case.callback_skipped" in told
    # Closed anew, it is said anew.
    await hotline.department("D1")
    again = await step(chief, after, "reopened", department="D1", reason="补充材料")
    assert again["matter"] == "litigation"


async def test_separated_by_a_step_and_back(hotline: Hotline, context: Context) -> None:
    agent, chief = await hotline.agent(), await hotline.supervisor()
    case = await opened(hotline, agent)
    body = {"step": "separated", "version": case["version"], "reason": "法院已立案"}
    path = f"{CASES}/{case['case_no']}/steps"
    status, problem = await agent.json("POST", path, json=body)
    assert (status, problem["detail"]) == (422, "诉访分离必须填写分离事项")
    status, problem = await agent.json("POST", path, json=body | {"matter": "prayer"})
    assert (status, "litigation" in problem["detail"]) == (422, True)
    case = await step(agent, case, "separated", matter="arbitration", reason="仲裁已受理")
    entry = case["history"][-1]
    assert (entry["step"], entry["matter"], entry["note"]) == (
        *("separated", "arbitration"),
        "仲裁已受理",
    )
    status, problem = await agent.json(
        "POST", path, json=body | {"version": case["version"], "matter": "review"}
    )
    assert (status, problem["detail"].startswith("工单已是诉访分离事项，不能诉访分离")) == (
        409,
        True,
    )
    case = await step(agent, case, "closed", result="已告知")
    assert not await call_back(context, case)
    _, case = await chief.json("GET", f"{CASES}/{case['case_no']}")
    hotline.closed.clear()
    case = await step(chief, case, "rejoined", reason="仲裁已撤回")
    assert (case["matter"], case["excluded"], case["state"]) == (None, None, "closed")
    assert hotline.closed == [case["case_no"]]  # the callback is asked for after all
    assert await call_back(context, case)
    _, lines = await chief.json("GET", "/api/v1/exclusions")
    assert [(line["what"], line["counted_again_at"] is None) for line in lines] == [
        ("callback", False)
    ]


async def test_answers_given_before_are_left_out_and_come_back(hotline: Hotline) -> None:
    agent, chief = await hotline.agent(), await hotline.supervisor()
    case = await opened(hotline, agent, result="已告知")
    answers = {"contacted": "yes", "solved": "no", "satisfied": "dissatisfied"}
    await answer_callback(hotline.pool, case["case_no"], **answers)
    case = await step(chief, case, "separated", matter="review", reason="已申请行政复议")
    _, board = await chief.json("GET", "/api/v1/board")
    assert board["survey"]["satisfied"]["denominator"] == 0
    assert board["excluded"]["survey_answers"] == 3
    await step(chief, case, "rejoined", reason="复议不予受理")
    _, board = await chief.json("GET", "/api/v1/board")
    assert board["survey"]["satisfied"]["denominator"] == 1
    assert board["excluded"]["survey_answers"] == 0


async def test_departments_do_not_separate_what_they_are_judged_by(hotline: Hotline) -> None:
    agent = await hotline.agent()
    await hotline.department("D1")
    lead = await hotline.department_user("D1")
    case = await opened(hotline, agent, department="D1")
    body = {"step": "separated", "version": case["version"], "matter": "review", "reason": "复议"}
    status, problem = await lead.json("POST", f"{CASES}/{case['case_no']}/steps", json=body)
    assert (status, "您不能诉访分离这份工单" in problem["detail"]) == (403, True)
    _, seen = await lead.json("GET", f"{CASES}/{case['case_no']}")
    assert "separated" not in {each["step"] for each in seen["allowed"]}


async def test_a_nuisance_call_is_not_called_back_about_until_the_mark_was_mistaken(
    hotline: Hotline, context: Context
) -> None:
    agent, chief = await hotline.agent(), await hotline.supervisor()
    case = await opened(hotline, agent, result="已告知")
    why = {"kind": "malicious", "reason": "辱骂坐席"}
    _, mark = await agent.json("POST", "/api/v1/calls/sb1-1.1/nuisance", json=why)
    path = f"/api/v1/nuisance-marks/{mark['mark_id']}"
    await chief.json("POST", f"{path}/approve", json={})
    assert not await call_back(context, case)
    _, after = await agent.json("GET", f"{CASES}/{case['case_no']}")
    assert after["history"][-1]["note"].startswith(
        f"来电已被标记为骚扰（第 {mark['mark_id']} 号标记）"
    )
    hotline.closed.clear()
    await chief.json("POST", f"{path}/lift", json={"reason": "误标", "mistaken": True})
    assert hotline.closed == [case["case_no"]]
    assert await call_back(context, case)


async def test_outside_the_window_it_is_noted_all_the_same(
    hotline: Hotline, context: Context
) -> None:
    agent = await hotline.agent()
    case = await opened(hotline, agent, matter="review", result="已告知")
    object.__setattr__(context, "clock", lambda: datetime.fromisoformat("2026-11-23T22:00+08:00"))
    assert not await call_back(context, case)
    _, after = await agent.json("GET", f"{CASES}/{case['case_no']}")
    assert after["history"][-1]["step"] == "callback_skipped"
