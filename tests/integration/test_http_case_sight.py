"""Who sees which cases over HTTP (C3, C4), and what they find among them."""

import pytest

from gateway.auth.roles import Role
from tests.support.case_town import CASES, FORM, Town
from tests.support.web import next_event
from ticketing.lifecycle import CaseState


async def test_departments_see_their_own_and_what_is_below(town: Town) -> None:
    case = await town.open(CaseState.DISPATCHED)
    shown = {who: await town.sees(who, case) for who in town.people}
    assert shown == {
        "above": True,
        "lead": True,
        "assisting": True,
        "other": False,
        "below": False,
        "agent": True,
        "supervisor": True,
        "administrator": True,
    }
    lower = await town.open(department="S1")
    seen = [
        who
        for who in ("above", "lead", "assisting", "other", "below")
        if await town.sees(who, lower)
    ]
    assert seen == ["above", "lead", "below"]
    status, _ = await town.tries("other", case, step="noted", note="看看")
    assert status == 404
    assert (await town.tries("above", case, step="accepted"))[0] == 403
    moved = await town.does("supervisor", case, step="redispatched", department="D3", reason="派错")
    assert moved["assisting"] == []
    assert [await town.sees(who, case) for who in ("lead", "assisting", "other")] == [
        *(False, False, True),
    ]
    registered = await town.open()
    assert not await town.sees("above", registered)


async def test_confidential_case_is_for_the_departments_it_was_dispatched_to(town: Town) -> None:
    case = await town.open(CaseState.DISPATCHED, confidential=True)
    shown = {who for who in town.people if await town.sees(who, case)}
    assert shown == {"lead", "assisting", "agent", "supervisor"}
    assert (await town.tries("above", case, step="noted", note="看看"))[0] == 404
    _, seen = await town.people["lead"].json("GET", f"{CASES}/{case['case_no']}")
    assert seen["confidential"]


async def test_a_moved_department_takes_its_cases_along(town: Town) -> None:
    case = await town.open(department="S1")
    assert not await town.sees("other", case)
    terms = {"name": "部门S1", "parent": "D3"}
    admin = town.people["administrator"]
    assert (await admin.json("PUT", "/api/v1/departments/S1", json=terms))[0] == 200
    assert [await town.sees(who, case) for who in ("other", "lead", "below")] == [True, False, True]


@pytest.mark.parametrize("many", [20, 0])  # departments from which on the newest are looked at
async def test_filters(town: Town, many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ticketing.case_walks.MANY", many)
    admin = town.people["administrator"]
    for form in (
        {"code": "K1", "name": "市政"},
        {"code": "K11", "name": "路灯", "parent": "K1", "department": "D1"},
        {"code": "K12", "name": "路面", "parent": "K1"},
        {"code": "K2", "name": "环保"},
        {"code": "K21", "name": "噪声", "parent": "K2"},
    ):
        assert (await admin.json("POST", "/api/v1/categories", json=form))[0] == 201
    made = {
        "lamp": await town.open(CaseState.DISPATCHED, category="K11"),
        "road": await town.open(category="K12"),
        "noise": await town.open(category="K21", department="D3"),
        "lower": await town.open(category="K11", department="S1"),
        "closed": await town.open(CaseState.CLOSED),
    }
    names = {case["case_no"]: name for name, case in made.items()}

    async def found(who: str, query: str) -> set[str]:
        status, rows = await town.people[who].json("GET", f"{CASES}?{query}")
        assert status == 200, rows
        numbers = [row["case_no"] for row in rows]
        _, first = await town.people[who].json("GET", f"{CASES}?{query}&limit=1")
        assert [row["case_no"] for row in first] == numbers[:1]
        assert len(numbers) == len(set(numbers))
        return {names[number] for number in numbers}

    assert await found("agent", "category=K1") == {"lamp", "road", "lower"}
    assert await found("agent", "category=K11&state=dispatched") == {"lamp", "lower"}
    assert await found("agent", "category=K11&department=S1") == {"lower"}
    assert await found("agent", "department=D1") == {"lamp", "lower", "closed"}
    assert await found("agent", "department=C1&state=dispatched") == {"lamp", "noise", "lower"}
    assert await found("agent", "scope=inbox") == {"road"}
    assert await found("supervisor", "scope=mine") == set()
    assert await found("agent", "scope=mine&category=K2") == {"noise"}
    assert await found("lead", "") == {"lamp", "lower", "closed"}
    assert await found("lead", "category=K1") == {"lamp", "lower"}
    assert await found("lead", "department=D3") == set()
    assert await found("lead", "scope=mine") == {"lamp", "closed"}
    assert await found("lead", "scope=inbox") == {"lamp"}
    assert await found("assisting", "scope=inbox") == set()
    assert await found("assisting", "state=dispatched") == {"lamp"}
    assert await town.people["lead"].json("GET", "/api/v1/inbox") == (
        200,
        {
            "counts": {
                "dispatched": 1,
                "accepted": 0,
                "handling": 0,
                "replied": 0,
                "return_asked": 0,
            }
        },
    )
    for query, field in (("category=X", "category"), ("department=X", "department")):
        status, problem = await town.people["agent"].json("GET", f"{CASES}?{query}")
        assert (status, problem["errors"][0]["field"]) == (422, field)


async def test_departments_are_told(town: Town) -> None:
    told = {who: await town.people[who].socket() for who in ("lead", "above", "other")}
    for page in told.values():
        await next_event(page)
    case = await town.open(CaseState.DISPATCHED)
    for who in ("lead", "above"):
        event = await next_event(told[who])
        assert (event["name"], event["data"]["notice"]) == ("case.dispatched", True)
        assert event["data"]["case_no"] == case["case_no"]
    hidden = await town.open(department="D1", confidential=True)
    names = [(await next_event(told["lead"]))["name"] for _ in range(2)]
    assert names == ["case.opened", "case.dispatched"]
    await town.does("supervisor", hidden, step="redispatched", department="D3", reason="派错")
    event = await next_event(told["other"])
    assert (event["name"], event["data"]["case_no"]) == ("case.redispatched", hidden["case_no"])
    assert (await next_event(told["lead"]))["name"] == "case.redispatched"
    with pytest.raises(TimeoutError):
        await told["above"].receive(timeout=0.1)
    for page in told.values():
        await page.close()


async def test_department_people_have_nothing_else(town: Town) -> None:
    lead = town.people["lead"]
    for path in ("calls", "ringbacks", "lines", "board", "seats", "figures", "calls/sb1-1.1"):
        assert (await lead.json("GET", f"/api/v1/{path}"))[0] == 403
    assert (await lead.json("POST", CASES, json=FORM))[0] == 403
    assert lead.person
    assert lead.person.role is Role.DEPARTMENT
    _, session = await lead.json("GET", "/api/v1/session")
    assert (session["role"], session["department"]) == ("department", "D1")
