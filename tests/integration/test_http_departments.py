"""Departments and categories over HTTP (C1, C3): the tree, its rules, who may change it."""

import json
from typing import Any

import pytest

from tests.support.web import NOW, Browser, Hotline

DEPARTMENTS = "/api/v1/departments"
CATEGORIES = "/api/v1/categories"


def department(code: str, level: str, parent: str | None = None) -> dict[str, Any]:
    return {"code": code, "name": f"部门{code}", "level": level, "parent": parent}


async def add(admin: Browser, path: str, *forms: dict[str, Any]) -> None:
    for form in forms:
        status, answer = await admin.json("POST", path, json=form)
        assert status == 201, answer


async def refused(admin: Browser, method: str, path: str, form: dict[str, Any]) -> tuple[str, str]:
    """The field and its sentence."""
    status, problem = await admin.json(method, path, json=form)
    assert status == 422, problem
    (error,) = problem["errors"]
    return error["field"], error["message"]


@pytest.fixture
async def admin(hotline: Hotline) -> Browser:
    """An administrator, in a town of four levels."""
    admin = await hotline.administrator()
    await add(
        admin,
        DEPARTMENTS,
        department("C1", "city"),
        department("D1", "district", "C1"),
        department("D2", "district", "C1"),
        department("S1", "street", "D1"),
        department("V1", "community", "S1"),
    )
    await add(
        admin,
        CATEGORIES,
        {"code": "K1", "name": "市政"},
        {"code": "K2", "name": "环保"},
        {"code": "K11", "name": "路灯", "parent": "K1", "department": "D1"},
    )
    return admin


async def test_tree(hotline: Hotline, admin: Browser) -> None:
    agent = await hotline.agent()
    status, tree = await agent.json("GET", DEPARTMENTS)
    assert status == 200
    assert [(each["code"], each["level"], each["parent"]) for each in tree] == [
        ("C1", "city", None),
        ("D1", "district", "C1"),
        ("D2", "district", "C1"),
        ("S1", "street", "D1"),
        ("V1", "community", "S1"),
    ]
    terms = {"name": "幸福街道", "parent": "D2", "active": True}
    status, moved = await admin.json("PUT", f"{DEPARTMENTS}/S1", json=terms)
    assert (status, moved) == (200, {"code": "S1", "level": "street", **terms})


@pytest.mark.parametrize(
    ("form", "field", "sentence"),
    [
        (department("D1", "district", "C1"), "code", "代码D1已被使用"),
        (department("C2", "city", "C1"), "parent", "市级部门没有上级部门"),
        (department("D3", "district"), "parent", "区县级部门必须有市级的上级部门"),
        (department("D3", "district", "C9"), "parent", "没有代码为C9的部门"),
        (
            department("S2", "street", "C1"),
            "parent",
            "街道镇级部门的上级必须是区县级部门，“部门C1”是市级",
        ),
        (
            department("V2", "community", "V1"),
            "parent",
            "社区村级部门的上级必须是街道镇级部门，“部门V1”是社区村级",
        ),
    ],
)
async def test_departments_that_cannot_be(
    admin: Browser, form: dict[str, Any], field: str, sentence: str
) -> None:
    assert await refused(admin, "POST", DEPARTMENTS, form) == (field, sentence)


async def test_moving_and_closing_departments(admin: Browser) -> None:
    for below in ("S1", "V1", "D1"):
        terms = {"name": "部门D1", "parent": below}
        assert await refused(admin, "PUT", f"{DEPARTMENTS}/D1", terms) == (
            "parent",
            "上级部门不能是本部门或它的下级部门",
        )
    field, sentence = await refused(
        admin, "PUT", f"{DEPARTMENTS}/S1", {"name": "部门S1", "parent": "C1"}
    )
    assert (field, "必须是区县级" in sentence) == ("parent", True)
    closing = {"name": "部门D1", "parent": "C1", "active": False}
    status, problem = await admin.json("PUT", f"{DEPARTMENTS}/D1", json=closing)
    assert (status, problem["detail"]) == (409, "部门“部门D1”还有启用的下级部门，不能停用")
    closing = {"name": "部门D2", "parent": "C1", "active": False}
    assert (await admin.json("PUT", f"{DEPARTMENTS}/D2", json=closing))[0] == 200
    moving = {"name": "部门S1", "parent": "D2"}
    assert await refused(admin, "PUT", f"{DEPARTMENTS}/S1", moving) == (
        "parent",
        "部门“部门D2”已停用",
    )
    assert (await admin.json("PUT", f"{DEPARTMENTS}/X1", json=closing))[0] == 404


async def test_only_what_nothing_refers_to_can_be_removed(hotline: Hotline, admin: Browser) -> None:
    for code in ("C1", "S1"):
        status, problem = await admin.json("DELETE", f"{DEPARTMENTS}/{code}")
        assert (status, "只能停用" in problem["detail"]) == (409, True)
    agent, supervisor = await hotline.agent(), await hotline.supervisor()
    form = {"kind": "help", "title": "停水", "body": "三天", "category": "K11", "department": "D2"}
    _, case = await agent.json("POST", "/api/v1/cases", json=form)
    step = {"step": "redispatched", "department": "V1", "reason": "派错", "version": 2}
    path = f"/api/v1/cases/{case['case_no']}/steps"
    assert (await supervisor.json("POST", path, json=step))[0] == 200
    for path in (f"{DEPARTMENTS}/D2", f"{DEPARTMENTS}/V1", f"{CATEGORIES}/K11", f"{CATEGORIES}/K1"):
        assert (await admin.json("DELETE", path))[0] == 409  # D2: named by the history
    await add(admin, DEPARTMENTS, department("V2", "community", "S1"))
    for path in (f"{DEPARTMENTS}/V2", f"{CATEGORIES}/K2"):
        assert (await admin.ask("DELETE", path)).status == 204
        assert (await admin.ask("DELETE", path)).status == 404


async def test_a_category_of_past_warnings_stays(hotline: Hotline, admin: Browser) -> None:
    """Its cases may all be of another one by now."""
    await hotline.pool.execute(
        "insert into surges (level, window_minutes, category_id, started_at, seen_at, ended_at,"
        " cases, total, peak_cases, peak_total, peak_at)"
        " select 'class', 60, category_id, $1, $1, $1, 11, 90, 11, 90, $1 from categories"
        " where code = 'K2'",
        NOW,
    )
    status, problem = await admin.json("DELETE", f"{CATEGORIES}/K2")
    assert (status, problem["detail"]) == (409, "分类“环保”已被使用，不能删除，只能关闭")


async def test_categories(admin: Browser) -> None:
    assert await refused(
        admin, "POST", CATEGORIES, {"code": "K111", "name": "灯杆", "parent": "K11"}
    ) == ("parent", "“路灯”是小类，小类之下不再分类")
    for form, wrong in (
        ({"code": "K1", "name": "又一个"}, ("code", "代码K1已被使用")),
        ({"code": "K9", "name": "噪声", "parent": "K8"}, ("parent", "没有代码为K8的分类")),
        (
            {"code": "K9", "name": "噪声", "parent": "K1", "department": "X"},
            ("department", "没有代码为X的部门"),
        ),
    ):
        assert await refused(admin, "POST", CATEGORIES, form) == wrong
    for code, terms, wrong in (
        ("K1", {"name": "市政", "parent": "K2"}, "大类不能移到其他分类之下"),
        ("K11", {"name": "路灯"}, "小类必须属于一个大类"),
        ("K11", {"name": "路灯", "parent": "K11"}, "分类不能属于它自己"),
    ):
        assert await refused(admin, "PUT", f"{CATEGORIES}/{code}", terms) == ("parent", wrong)
    terms = {"name": "路灯照明", "parent": "K2", "department": "D2", "closed": True}
    status, changed = await admin.json("PUT", f"{CATEGORIES}/K11", json=terms)
    assert (status, changed) == (200, {"code": "K11", **terms})


async def test_changes_are_in_the_audit_log(hotline: Hotline, admin: Browser) -> None:
    terms = {"name": "部门D2", "parent": "C1", "active": True}
    await admin.json("PUT", f"{DEPARTMENTS}/D2", json=terms)  # as it is already
    await admin.json("PUT", f"{DEPARTMENTS}/D2", json=terms | {"name": "东区政府"})
    await admin.ask("DELETE", f"{CATEGORIES}/K2")
    rows = await hotline.pool.fetch(
        "select actor, action, subject, detail from audit_log"
        " where action not like '%.created' order by audit_id"
    )
    assert [(row["actor"], row["action"], row["subject"]) for row in rows] == [
        ("admin", "department.changed", "D2"),
        ("admin", "category.removed", "K2"),
    ]
    detail = json.loads(rows[0]["detail"])
    assert (detail["before"]["name"], detail["after"]["name"]) == ("部门D2", "东区政府")
    created = await hotline.pool.fetchval(
        "select count(*) from audit_log where action like '%.created'"
    )
    assert created == 8
