"""Cases over HTTP (REQUIREMENTS C1, C2, S1, S2)."""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway.auth.roles import Role
from tests.support.web import NOW, Browser, Hotline, next_event
from tests.support.web_switchboard import CALLER, call_data

CASES = "/api/v1/cases"
FORM = {"kind": "complaint", "title": "路灯不亮", "body": "人民路18号门前路灯三天不亮"}


async def opened(browser: Browser, **more: Any) -> dict[str, Any]:
    status, case = await browser.json("POST", CASES, json=FORM | more)
    assert status == 201, case
    return dict(case)


async def test_case_from_a_ringing_call(hotline: Hotline) -> None:
    agent = await hotline.agent("1001")
    await hotline.switchboard.tell("call.ringing", call_data("sb1-5.1", agent="1001"))
    case = await opened(agent, call_id="sb1-5.1", address="人民路18号")
    assert case["case_no"] == "20261123-00001"
    assert case["caller"] == "138****0001"
    assert case["state"] == "registered"
    assert case["opened_by"] == "agent1001"
    assert [step["step"] for step in case["history"]] == ["registered"]
    assert hotline.closed == []
    assert await hotline.pool.fetchval("select caller from cases") == CALLER
    assert await agent.json("GET", f"{CASES}/{case['case_no']}") == (200, case)


async def test_answered_at_once(hotline: Hotline) -> None:
    agent = await hotline.agent("1001")
    case = await opened(agent, result="已告知办理地点")
    assert (case["state"], case["answered_at_once"]) == ("closed", True)
    assert case["result"] == "已告知办理地点"
    assert hotline.closed == [case["case_no"]]


async def test_second_case_of_a_call_is_refused(hotline: Hotline) -> None:
    agent = await hotline.agent("1001")
    call_id = await hotline.store_call("1.1", "1001")
    await opened(agent, call_id=call_id)
    status, problem = await agent.json("POST", CASES, json=FORM | {"call_id": call_id})
    assert (status, problem["detail"]) == (409, "该通话已有工单")


async def test_case_of_somebody_elses_call_is_refused(hotline: Hotline) -> None:
    agent = await hotline.agent("1001")
    call_id = await hotline.store_call("1.1", "1002")
    status, _ = await agent.json("POST", CASES, json=FORM | {"call_id": call_id})
    assert status == 404
    assert await hotline.pool.fetchval("select count(*) from cases") == 0


async def test_closing(hotline: Hotline) -> None:
    agent = await hotline.agent("1001")
    case = await opened(agent)
    path = f"{CASES}/{case['case_no']}/close"
    closing = {"result": "已修复", "version": case["version"]}
    status, closed = await agent.json("POST", path, json=closing)
    assert (status, closed["state"], closed["result"]) == (200, "closed", "已修复")
    assert closed["version"] == case["version"] + 1
    assert closed["closed_at"].startswith("2026-11-23T08:00:00")
    assert hotline.closed == [case["case_no"]]

    status, problem = await agent.json("POST", path, json=closing)
    assert (status, problem["status"]) == (409, 409)
    closing["version"] = closed["version"]
    assert (await agent.json("POST", path, json=closing))[0] == 409
    assert hotline.closed == [case["case_no"]]


async def test_closing_what_was_changed_or_is_not_there(hotline: Hotline) -> None:
    agent = await hotline.agent("1001")
    case = await opened(agent)
    closing = {"result": "已修复", "version": case["version"] + 1}
    status, problem = await agent.json("POST", f"{CASES}/{case['case_no']}/close", json=closing)
    assert (status, problem["detail"]) == (409, "工单已被他人修改，请刷新后重试")
    status, _ = await agent.json("POST", f"{CASES}/20261123-99999/close", json=closing)
    assert status == 404
    assert hotline.closed == []


async def test_of_several_who_close_at_once_one_wins(hotline: Hotline) -> None:
    agents = [await hotline.agent(number) for number in ("1001", "1002", "1003")]
    case = await opened(agents[0])
    path = f"{CASES}/{case['case_no']}/close"
    closing = {"result": "已修复", "version": case["version"]}
    answers = await asyncio.gather(*(each.json("POST", path, json=closing) for each in agents))
    assert sorted(status for status, _ in answers) == [200, 409, 409]
    assert hotline.closed == [case["case_no"]]


async def test_nothing_is_closed_when_what_must_follow_fails(hotline: Hotline) -> None:
    agent = await hotline.agent("1001")
    case = await opened(agent)
    closing = {"result": "随后出错", "version": case["version"]}
    status, _ = await agent.json("POST", f"{CASES}/{case['case_no']}/close", json=closing)
    assert status == 500
    assert await hotline.pool.fetchval("select state from cases") == "registered"
    assert await hotline.pool.fetchval("select count(*) from case_history") == 1


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"kind": "quarrel"}, "kind"),
        ({"title": ""}, "title"),
        ({"title": "   "}, "title"),
        ({"title": "长" * 101}, "title"),
        ({"body": "长" * 4001}, "body"),
        ({"body": "有\x00字符"}, "body"),
        ({"address": "长" * 201}, "address"),
        ({"confidential": "perhaps"}, "confidential"),
        ({"result": ""}, "result"),
        ({"call_id": "../x"}, "call_id"),
        ({"caller": CALLER}, "caller"),
        ({"opened_by": "admin"}, "opened_by"),
    ],
)
async def test_forms_that_are_none(hotline: Hotline, changed: dict[str, Any], field: str) -> None:
    agent = await hotline.agent()
    status, problem = await agent.json("POST", CASES, json=FORM | changed)
    assert (status, problem["errors"][0]["field"]) == (422, field)
    assert CALLER not in str(problem)


async def test_sentence_says_what_is_allowed(hotline: Hotline) -> None:
    agent = await hotline.agent()
    _, problem = await agent.json("POST", CASES, json={"kind": "quarrel", "title": "长" * 101})
    sentences = {error["field"]: error["message"] for error in problem["errors"]}
    assert sentences == {
        "kind": "只能是 consultation、help、complaint、report、suggestion、praise 之一",
        "title": "最多 100 个字",
        "body": "必须填写",
    }


async def test_list(hotline: Hotline) -> None:
    agent = await hotline.agent()
    first, second = await opened(agent, title="一"), await opened(agent, title="二", result="好")
    status, listed = await agent.json("GET", CASES)
    assert status == 200
    numbers = [case["case_no"] for case in listed]
    assert numbers == [second["case_no"], first["case_no"]]
    _, listed = await agent.json("GET", f"{CASES}?state=registered")
    assert [case["case_no"] for case in listed] == [first["case_no"]]
    assert (await agent.json("GET", f"{CASES}?before={NOW:%Y-%m-%dT%H:%M:%SZ}"))[1] == []
    assert (await agent.json("GET", f"{CASES}?state=lost"))[0] == 422


async def test_confidential_case_is_for_who_opened_it_and_supervisors(hotline: Hotline) -> None:
    agent, other = await hotline.agent("1001"), await hotline.agent("1002")
    supervisor = await hotline.supervisor()
    administrator = await hotline.browser(await hotline.add_user(Role.ADMINISTRATOR, "admin"))
    call_id = await hotline.store_call("1.1", "1001", "1002")
    case = await opened(agent, call_id=call_id, confidential=True)
    path = f"{CASES}/{case['case_no']}"
    for who in (agent, supervisor):
        _, seen = await who.json("GET", path)
        _, listed = await who.json("GET", CASES)
        assert {seen["caller"], listed[0]["caller"]} == {"138****0001"}
        assert (await who.json("GET", f"/api/v1/calls/{call_id}"))[1]["case_no"] == case["case_no"]
    step = {"step": "noted", "note": "看看", "version": 1}
    closing = {"result": "好", "version": 1}
    for who in (other, administrator):
        assert (await who.json("GET", path))[0] == 404
        for query in ("", "?state=registered", "?scope=mine", "?scope=inbox"):
            assert await who.json("GET", CASES + query) == (200, [])
        assert (await who.json("GET", f"/api/v1/calls/{call_id}"))[1]["case_no"] is None
        assert (await who.json("GET", f"/api/v1/calls/{call_id}/caller"))[1]["cases"] == []
    for what, body in (("steps", step), ("close", closing)):
        assert (await other.json("POST", f"{path}/{what}", json=body))[0] == 404


async def test_case_shows_its_callbacks(hotline: Hotline) -> None:
    agent = await hotline.agent("1001")
    case = await opened(agent)
    await hotline.pool.execute(
        "insert into survey_attempts (attempt_id, case_id, switchboard, number, questionnaire,"
        " attempt_no, state, outcome, claimed_at, ended_at) select 'survey-1', case_id, 'sb1', $1,"
        " 'case_callback_v1', 1, 'ended', 'completed', $2, $2 from cases",
        *(CALLER, NOW),
    )
    await hotline.pool.execute(
        "insert into survey_answers values ('survey-1', 'solved', 'yes', $1)", NOW
    )
    _, case = await agent.json("GET", f"{CASES}/{case['case_no']}")
    (attempt,) = case["survey"]
    assert (attempt["attempt_no"], attempt["outcome"]) == (1, "completed")
    assert attempt["answers"] == {"solved": "yes"}
    assert CALLER not in str(case)


async def test_pages_are_told(hotline: Hotline) -> None:
    agent, other = await hotline.agent("1001"), await hotline.agent("1002")
    supervisor = await hotline.supervisor()
    async with (
        await agent.socket() as own,
        await other.socket() as others,
        await supervisor.socket() as board,
    ):
        for page in (own, others, board):
            await next_event(page)
        case = await opened(agent, result="已答复")
        for page in (own, board):
            events = [await next_event(page) for _ in range(2)]
            assert [event["name"] for event in events] == ["case.opened", "case.closed"]
            assert events[0]["data"] == {
                "case_no": case["case_no"],
                "call_id": None,
                "opened_by": "agent1001",
                "confidential": False,
                "departments": [],
                "notice": False,
            }
        with pytest.raises(TimeoutError):
            await others.receive(timeout=0.1)


async def test_case_is_stored_although_the_wire_is_down(
    hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = await hotline.agent("1001")

    async def down(_redis: Redis, _event: Any) -> None:
        raise RedisError

    monkeypatch.setattr("gateway.live.publish", down)
    await opened(agent)
    assert await hotline.pool.fetchval("select count(*) from cases") == 1


async def test_administrators_look_only(hotline: Hotline) -> None:
    administrator = await hotline.browser(await hotline.add_user(Role.ADMINISTRATOR, "admin"))
    agent = await hotline.agent()
    case = await opened(agent)
    assert (await administrator.json("GET", f"{CASES}/{case['case_no']}"))[0] == 200
    assert (await administrator.json("POST", CASES, json=FORM))[0] == 403
