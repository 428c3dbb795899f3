"""The steps of a case over HTTP (C4): who may do what, and what is refused."""

import asyncio
from typing import Any

import pytest

from tests.support.case_town import ASKED, CASES, PARTIES, PATHS, Town
from ticketing.lifecycle import TABLE, CaseState, Field, Party, Step


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
                fitting = fitting and not row.joint and not row.street and row.call is None
                fitting = fitting and row.separated in (None, False)
                fields = fill(row.required, target["case_no"]) if row else {}
                if step is Step.PASSED_DOWN:
                    fields |= {"department": "S1"}
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
    values: dict[Field, Any] = {Field.DEPARTMENT: "D3", Field.DAYS: 3, Field.TARGET: target}
    values |= {Field.MATTER: "litigation", Field.HOURS: 2, Field.ASSISTING: ["D3"]}
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
        ({"step": "dispatched", "department": "D1", "days": 3}, "days", "派发不填写工作日数"),
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
