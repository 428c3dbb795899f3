"""The life of a case over HTTP (C3, C4): who may do what, who sees what, what is refused."""

import asyncio
from typing import Any

import pytest

from gateway.auth.roles import Role
from tests.support.web import Browser, Hotline, next_event
from ticketing.lifecycle import TABLE, CaseState, Field, Party, Step

CASES = "/api/v1/cases"
FORM = {"kind": "complaint", "title": "路灯不亮", "body": "人民路18号门前路灯三天不亮"}
TO = {"department": "D1", "assisting": ["D2"]}

# How a case gets into each state: steps, each by whom.
PATHS: dict[CaseState, list[tuple[str, dict[str, Any]]]] = {CaseState.REGISTERED: []}
PATHS[CaseState.DISPATCHED] = [("agent", {"step": "dispatched", **TO})]
PATHS[CaseState.ACCEPTED] = [*PATHS[CaseState.DISPATCHED], ("lead", {"step": "accepted"})]
PATHS[CaseState.HANDLING] = [*PATHS[CaseState.ACCEPTED], ("lead", {"step": "begun"})]
PATHS[CaseState.REPLIED] = [
    *PATHS[CaseState.HANDLING],
    ("lead", {"step": "replied", "result": "已修复"}),
]
PATHS[CaseState.CLOSED] = [*PATHS[CaseState.REPLIED], ("supervisor", {"step": "review_passed"})]
PATHS[CaseState.RETURN_ASKED] = [
    *PATHS[CaseState.DISPATCHED],
    ("lead", {"step": "return_asked", "reason": "不属本单位职责"}),
]
PATHS[CaseState.WITHDRAWN] = [("agent", {"step": "withdrawn", "reason": "市民撤回"})]
ASKED = ("lead", {"step": "extension_asked", "days": 5, "reason": "等待备件"})
PARTIES = {
    "agent": Party.AGENT,
    "supervisor": Party.SUPERVISOR,
    "lead": Party.LEAD,
    "assisting": Party.ASSISTING,
    "above": Party.ABOVE,
}


class Town:
    """A small tree of departments, and somebody of each party."""

    def __init__(self, hotline: Hotline) -> None:
        self.hotline = hotline
        self.people: dict[str, Browser] = {}

    async def settle(self) -> "Town":
        hotline = self.hotline
        await hotline.department("C1")
        for code in ("D1", "D2", "D3"):
            await hotline.department(code, "C1")
        await hotline.department("S1", "D1")
        departments = {"above": "C1", "lead": "D1", "assisting": "D2", "other": "D3", "below": "S1"}
        for name, code in departments.items():
            self.people[name] = await hotline.department_user(code)
        self.people["agent"] = await hotline.agent("1001")
        self.people["supervisor"] = await hotline.supervisor()
        self.people["administrator"] = await hotline.administrator()
        return self

    async def open(self, state: CaseState = CaseState.REGISTERED, **more: Any) -> dict[str, Any]:
        """A case in ``state``."""
        status, case = await self.people["agent"].json("POST", CASES, json=FORM | more)
        assert status == 201, case
        for who, step in PATHS[state]:
            case = await self.does(who, case, **step)
        assert case["state"] == ("dispatched" if "department" in more else state)
        return dict(case)

    async def tries(self, who: str, case: dict[str, Any], **step: Any) -> tuple[int, Any]:
        """Status and answer of a step on the version that ``case`` is."""
        body = {"version": case["version"], **step}
        return await self.people[who].json("POST", f"{CASES}/{case['case_no']}/steps", json=body)

    async def does(self, who: str, case: dict[str, Any], **step: Any) -> dict[str, Any]:
        """The case after a step that must succeed."""
        status, answer = await self.tries(who, case, **step)
        assert status == 200, (who, step, answer)
        return dict(answer)

    async def sees(self, who: str, case: dict[str, Any]) -> bool:
        """Whether somebody can open the case, and finds it in his list."""
        person = self.people[who]
        status, _ = await person.json("GET", f"{CASES}/{case['case_no']}")
        _, rows = await person.json("GET", f"{CASES}?limit=200")
        listed = case["case_no"] in {row["case_no"] for row in rows}
        assert listed == (status == 200), (who, status, listed)
        return listed


@pytest.fixture
async def town(hotline: Hotline) -> Town:
    return await Town(hotline).settle()


async def test_from_the_call_to_the_review(town: Town) -> None:
    case = await town.open(CaseState.CLOSED)
    assert (case["result"], case["closed_at"] is None) == ("已修复", False)
    assert (case["lead"]["code"], [each["code"] for each in case["assisting"]]) == ("D1", ["D2"])
    assert town.hotline.closed == [case["case_no"]]
    steps = [
        (e["version"], e["actor"], e["step"], e["from_state"], e["to_state"])
        for e in case["history"]
    ]
    assert steps == [
        (1, "agent1001", "registered", None, "registered"),
        (2, "agent1001", "dispatched", "registered", "dispatched"),
        (3, "dept-d1", "accepted", "dispatched", "accepted"),
        (4, "dept-d1", "begun", "accepted", "handling"),
        (5, "dept-d1", "replied", "handling", "replied"),
        (6, "supervisor", "review_passed", "replied", "closed"),
    ]
    assert case["history"][4]["note"] == "已修复"
    assert case["history"][1]["from_department"] is None
    assert case["history"][1]["to_department"] == {"code": "D1", "name": "部门D1"}


@pytest.mark.parametrize("state", sorted(PATHS))
async def test_matrix_of_steps_and_people(town: Town, state: CaseState) -> None:
    """In every state every step by everybody: done, forbidden or refused, as the table has it."""
    target = await town.open()
    for asked in (False, True):
        if asked and state not in (CaseState.ACCEPTED, CaseState.HANDLING):
            continue
        case = await town.open(state)
        case = await town.does(ASKED[0], case, **ASKED[1]) if asked else case
        for who, party in PARTIES.items():
            if party in (Party.LEAD, Party.ASSISTING, Party.ABOVE) and case["lead"] is None:
                continue
            offered = {}
            for step in Step:
                row = TABLE.get((state, step))
                fitting = row and not row.opening and row.extension in (None, asked)
                fitting = fitting and row.separated in (None, False)
                fields = fill(row.required, target["case_no"]) if row else {}
                status, answer = await town.tries(who, case, step=step.value, **fields)
                if not row or not fitting:
                    assert status == 409, (who, step, answer)
                elif party not in row.parties:
                    assert status == 403, (who, step, answer)
                else:
                    assert status == 200, (who, step, answer)
                    assert (answer["state"], answer["version"]) == (row.to, case["version"] + 1)
                    offered[step.value] = [field.value for field in row.required]
                    case = await town.open(state)
                    case = await town.does(ASKED[0], case, **ASKED[1]) if asked else case
            _, shown = await town.people[who].json("GET", f"{CASES}/{case['case_no']}")
            assert {each["step"]: each["required"] for each in shown["allowed"]} == offered
        assert (await town.tries("administrator", case, step="noted", note="x"))[0] == 403


def fill(fields: tuple[Field, ...], target: str) -> dict[str, Any]:
    """A value for each of these fields."""
    values = {
        Field.DEPARTMENT: "D3",
        Field.DAYS: 3,
        Field.TARGET: target,
        Field.MATTER: "litigation",
    }
    return {field.value: values.get(field, "说明") for field in fields}


async def test_of_two_who_act_at_once_one_wins(town: Town) -> None:
    case = await town.open(CaseState.DISPATCHED)
    answers = await asyncio.gather(
        town.tries("lead", case, step="accepted"),
        town.tries("lead", case, step="return_asked", reason="不属本单位职责"),
        town.tries("supervisor", case, step="redispatched", department="D3", reason="派错"),
    )
    assert sorted(status for status, _ in answers) in ([200, 404, 409], [200, 409, 409])
    _, now = await town.people["supervisor"].json("GET", f"{CASES}/{case['case_no']}")
    assert now["version"] == case["version"] + 1
    status, problem = await town.tries("supervisor", case, step="noted", note="过时")
    assert (status, problem["detail"]) == (409, "工单已被他人修改，请刷新后重试")


async def test_refusal_says_what_is_allowed(town: Town) -> None:
    case = await town.open(CaseState.DISPATCHED)
    status, problem = await town.tries("lead", case, step="replied", result="好")
    assert status == 409
    assert problem["detail"] == "工单待签收，不能提交答复。您现在可以：签收、申请退单、备注"
    status, problem = await town.tries("assisting", case, step="accepted")
    assert (status, problem["detail"]) == (403, "您不能签收这份工单。您现在可以：备注")


@pytest.mark.parametrize(
    ("step", "field", "sentence"),
    [
        ({"step": "dispatched"}, "department", "派发必须填写主办部门"),
        ({"step": "dispatched", "department": "X9"}, "department", "没有代码为X9的部门"),
        ({"step": "dispatched", "department": "D4"}, "department", "部门“部门D4”已停用"),
        (
            {"step": "dispatched", "department": "D1", "assisting": ["D1"]},
            "assisting",
            "协办部门不能包括主办部门",
        ),
        (
            {"step": "dispatched", "department": "D1", "category": "X"},
            "category",
            "没有代码为X的分类",
        ),
        (
            {"step": "dispatched", "department": "D1", "category": "K1"},
            "category",
            "“市政”是大类，请选择其下的小类",
        ),
        (
            {"step": "dispatched", "department": "D1", "category": "K12"},
            "category",
            "分类“路面”已关闭，请选择其他分类",
        ),
        ({"step": "dispatched", "department": "D1", "days": 3}, "days", "派发不填写延期天数"),
        ({"step": "withdrawn", "reason": "长" * 1001}, "reason", "最多 1000 个字"),
        ({"step": "withdrawn", "reason": " "}, "reason", "至少 1 个字"),
        ({"step": "merged_into", "target": "20261123-99999"}, "target", "没有编号为"),
        ({"step": "jumped"}, "step", "只能是"),
    ],
)
async def test_fields_that_are_wrong(
    town: Town, step: dict[str, Any], field: str, sentence: str
) -> None:
    admin = town.people["administrator"]
    await town.hotline.department("D4", "C1")
    gone = {"name": "部门D4", "parent": "C1", "active": False}
    assert (await admin.json("PUT", "/api/v1/departments/D4", json=gone))[0] == 200
    for form in (
        {"code": "K1", "name": "市政"},
        {"code": "K12", "name": "路面", "parent": "K1"},
    ):
        assert (await admin.json("POST", "/api/v1/categories", json=form))[0] == 201
    closed = {"name": "路面", "parent": "K1", "closed": True}
    assert (await admin.json("PUT", "/api/v1/categories/K12", json=closed))[0] == 200
    case = await town.open()
    status, problem = await town.tries("agent", case, **step)
    assert (status, problem["errors"][0]["field"]) == (422, field), problem
    assert sentence in problem["errors"][0]["message"]
    _, now = await town.people["agent"].json("GET", f"{CASES}/{case['case_no']}")
    assert now == case


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
