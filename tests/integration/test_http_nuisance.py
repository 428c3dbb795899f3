"""C6: nuisance marks are proposed by one, approved by another, and leave out what a list tells."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.figures import keeper, registry_of, scrape, total
from tests.support.opinions import answer_callback, rate
from tests.support.web import NOW, Browser, Hotline
from tests.support.web_switchboard import CALLER

CALLS, MARKS = "/api/v1/calls", "/api/v1/nuisance-marks"
WHY = {"kind": "repeated", "reason": "一天内多次拨打后谩骂"}
FORM = {"kind": "complaint", "title": "无具体诉求", "body": "反复来电"}


@pytest.fixture
def later(hotline: Hotline) -> Callable[[timedelta], None]:
    """Lets time pass for the surface."""

    def pass_time(by: timedelta) -> None:
        object.__setattr__(hotline.services, "clock", lambda: NOW + by)

    return pass_time


async def proposed(browser: Browser, *calls: str) -> dict[str, Any]:
    first, *others = calls
    form = WHY | {"calls": others}
    status, mark = await browser.json("POST", f"{CALLS}/{first}/nuisance", json=form)
    assert status == 201, mark
    return dict(mark)


async def approved(hotline: Hotline, *calls: str) -> tuple[dict[str, Any], Browser]:
    """A mark in force, and the supervisor who approved it."""
    agent, chief = await hotline.agent(), await hotline.supervisor()
    mark = await proposed(agent, *calls)
    path = f"{MARKS}/{mark['mark_id']}/approve"
    status, mark = await chief.json("POST", path, json={"days": 30})
    assert status == 200, mark
    return mark, chief


async def board(chief: Browser) -> Any:
    _, shown = await chief.json("GET", "/api/v1/board")
    return shown


async def test_from_the_proposal_to_the_flag_in_the_pop(
    hotline: Hotline, later: Callable[[timedelta], None]
) -> None:
    for number in (1, 2):
        at = NOW - timedelta(hours=number)
        await hotline.store_call(f"1.{number}", "1001", arrived_at=at)
    agent, chief = await hotline.agent(), await hotline.supervisor()
    mark = await proposed(agent, "sb1-1.1", "sb1-1.2", "sb1-1.1")
    assert (mark["number"], mark["state"], mark["in_force"]) == ("138****0001", "proposed", False)
    assert [call["call_id"] for call in mark["calls"]] == ["sb1-1.2", "sb1-1.1"]
    assert (await board(chief))["figures"]["arrived"] == 2
    _, known = await agent.json("GET", f"{CALLS}/sb1-1.1/caller")
    assert known["nuisance"] == {
        "mark_id": mark["mark_id"],
        "kind": "repeated",
        "state": "proposed",
        "ends_at": None,
    }
    _, waiting = await chief.json("GET", MARKS)
    assert [each["mark_id"] for each in waiting] == [mark["mark_id"]]
    path = f"{MARKS}/{mark['mark_id']}"
    status, mark = await chief.json("POST", f"{path}/approve", json={"note": "属实"})
    assert (status, mark["in_force"], mark["decided_by"]) == (200, True, "supervisor")
    assert datetime.fromisoformat(mark["ends_at"]) == NOW + timedelta(days=90)
    assert (await board(chief))["figures"]["arrived"] == 2  # a call is a call
    later(timedelta(days=89))
    _, known = await agent.json("GET", f"{CALLS}/sb1-1.1/caller")
    assert known["nuisance"]["state"] == "approved"
    later(timedelta(days=90))
    _, known = await agent.json("GET", f"{CALLS}/sb1-1.1/caller")
    assert known["nuisance"] is None
    _, ended = await chief.json("GET", f"{MARKS}?state=ended")
    assert [(each["state"], each["in_force"]) for each in ended] == [("approved", False)]
    assert (await chief.json("GET", f"{MARKS}?state=in_force"))[1] == []
    rows = await hotline.pool.fetch("select actor, action, detail from audit_log order by 1, 2")
    acts = [(row["actor"], row["action"]) for row in rows]
    assert acts == [("agent1001", "nuisance.proposed"), ("supervisor", "nuisance.approved")]
    assert json.loads(rows[0]["detail"])["calls"] == ["sb1-1.1", "sb1-1.2"]
    assert CALLER not in str(rows)


async def test_refusals(hotline: Hotline) -> None:
    agent, chief = await hotline.agent(), await hotline.supervisor()
    await hotline.store_call("1.1", "1001")
    await hotline.store_call("1.2", "1001", caller="13900000009")
    await hotline.store_call("1.3", "1001", caller="")
    own = await proposed(chief, "sb1-1.2")
    path = f"{MARKS}/{own['mark_id']}"
    for act, body in (("approve", {}), ("refuse", {"reason": "不属实"})):
        status, problem = await chief.json("POST", f"{path}/{act}", json=body)
        assert (status, problem["detail"]) == (
            403,
            "提出骚扰标记的人不能自己审批，须由另一人审批",
        )
    mark = await proposed(agent, "sb1-1.1")
    for call, form, wanted, said in (
        ("sb1-1.1", WHY, 409, "已有一项骚扰标记等待审批"),
        ("sb1-1.1", WHY | {"calls": ["sb1-1.2"]}, 422, "sb1-1.2 不是这个号码的来电记录"),
        ("sb1-1.1", WHY | {"calls": ["sb1-9.9"]}, 422, "sb1-9.9 不是这个号码的来电记录"),
        ("sb1-1.3", WHY, 422, "来电没有显示号码，不能标记"),
        ("sb1-1.1", WHY | {"reason": "号码13800000001"}, 422, "不能填写电话号码"),
        ("sb1-1.1", WHY | {"kind": "rude"}, 422, "malicious"),
        ("sb1-9.9", WHY, 404, "通话不存在"),
    ):
        status, problem = await agent.json("POST", f"{CALLS}/{call}/nuisance", json=form)
        assert (status, said in problem["detail"]) == (wanted, True), (form, problem)
    status, mark = await chief.json(
        "POST", f"{MARKS}/{mark['mark_id']}/refuse", json={"reason": "诉求真实"}
    )
    assert (status, mark["state"], mark["decision"]) == (200, "refused", "诉求真实")
    for act, body, said in (
        ("approve", {}, "已经审批过"),
        ("refuse", {"reason": "再次"}, "已经审批过"),
        ("lift", {"reason": "误标"}, "不在生效中"),
    ):
        status, problem = await chief.json("POST", f"{MARKS}/{mark['mark_id']}/{act}", json=body)
        assert (status, said in problem["detail"]) == (409, True)
    assert (await chief.json("POST", f"{MARKS}/999/approve", json={}))[0] == 404
    assert (await chief.json("POST", f"{MARKS}/1/approve", json={"days": 400}))[0] == 422
    _, known = await agent.json("GET", f"{CALLS}/sb1-1.1/caller")
    assert known["nuisance"] is None
    await proposed(agent, "sb1-1.1")  # refused before, not for ever


async def test_satisfaction_leaves_out_what_the_list_tells_and_nothing_else(
    hotline: Hotline,
) -> None:
    """The evidence, what comes while the mark is in force; neither before, nor of anybody else."""
    day = timedelta(days=1)
    for call, at in (("1.1", NOW), ("1.2", NOW - day), ("1.3", NOW + day), ("1.4", NOW + 40 * day)):
        await hotline.store_call(call, "1001", arrived_at=at)
        await rate(hotline.pool, f"sb1-{call}", "dissatisfied")
    await hotline.store_call("2.1", "1001", caller="13900000009")
    await rate(hotline.pool, "sb1-2.1", "satisfied")
    mark, chief = await approved(hotline, "sb1-1.1")
    shown = await board(chief)
    assert shown["satisfaction"] == {"numerator": 1, "denominator": 3, "rate": 1 / 3}
    assert shown["excluded"] == {"ratings": 2, "survey_answers": 0}
    source = keeper(hotline.pool)
    await source.refresh()
    samples = scrape(registry_of(source))
    assert total(samples, "hotline_ratings_total") == 3
    assert total(samples, "hotline_ratings_excluded_total", reason="nuisance") == 2
    assert total(samples, "hotline_ratings_excluded_total", reason="separated") == 0
    await hotline.store_call("1.5", "1001", arrived_at=NOW + 2 * day)
    await rate(hotline.pool, "sb1-1.5", "dissatisfied")
    assert (await board(chief))["excluded"]["ratings"] == 3
    _, lines = await chief.json("GET", f"/api/v1/exclusions?mark={mark['mark_id']}")
    assert {line["call_id"] for line in lines} == {"sb1-1.1", "sb1-1.3", "sb1-1.5"}
    assert {(line["what"], line["reason"], line["caller"]) for line in lines} == {
        ("rating", "nuisance", "138****0001")
    }
    path = f"{MARKS}/{mark['mark_id']}/lift"
    body = {"reason": "号码已换主人", "mistaken": True}
    status, lifted = await chief.json("POST", path, json=body)
    assert (status, lifted["state"], lifted["mistaken"]) == (200, "lifted", True)
    shown = await board(chief)
    assert (shown["satisfaction"]["denominator"], shown["excluded"]["ratings"]) == (6, 0)
    _, lines = await chief.json("GET", "/api/v1/exclusions?reason=nuisance&limit=2")
    assert [line["counted_again_at"] is not None for line in lines] == [True, True]
    last = lines[-1]["exclusion_id"]
    _, older = await chief.json("GET", f"/api/v1/exclusions?before={last}")
    assert len(older) == 1


async def test_lifting_early_leaves_what_was_covered(hotline: Hotline) -> None:
    await hotline.store_call("1.1", "1001")
    mark, chief = await approved(hotline, "sb1-1.1")
    await rate(hotline.pool, "sb1-1.1", "dissatisfied")
    body = {"reason": "已当面劝导"}
    await chief.json("POST", f"{MARKS}/{mark['mark_id']}/lift", json=body)
    await hotline.store_call("1.2", "1001", arrived_at=NOW + timedelta(hours=1))
    await rate(hotline.pool, "sb1-1.2", "dissatisfied")
    shown = await board(chief)
    assert (shown["satisfaction"]["denominator"], shown["excluded"]["ratings"]) == (1, 1)


async def test_answers_of_callbacks_too(hotline: Hotline) -> None:
    agent, chief = await hotline.agent(), await hotline.supervisor()
    await hotline.store_call("1.1", "1001")
    form = FORM | {"call_id": "sb1-1.1", "result": "已告知"}
    _, case = await agent.json("POST", "/api/v1/cases", json=form)
    await answer_callback(
        hotline.pool, case["case_no"], contacted="yes", solved="no", satisfied="dissatisfied"
    )
    assert (await board(chief))["survey"]["satisfied"]["denominator"] == 1
    mark = await proposed(agent, "sb1-1.1")
    await chief.json("POST", f"{MARKS}/{mark['mark_id']}/approve", json={})
    shown = await board(chief)
    assert shown["survey"]["satisfied"] == {"numerator": 0, "denominator": 0, "rate": None}
    assert shown["survey"]["contacted"]["denominator"] == 0
    assert shown["excluded"] == {"ratings": 0, "survey_answers": 3}
    _, lines = await chief.json("GET", "/api/v1/exclusions")
    assert {line["case_no"] for line in lines} == {case["case_no"]}
    assert {line["subject"] for line in lines} == {"contacted", "solved", "satisfied"}
    _, shown = await agent.json("GET", f"/api/v1/cases/{case['case_no']}")
    assert shown["excluded"] == "nuisance"
