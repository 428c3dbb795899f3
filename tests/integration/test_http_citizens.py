"""T6: who calls, by his number however it was sent; what is kept of him; PIPL 6, 47."""

import json
from datetime import timedelta
from typing import Any

from tests.support.web import NOW, Browser, Hotline
from tests.support.web_switchboard import CALLER

CALLS, CASES = "/api/v1/calls", "/api/v1/cases"
FORM = {"kind": "complaint", "title": "路灯不亮", "body": "人民路18号"}
CARD = {"name": "王先生", "address": "人民路18号", "notes": "听力不便，请讲慢些", "version": 0}


async def opened(browser: Browser, **changed: Any) -> dict[str, Any]:
    status, case = await browser.json("POST", CASES, json=FORM | changed)
    assert status == 201, case
    return dict(case)


async def test_a_caller_is_known_however_his_number_was_sent(hotline: Hotline) -> None:
    agent = await hotline.agent()
    for number, spelling in enumerate((CALLER, f"+86{CALLER}", f"0{CALLER}")):
        at = NOW - timedelta(days=number)
        await hotline.store_call(f"1.{number}", "1001", caller=spelling, arrived_at=at)
    await hotline.store_call("1.9", "1001", arrived_at=NOW - timedelta(days=8))
    _, known = await agent.json("GET", f"{CALLS}/sb1-1.0/caller")
    assert [call["call_id"] for call in known["past_calls"]] == ["sb1-1.1", "sb1-1.2", "sb1-1.9"]
    assert (known["calls_in_window"], known["window_days"], known["repeat_caller"]) == (3, 7, True)
    assert known["repeat_calls_24h"] == 1
    assert known["caller"] == "138****0001"
    await hotline.store_call("2.1", "1001", caller="13900000009")
    _, other = await agent.json("GET", f"{CALLS}/sb1-2.1/caller")
    assert (other["calls_in_window"], other["repeat_caller"], other["past_calls"]) == (1, False, [])
    assert (other["nuisance"], other["card"]["version"], other["open_cases"]) == (None, 0, 0)


async def test_cases_of_the_number_as_far_as_one_sees_them(hotline: Hotline) -> None:
    agent, other = await hotline.agent("1001"), await hotline.agent("1002")
    for number in range(3):
        await hotline.store_call(f"1.{number}", "1001", "1002")
    plain = await opened(agent, call_id="sb1-1.0")
    await opened(agent, call_id="sb1-1.1", confidential=True, title="举报")
    _, seen = await other.json("GET", f"{CALLS}/sb1-1.2/caller")
    assert ([case["title"] for case in seen["cases"]], seen["open_cases"]) == (["路灯不亮"], 1)
    _, own = await agent.json("GET", f"{CALLS}/sb1-1.2/caller")
    assert (len(own["cases"]), own["open_cases"]) == (2, 2)
    for number in range(10):  # newer ones, which hide no older one from whoever does not see them
        await hotline.store_call(f"3.{number}", "1001")
        await opened(agent, call_id=f"sb1-3.{number}", confidential=True, title="举报")
    _, seen = await other.json("GET", f"{CALLS}/sb1-1.2/caller")
    assert [case["title"] for case in seen["cases"]] == ["路灯不亮"]
    closing = {"result": "已修复", "version": plain["version"]}
    await agent.json("POST", f"{CASES}/{plain['case_no']}/close", json=closing)
    _, later = await other.json("GET", f"{CASES}/{plain['case_no']}/caller")
    assert (later["open_cases"], later["calls_in_window"], len(later["past_calls"])) == (0, 13, 10)
    admin = await hotline.administrator()
    _, without = await admin.json("GET", f"{CALLS}/sb1-1.2/caller")
    assert without["card"] is None


async def test_a_card_is_kept_changed_and_erased(hotline: Hotline) -> None:
    agent, other = await hotline.agent("1001"), await hotline.agent("1002")
    await hotline.store_call("1.1", "1001")
    await hotline.store_call("1.2", "1002", caller=f"+86{CALLER}")
    case = await opened(agent, call_id="sb1-1.1")
    status, kept = await agent.json("PUT", f"{CALLS}/sb1-1.1/citizen", json=CARD)
    assert (status, kept["version"], kept["changed_by"]) == (200, 1, "agent1001")
    _, known = await other.json("GET", f"{CALLS}/sb1-1.2/caller")
    assert known["card"] == kept
    status, late = await other.json("PUT", f"{CALLS}/sb1-1.2/citizen", json=CARD)
    assert (status, late["detail"]) == (409, "来电人资料已被他人修改，请刷新后重试")
    changed = CARD | {"version": 1, "notes": ""}
    path = f"{CASES}/{case['case_no']}/citizen"
    status, again = await other.json("PUT", path, json=changed)
    assert (status, again["version"], again["notes"]) == (200, 2, "")
    assert (await other.ask("DELETE", path)).status == 204
    assert await hotline.pool.fetchval("select count(*) from citizens") == 0
    status, gone = await other.json("DELETE", path)
    assert (status, gone["detail"]) == (404, "没有保存过这位来电人的资料")
    _, known = await agent.json("GET", f"{CALLS}/sb1-1.1/caller")
    assert known["card"]["version"] == 0
    rows = await hotline.pool.fetch("select * from audit_log order by audit_id")
    acts = [(row["actor"], row["action"], row["subject"]) for row in rows]
    assert acts == [
        ("agent1001", "citizen.changed", "sb1-1.1"),
        ("agent1002", "citizen.changed", case["case_no"]),
        ("agent1002", "citizen.erased", case["case_no"]),
    ]
    assert json.loads(rows[1]["detail"])["fields"] == ["name", "address"]
    assert not {"王先生", CALLER} & set(str(rows).split("'"))


async def test_what_a_card_does_not_take(hotline: Hotline) -> None:
    agent = await hotline.agent()
    await hotline.store_call("1.1", "1001")
    await hotline.store_call("1.2", "1001", caller="")
    path = f"{CALLS}/sb1-1.1/citizen"
    for changed, said in (
        ({"notes": "儿子 139-0000-0009"}, "不能填写电话号码"),
        ({"notes": "座机 0571-88880000"}, "不能填写电话号码"),
        ({"name": "王" * 65}, "最多 64 个字"),
        ({"notes": "\x07"}, "格式不正确"),
        ({"name": "", "address": "", "notes": ""}, "至少填写一项"),
        ({"version": None}, "必须是整数"),
    ):
        status, problem = await agent.json("PUT", path, json=CARD | changed)
        assert status == 422, changed
        assert said in problem["detail"]
    ours = CARD | {"notes": "见工单 20261123-00001，通话 sb1-1732350000.123"}
    assert (await agent.json("PUT", path, json=ours))[0] == 200
    status, problem = await agent.json("PUT", f"{CALLS}/sb1-1.2/citizen", json=CARD)
    assert (status, problem["detail"]) == (409, "来电没有显示号码，不能保存来电人资料")
    stranger = await hotline.agent("1002")
    assert (await stranger.json("PUT", path, json=CARD))[0] == 404
