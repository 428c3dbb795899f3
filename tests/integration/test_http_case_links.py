"""Cases over HTTP that open with a place, are merged, extended or opened again (C4)."""

import asyncio

from tests.support.case_town import ASKED, CASES, FORM, TO, Town
from ticketing.lifecycle import CaseState


async def test_opening_with_category_and_department(town: Town) -> None:
    admin, agent = town.people["administrator"], town.people["agent"]
    await admin.json("POST", "/api/v1/categories", json={"code": "K1", "name": "市政"})
    form = {"code": "K11", "name": "路灯", "parent": "K1"}
    await admin.json("POST", "/api/v1/categories", json=form)
    case = await town.open(category="K11", **TO)
    assert (case["state"], case["version"]) == ("dispatched", 2)
    assert case["category"] == {"code": "K11", "name": "路灯"}
    assert [entry["step"] for entry in case["history"]] == ["registered", "dispatched"]
    for wrong, field in (
        ({"category": "K1"}, "category"),
        ({"department": "X"}, "department"),
        ({"department": "D1", "result": "好"}, "department"),
        ({"assisting": ["D1"]}, "assisting"),
    ):
        status, problem = await agent.json("POST", CASES, json=FORM | wrong)
        assert (status, problem["errors"][0]["field"]) == (422, field)
    assert await town.hotline.pool.fetchval("select count(*) from cases") == 1


async def test_merging(town: Town) -> None:
    first, second = await town.open(), await town.open(CaseState.HANDLING)
    merged = await town.does("agent", first, step="merged_into", target=second["case_no"])
    assert (merged["state"], merged["merged_into"]) == ("merged", second["case_no"])
    assert merged["allowed"] == []
    _, target = await town.people["agent"].json("GET", f"{CASES}/{second['case_no']}")
    assert (target["state"], target["version"]) == ("handling", second["version"] + 1)
    noted = target["history"][-1]
    assert (noted["step"], noted["other_case"]) == ("noted", first["case_no"])
    for wrong, sentence in (
        (first["case_no"], "目标工单已并单，不能再并入工单"),
        (second["case_no"], "工单不能并入它自己"),
    ):
        status, problem = await town.tries("supervisor", target, step="merged_into", target=wrong)
        assert (status, problem["errors"][0]["message"]) == (422, sentence)


async def test_two_cases_merged_into_each_other_at_once(town: Town) -> None:
    first, second = await town.open(), await town.open()
    answers = await asyncio.gather(
        town.tries("agent", first, step="merged_into", target=second["case_no"]),
        town.tries("supervisor", second, step="merged_into", target=first["case_no"]),
    )
    assert sorted(status for status, _ in answers) == [200, 409]


async def test_merging_into_what_one_does_not_see(town: Town) -> None:
    hidden, case = await town.open(confidential=True), await town.open()
    other = await town.hotline.agent("1002")
    body = {"step": "merged_into", "target": hidden["case_no"], "version": case["version"]}
    status, problem = await other.json("POST", f"{CASES}/{case['case_no']}/steps", json=body)
    assert (status, problem["errors"][0]["field"]) == (422, "target")


async def test_number_of_a_hidden_case_is_not_told_by_another(town: Town) -> None:
    hidden, public = await town.open(confidential=True), await town.open()
    joined = await town.does("agent", public, step="merged_into", target=hidden["case_no"])
    assert joined["merged_into"] == hidden["case_no"]
    secret, target = await town.open(confidential=True), await town.open()
    await town.does("agent", secret, step="merged_into", target=target["case_no"])
    for who, tells in (("agent", True), ("supervisor", True), ("administrator", False)):
        _, shown = await town.people[who].json("GET", f"{CASES}/{public['case_no']}")
        assert (shown["merged_into"] == hidden["case_no"]) is tells
        assert (hidden["case_no"] in str(shown)) is tells
        _, shown = await town.people[who].json("GET", f"{CASES}/{target['case_no']}")
        assert (shown["history"][-1]["other_case"] == secret["case_no"]) is tells
        assert (secret["case_no"] in str(shown)) is tells


async def test_extension(town: Town) -> None:
    case = await town.open(CaseState.HANDLING)
    case = await town.does(ASKED[0], case, **ASKED[1])
    assert (case["state"], case["extension_days"]) == ("handling", 5)
    case = await town.does("supervisor", case, step="extension_granted", days=3)
    assert (case["state"], case["extension_days"]) == ("handling", None)
    assert [entry["days"] for entry in case["history"][-2:]] == [5, 3]
    case = await town.does(ASKED[0], case, **ASKED[1])
    case = await town.does("lead", case, step="replied", result="已修复")
    assert case["extension_days"] is None


async def test_reopened_case_is_closed_and_surveyed_again(town: Town) -> None:
    case = await town.open(CaseState.CLOSED)
    case = await town.does("supervisor", case, step="reopened", department="D3", reason="又坏了")
    assert await town.hotline.pool.fetchval("select count(first_closed_at) from cases") == 1
    assert (case["state"], case["closed_at"]) == ("dispatched", None)
    for who, step in (
        ("other", {"step": "accepted"}),
        ("other", {"step": "replied", "result": "换了灯杆"}),
        ("supervisor", {"step": "review_passed", "result": "已更换灯杆"}),
    ):
        case = await town.does(who, case, **step)
    assert case["result"] == "已更换灯杆"
    assert town.hotline.closed == [case["case_no"]] * 2
    counted = await town.hotline.pool.fetchval(
        "select sum(amount) from event_totals where name = 'case.closed'"
    )
    assert counted == 1  # opened again or not: what was counted stays counted
    notes = [entry["note"] for entry in case["history"]]
    assert {"已修复", "换了灯杆", "已更换灯杆"} <= set(notes)


async def test_following_up(town: Town) -> None:
    """Also a case that has ended; both tell of each other, and the earlier one stays as it was."""
    first = await town.open(CaseState.CLOSED)
    path, agent = f"{CASES}/{first['case_no']}", town.people["agent"]
    _, before = await agent.json("GET", path)
    second = await town.open(follows=first["case_no"])
    third = await town.open(department="D1", follows=first["case_no"])
    assert (second["follows"], second["followed_by"]) == (first["case_no"], [])
    _, now = await agent.json("GET", path)
    assert now == before | {"followed_by": [third["case_no"], second["case_no"]]}


async def test_following_up_what_one_does_not_see(town: Town) -> None:
    hidden = await town.open(confidential=True)
    other = await town.hotline.agent("1002")
    for number in (hidden["case_no"], "20261123-99999"):
        status, problem = await other.json("POST", CASES, json=FORM | {"follows": number})
        assert (status, problem["errors"][0]["field"]) == (422, "follows")
    assert await town.hotline.pool.fetchval("select count(*) from cases") == 1


async def test_a_confidential_follow_up_is_not_told(town: Town) -> None:
    first = await town.open(CaseState.DISPATCHED)
    secret = await town.open(confidential=True, department="D1", follows=first["case_no"])
    for who, told in (("lead", [secret["case_no"]]), ("assisting", []), ("administrator", [])):
        _, seen = await town.people[who].json("GET", f"{CASES}/{first['case_no']}")
        assert seen["followed_by"] == told, who
    hidden = await town.open(confidential=True)
    later = await town.open(department="D1", follows=hidden["case_no"])
    assert later["follows"] == hidden["case_no"]
    _, seen = await town.people["lead"].json("GET", f"{CASES}/{later['case_no']}")
    assert seen["follows"] is None
