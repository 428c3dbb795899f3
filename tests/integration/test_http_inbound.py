"""Cases from other systems, sent once however often (C1, C9)."""

import asyncio
from datetime import timedelta
from typing import Any

from gateway import idempotency
from gateway.auth.keys import KeyScope
from tests.support.web import NOW, Browser, Hotline, next_event
from tests.support.web_switchboard import CALLER
from ticketing.case import CaseSource

CASES = "/api/v1/inbound/cases"
FORM = {
    "kind": "complaint",
    "title": "路灯不亮",
    "body": "人民路18号门前路灯三天不亮",
    "address": "人民路18号",
    "phone": "+86 138 0000 0001",
    "reference": "WEB-77",
}


async def send(
    browser: Browser, key: dict[str, str], idempotency_key: str = "a-1", **more: Any
) -> tuple[int, Any]:
    headers = key | {"Idempotency-Key": idempotency_key}
    return await browser.json("POST", CASES, json=FORM | more, headers=headers)


async def test_a_case_from_a_website(hotline: Hotline) -> None:
    await hotline.category("0101")
    key = await hotline.api_key("门户", KeyScope.INBOUND)
    nobody, agent = await hotline.browser(), await hotline.agent()
    supervisor = await hotline.supervisor()
    async with await supervisor.socket() as page:
        await next_event(page)
        status, sent = await send(nobody, key, category="0101")
        told = await next_event(page)
    assert status == 201
    assert sent == {
        "case_no": "20261123-00001",
        "reference": "WEB-77",
        "source": "web",
        "state": "registered",
        "opened_at": "2026-11-23T08:00:00Z",
        "closed_at": None,
        "result": "",
    }
    assert (told["name"], told["data"]["case_no"]) == ("case.opened", sent["case_no"])
    _, case = await agent.json("GET", f"/api/v1/cases/{sent['case_no']}")
    assert (case["source"], case["caller"], case["state"]) == ("web", "138****0001", "registered")
    assert case["clocks"][0]["kind"] == "closing"
    assert case["history"][0]["actor"].startswith("key-")
    assert await hotline.pool.fetchval("select caller from cases") == CALLER
    assert CALLER not in str(sent) + str(told)

    closing = {"result": "已修复", "version": 1}
    await agent.json("POST", f"/api/v1/cases/{sent['case_no']}/close", json=closing)
    _, seen = await nobody.json("GET", f"{CASES}/{sent['case_no']}", headers=key)
    assert (seen["state"], seen["result"]) == ("closed", "已修复")
    other = await hotline.api_key("另一个", KeyScope.INBOUND)
    assert (await nobody.json("GET", f"{CASES}/{sent['case_no']}", headers=other))[0] == 404


async def test_the_same_again_is_the_same_case(hotline: Hotline) -> None:
    key, other = await hotline.api_key("门户"), await hotline.api_key("另一个")
    nobody = await hotline.browser()
    first = await send(nobody, key)
    assert await send(nobody, key) == first
    status, problem = await send(nobody, key, body="换了内容")
    assert status == 422
    assert problem["detail"] == "这个 Idempotency-Key 已用于内容不同的请求，请为新请求换一个"
    assert (await send(nobody, key, "a-2"))[1]["case_no"] != first[1]["case_no"]
    assert (await send(nobody, other))[1]["case_no"] == "20261123-00003"

    async with hotline.pool.acquire() as connection:
        await idempotency.forget_old(connection, days=7, now=NOW + timedelta(days=7))
        assert await send(nobody, key) == first
        await idempotency.forget_old(connection, days=7, now=NOW + timedelta(days=7, seconds=1))
    assert (await send(nobody, key))[1]["case_no"] == "20261123-00004"


async def test_of_many_at_once_one_opens_the_case(hotline: Hotline) -> None:
    key, nobody = await hotline.api_key("门户"), await hotline.browser()
    answers = await asyncio.gather(*(send(nobody, key) for _ in range(12)))
    assert {status for status, _ in answers} == {201}
    assert {answer["case_no"] for _, answer in answers} == {"20261123-00001"}
    assert await hotline.pool.fetchval("select count(*) from cases") == 1


async def test_what_failed_may_be_sent_again(hotline: Hotline) -> None:
    key, nobody = await hotline.api_key("门户"), await hotline.browser()
    status, problem = await send(nobody, key, category="0101")
    assert (status, problem["detail"]) == (422, "没有代码为0101的分类")
    await hotline.category("0101")
    assert (await send(nobody, key, category="0101"))[0] == 201


BAD_FORMS: list[tuple[dict[str, Any], str, str]] = [
    ({"phone": "12"}, "phone", "电话号码须是 3 至 20 位数字，可带区号、空格和连字符"),
    ({"latitude": 31.2}, "longitude", "经度和纬度须同时填写"),
    ({"latitude": 91, "longitude": 0}, "latitude", "不能大于 90.0"),
    ({"confidential": True, "public": True}, "public", "保密的诉求不能公开"),
    ({"source": "app"}, "source", "没有这个字段"),
    ({"reference": "长" * 129}, "reference", "最多 128 个字"),
    ({"latitude": "x", "longitude": 0}, "latitude", "必须是数字"),
]


async def test_forms_that_are_none(hotline: Hotline) -> None:
    key, nobody = await hotline.api_key("门户"), await hotline.browser()
    for changed, field, sentence in BAD_FORMS:
        status, problem = await send(nobody, key, **changed)
        assert (status, problem["errors"]) == (422, [{"field": field, "message": sentence}])
    for sent in (None, "", "有汉字", "a b", "x" * 256):
        headers = key if sent is None else key | {"Idempotency-Key": sent}
        status, problem = await nobody.json("POST", CASES, json=FORM, headers=headers)
        assert status == 400
        assert problem["detail"].startswith("缺少请求头 Idempotency-Key，或其值不是")


async def test_letters_and_visits_are_registered_by_agents(hotline: Hotline) -> None:
    agent, other = await hotline.agent("1001"), await hotline.agent("1002")
    letter = {"kind": "report", "title": "来信", "body": "见信"}
    for source, more in (("letter", {"contact": "138 0000 0001"}), ("visit", {})):
        form = letter | {"source": source} | more
        status, case = await agent.json("POST", "/api/v1/cases", json=form)
        assert (status, case["source"]) == (201, source)
    confidential = letter | {"source": "letter", "confidential": True}
    await agent.json("POST", "/api/v1/cases", json=confidential)
    await agent.json("POST", "/api/v1/cases", json=letter)
    sources = {}
    for source in CaseSource:
        _, rows = await other.json("GET", f"/api/v1/cases?source={source}&state=registered")
        sources[source] = [row["case_no"][-1] for row in rows]
    assert sources == {"phone": ["4"], "web": [], "letter": ["1"], "visit": ["2"], "app": []}
    _, own = await agent.json("GET", "/api/v1/cases?source=letter&scope=mine")
    assert [row["case_no"][-1] for row in own] == ["3", "1"]
    for asker, light, numbers in (
        (other, "green", ["1"]),
        (agent, "green", ["1", "3"]),
        (agent, "red", []),
        (agent, "green&state=closed", []),
        (agent, "green&state=registered", ["1", "3"]),
    ):
        _, rows = await asker.json("GET", f"/api/v1/cases?source=letter&light={light}")
        assert [row["case_no"][-1] for row in rows] == numbers

    call_id = await hotline.store_call("1.1", "1001")
    of_call = letter | {"call_id": call_id}
    status, problem = await agent.json("POST", "/api/v1/cases", json=of_call | {"contact": "12345"})
    assert (status, problem["errors"][0]["field"]) == (422, "contact")
    status, problem = await agent.json("POST", "/api/v1/cases", json=of_call | {"source": "app"})
    assert problem["errors"] == [{"field": "source", "message": "由通话登记的工单，来源只能是电话"}]
