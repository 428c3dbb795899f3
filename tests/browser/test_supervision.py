"""Supervision on the pages (C11, C13): board, lists, joint handling, campaigns; no switchboard."""

import re
from datetime import timedelta
from typing import Any

from playwright.async_api import expect

from gateway.auth.roles import Role
from gateway.context import Context
from gateway.engines import Engines
from gateway.readiness import Readiness
from gateway.supervision_lists import make_due_lists
from gateway.topic_counts import count_topics
from tests.browser.conftest import OpenPage
from tests.browser.desk import both_pictures, sign_in
from tests.support.web import NOW, PASSWORD, Browser, Hotline

FORM = {"kind": "complaint", "title": "夜市占道经营、油烟扰民", "body": "每晚八点以后占道"}
NAMES = {"C1": "市政府", "D1": "城东区", "D2": "城西区", "S1": "人民路街道", "S2": "中山街道"}


async def step(browser: Browser, case: dict[str, Any], name: str, **more: Any) -> dict[str, Any]:
    path = f"/api/v1/cases/{case['case_no']}/steps"
    body = {"step": name, "version": case["version"]} | more
    status, answer = await browser.json("POST", path, json=body)
    assert status == 200, answer
    return dict(answer)


async def work(hotline: Hotline, database_dsn: str) -> dict[str, Any]:
    """Departments and cases that need looking at; the day's lists are made. The joint case."""
    above = {"D1": "C1", "D2": "C1", "S1": "D1", "S2": "D1"}
    for code, name in NAMES.items():
        await hotline.department(code, above.get(code))
        await hotline.pool.execute("update departments set name = $1 where code = $2", name, code)
    agent, street = await hotline.agent(), await hotline.department_user("S1")
    made = []
    for more in (
        {"department": "S1"},
        {"department": "S1", "urgency": "critical", "title": "燃气泄漏"},
        {"department": "D2", "title": "路灯不亮"},
        {"department": "D2", "confidential": True, "title": "举报违建"},
        {"title": "井盖破损"},
    ):
        status, case = await agent.json("POST", "/api/v1/cases", json=FORM | more)
        assert status == 201, case
        made.append(case)
    joint = await step(street, made[0], "accepted")
    called = {"assisting": ["D2", "S2"], "hours": 2, "days": 3, "reason": "需多部门共同处置"}
    joint = await step(street, joint, "whistled", **called)
    overdue = "update case_clocks set deadline = $1, yellow_from = $1 where case_id = any($2)"
    numbers = [made[number]["case_no"] for number in (1, 2, 3)]
    ids = await hotline.pool.fetchval(
        "select array_agg(case_id) from cases where case_no = any($1)", numbers
    )
    await hotline.pool.execute(overdue, NOW, ids)
    engines = Engines(dsn=database_dsn, pool=hotline.pool, redis=hotline.redis)
    context = Context(
        settings=hotline.settings,
        engines=engines,
        readiness=Readiness(),
        clock=hotline.services.clock,
    )
    assert await make_due_lists(context) == 3
    await flood(hotline)
    assert await count_topics(context) == 14
    return joint


async def flood(hotline: Hotline) -> None:
    """Yesterday's cases, and quiet ones of a week before."""
    for day, title, address, number in ((1, "道路积水", "建设街3号", 9), (8, "噪声", "五一路", 6)):
        await hotline.pool.execute(
            "insert into cases (case_no, kind, title, body, address, state, opened_by, opened_at,"
            " closed_at, lead_id)"
            " select '20261101-' || (10000 + $3 * 100 + n), 'complaint', $1, $1, $2, 'closed',"
            " (select min(user_id) from users), $4, $4,"
            " (select department_id from departments where code = 'S2')"
            " from generate_series(1, $5) n",
            *(title, address, day, NOW - timedelta(days=day), number),
        )


async def test_supervisor_at_work(
    open_surface: OpenPage, hotline: Hotline, database_dsn: str
) -> None:
    joint = await work(hotline, database_dsn)
    await hotline.add_user(Role.SUPERVISOR, "chief")
    page = await open_surface()
    await sign_in(page, "chief", PASSWORD)
    await page.get_by_role("link", name="督办", exact=True).click()
    loads = page.get_by_label("按部门").locator("table.grid tbody tr")
    await expect(loads).to_have_count(5)
    await expect(loads.filter(has_text="城西区")).to_contain_text("2")
    await both_pictures(page, "case-board")
    await loads.filter(has_text="城西区").locator("a.late").click()
    await expect(page).to_have_url(re.compile("department=D2&light=red"))
    await expect(page.locator("table.grid tbody tr")).to_have_count(2)
    await page.go_back()

    await page.get_by_role("link", name="督办清单").click()
    content = page.get_by_label("清单内容")
    rows = content.locator("table").last.locator("tbody tr")
    await expect(rows).to_have_count(3)
    await expect(rows.filter(has_text="燃气泄漏")).to_contain_text("紧急未签收")
    await content.get_by_role("button", name="城西区").click()
    await expect(rows).to_have_count(2)
    await content.get_by_label("全选").check()
    await content.get_by_role("button", name="签批（2）").click()
    await page.get_by_label("批示", exact=True).fill("请区长督促，三日内办结并反馈")
    await page.get_by_role("dialog").get_by_role("button", name="签批").click()
    await expect(rows.filter(has_text="路灯不亮")).to_contain_text("督办 请区长督促")
    await both_pictures(page, "supervision-list")
    await page.get_by_role("link", name="月分析").click()
    await expect(content).to_contain_text("月分析 2026-10")

    await page.get_by_role("link", name="热点").click()
    await expect(page.get_by_label("热点词")).to_contain_text("积水")
    await expect(page.get_by_label("热点", exact=True)).to_contain_text("建设街：同类问题再次出现")
    await expect(page.get_by_label("主导航").locator(".router-link-active")).to_have_text("督办")
    await both_pictures(page, "hot-topics")

    await page.get_by_role("link", name="联合办理").click()
    await expect(page.get_by_role("region", name="联合办理")).to_contain_text("中山街道 待报到")
    await page.goto(f"/cases/{joint['case_no']}")
    await expect(page.get_by_label("联合办理")).to_contain_text("人民路街道 吹哨")
    await both_pictures(page, "case-joint")


async def test_campaign(open_surface: OpenPage, hotline: Hotline) -> None:
    await hotline.department("D1")
    agent = await hotline.agent()
    form = FORM | {"kind": "suggestion", "title": "增设夜班公交"}
    assert (await agent.json("POST", "/api/v1/cases", json=form))[0] == 201
    await hotline.add_user(Role.SUPERVISOR, "chief")
    page = await open_surface()
    await sign_in(page, "chief", PASSWORD)
    await page.get_by_role("button", name="管理").click()
    await page.get_by_role("menuitem", name="人民建议").click()
    await expect(page.get_by_text("2026 年已开展 0 次，每年应不少于 2 次")).to_be_visible()
    await page.get_by_role("button", name="新建").click()
    await page.get_by_label("主题").fill("交通出行金点子")
    await page.get_by_label("开始日期").fill("2026-11-01")
    await page.get_by_label("结束日期").fill("2026-11-02")
    await both_pictures(page, "campaign-form")
    await page.locator("td.available", has_text=re.compile("^30$")).locator("visible=true").click()
    await expect(page.get_by_label("结束日期")).to_have_value("2026-11-30")
    await page.keyboard.press("Control+Enter")
    await page.get_by_role("button", name="列入").click()
    row = page.get_by_label("建议", exact=True).locator("table.grid tbody tr")
    await expect(row).to_contain_text("待筛选")
    await row.get_by_role("button", name="筛选").click()
    await page.keyboard.press("Control+Enter")
    await expect(row).to_contain_text("待答复")
    await expect(page.get_by_label("建议", exact=True)).to_contain_text("0 / 1，目标 100%")
    await both_pictures(page, "campaigns")


async def test_department_called_in(
    open_surface: OpenPage, hotline: Hotline, database_dsn: str
) -> None:
    joint = await work(hotline, database_dsn)
    await hotline.add_user(Role.DEPARTMENT, "chen", department="S2")
    page = await open_surface()
    await sign_in(page, "chen", PASSWORD)
    await page.get_by_role("link", name="联合办理").click()
    await page.get_by_role("link", name=joint["case_no"]).click()
    await page.get_by_role("button", name="报到").click()
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_label("联合办理")).to_contain_text("已报到")
    await page.get_by_role("button", name="提交协办结果").click()
    await page.get_by_role("textbox", name="协办结果").fill("已清理占道摊位")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_label("联合办理")).to_contain_text("已清理占道摊位")
