"""C11 over HTTP: campaigns, their suggestions, screening, adoption, the share that is handled."""

import asyncio
from typing import Any

import pytest

from tests.support.web import Browser, Hotline

PATH = "/api/v1/campaigns"
TERMS = {"title": "交通出行金点子", "first_day": "2026-11-01", "last_day": "2026-11-30"}
FORM = {"kind": "suggestion", "title": "增设夜班公交", "body": "建议6路延长至22时"}


async def opened(browser: Browser, **more: Any) -> str:
    status, case = await browser.json("POST", "/api/v1/cases", json=FORM | more)
    assert status == 201, case
    return str(case["case_no"])


async def begun(chief: Browser, **more: Any) -> dict[str, Any]:
    status, campaign = await chief.json("POST", PATH, json=TERMS | more)
    assert status == 201, campaign
    return dict(campaign)


async def test_from_the_suggestion_to_its_adoption(hotline: Hotline) -> None:
    chief, agent = await hotline.supervisor(), await hotline.agent()
    other = await hotline.agent("1002")
    await hotline.department("D1")
    _, none = await agent.json("GET", PATH)
    assert (none["year"], none["begun"], none["wanted"], none["campaigns"]) == (2026, 0, 2, [])
    campaign = await begun(chief)
    assert campaign["handled_rate"] == {"numerator": 0, "denominator": 0, "rate": None}
    one = f"{PATH}/{campaign['campaign_id']}"
    numbers = [await opened(agent) for _ in range(3)]
    secret = await opened(agent, confidential=True)
    complaint = await opened(agent, kind="complaint")
    _, free = await agent.json("GET", f"{one}/candidates")
    assert {row["case_no"] for row in free} == {*numbers, secret}
    _, free = await other.json("GET", f"{one}/candidates?limit=1")
    assert [row["case_no"] for row in free] == numbers[-1:]

    for number in (*numbers, secret):
        status, campaign = await agent.json("POST", f"{one}/suggestions", json={"case_no": number})
        assert status == 201, campaign
    assert (await agent.json("GET", f"{one}/candidates"))[1] == []
    for who, number, wanted, sentence in (
        (agent, numbers[0], 409, "已列入征集活动"),
        (agent, complaint, 409, "不是建议"),
        (other, secret, 404, "不存在"),
        (agent, "20261123-99999", 404, "不存在"),
    ):
        status, problem = await who.json("POST", f"{one}/suggestions", json={"case_no": number})
        assert (status, sentence in problem["detail"]) == (wanted, True), problem

    async def judge(number: str, what: str, **body: Any) -> tuple[int, Any]:
        return await chief.json("PUT", f"{one}/suggestions/{number}/{what}", json=body)

    for number, valid in zip(numbers, (True, True, False), strict=True):
        status, screened = await judge(
            number, "screening", valid=valid, because="" if valid else "内容重复", version=1
        )
        assert (status, screened["valid"], screened["version"]) == (200, valid, 2)
    status, decided = await judge(
        numbers[0], "adoption", adoption="partly", because="先行试点", department="D1", version=2
    )
    assert (status, decided["department"]["code"], decided["adoption"]) == (200, "D1", "partly")
    for number, what, body, wanted, sentence in (
        (secret, "screening", {"valid": False, "version": 1}, 422, "理由不能为空"),
        (numbers[0], "screening", {"valid": True, "version": 3}, 409, "已有采纳意见"),
        (numbers[1], "screening", {"valid": True, "version": 1}, 409, "已被他人修改"),
        (numbers[2], "adoption", {"adoption": "adopted", "version": 2}, 409, "未筛选为有效"),
        (numbers[1], "adoption", {"adoption": "not", "version": 2}, 422, "理由不能为空"),
        (complaint, "screening", {"valid": True, "version": 1}, 404, "未列入"),
    ):
        more = {"department": "D1"} if what == "adoption" else {}
        status, problem = await judge(number, what, **body, **more)
        assert (status, sentence in problem["detail"]) == (wanted, True), problem
    status, problem = await judge(
        numbers[1], "adoption", adoption="adopted", department="D9", version=2
    )
    assert (status, problem["errors"][0]["field"]) == (422, "department")

    _, shown = await chief.json("GET", PATH)
    (now,) = shown["campaigns"]
    assert (shown["begun"], now["suggestions"], now["screened"], now["valid"]) == (1, 4, 3, 2)
    assert now["handled_rate"] == {"numerator": 1, "denominator": 2, "rate": 0.5}
    assert now["adoption_rate"] == {"numerator": 1, "denominator": 1, "rate": 1.0}
    _, seen = await other.json("GET", PATH)
    assert seen["campaigns"][0]["suggestions"] == 3  # not the confidential one
    for stage, found in (
        ("unscreened", [secret]),
        ("valid", [numbers[1], numbers[0]]),
        ("invalid", [numbers[2]]),
        ("unhandled", [numbers[1]]),
        ("handled", [numbers[0]]),
    ):
        _, rows = await chief.json("GET", f"{one}/suggestions?stage={stage}")
        assert [row["case_no"] for row in rows] == found, stage
    _, rows = await other.json("GET", f"{one}/suggestions?limit=2&after={numbers[2]}")
    assert [row["case_no"] for row in rows] == [numbers[1], numbers[0]]
    acts = await hotline.pool.fetch("select action, subject from audit_log order by audit_id")
    assert [act["action"] for act in acts] == [
        "campaign.created",
        *["suggestion.screened"] * 3,
        "suggestion.decided",
    ]


async def test_terms_of_a_campaign(hotline: Hotline) -> None:
    chief, agent = await hotline.supervisor(), await hotline.agent()
    campaign = await begun(chief)
    one = f"{PATH}/{campaign['campaign_id']}"
    number = await opened(agent)
    for terms, field in (
        (TERMS, "title"),
        (TERMS | {"title": " "}, "title"),
        (TERMS | {"title": "迎春", "last_day": "2026-10-01"}, "last_day"),
        (TERMS | {"title": "迎春", "last_day": "2027-12-01"}, "last_day"),
        (TERMS | {"title": "迎春", "first_day": "昨天"}, "first_day"),
    ):
        status, problem = await chief.json("POST", PATH, json=terms)
        assert (status, problem["errors"][0]["field"]) == (422, field), problem
    early = await begun(chief, title="迎春", first_day="2026-03-01", last_day="2026-03-31")
    path = f"{PATH}/{early['campaign_id']}/suggestions"
    status, problem = await agent.json("POST", path, json={"case_no": number})
    assert (status, "不是在征集期内登记的" in problem["detail"]) == (409, True)
    assert (await agent.json("POST", f"{one}/suggestions", json={"case_no": number}))[0] == 201
    answers = await asyncio.gather(
        *(
            chief.json("PUT", one, json=TERMS | {"topic": f"说明{n}", "version": 1})
            for n in range(3)
        )
    )
    assert sorted(status for status, _ in answers) == [200, 409, 409]
    shorter = TERMS | {"last_day": "2026-11-10", "version": 2}
    status, problem = await chief.json("PUT", one, json=shorter)
    assert (status, "不能这样修改征集期" in problem["detail"]) == (409, True)
    assert (await chief.json("PUT", f"{PATH}/99", json=shorter))[0] == 404
    status, problem = await chief.json("PUT", one, json=TERMS | {"title": "迎春", "version": 2})
    assert (status, problem["errors"][0]["field"]) == (422, "title")


@pytest.mark.parametrize("what", ["suggestions", "candidates"])
async def test_unknown_campaign(hotline: Hotline, what: str) -> None:
    chief = await hotline.supervisor()
    status, problem = await chief.json("GET", f"{PATH}/1/{what}")
    assert (status, problem["detail"]) == (404, "没有这项征集活动")
