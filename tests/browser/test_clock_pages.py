"""Lights on the cases, and the administration of rules and calendar (C5), without a switchboard."""

import re
from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, expect

from gateway.auth.roles import Role
from gateway.http.application import create_app
from gateway.live import iso
from tests.browser.desk import expect_not_in_group, open_from_group, picture, sign_in
from tests.support.web import NOW, PASSWORD, Hotline
from tests.support.web_switchboard import call_data, part
from ticketing.clocks.case_clocks import pause
from ticketing.clocks.rules import ClockKind

FORM = {"kind": "complaint", "body": "人民路18号门前路灯三天不亮，夜间行走不便。"}
URGENCIES = ("ordinary", "complex", "urgent", "critical", "ordinary", "ordinary", "ordinary")


@pytest.fixture
async def page(browser: Browser, hotline: Hotline, pages: None) -> AsyncIterator[Page]:
    """A page of the real application over the built pages, at 16:00 on a Monday."""
    async with TestServer(create_app(hotline.services, hotline.settings)) as server:
        context = await browser.new_context(
            base_url=str(server.make_url("/")),
            viewport={"width": 1366, "height": 768},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
        )
        opened = await context.new_page()
        complaints: list[str] = []
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        yield opened
        await context.close()
        assert not complaints


async def large(page: Page, name: str) -> None:
    """Pictures in both sizes."""
    await picture(page, name)
    await page.set_viewport_size({"width": 1920, "height": 1080})
    await picture(page, f"{name}-large")
    await page.set_viewport_size({"width": 1366, "height": 768})


async def open_cases(hotline: Hotline) -> list[str]:
    """Cases that stand differently."""
    agent = await hotline.agent()
    numbers = []
    for number, urgency in enumerate(URGENCIES):
        form = FORM | {"title": f"路灯不亮{number}", "urgency": urgency}
        _, case = await agent.json("POST", "/api/v1/cases", json=form)
        numbers.append(case["case_no"])
    state = (
        "update case_clocks set deadline = {}, yellow_from = {} where case_id ="
        " (select case_id from cases where case_no = $1)"
    )
    late, soon = "timestamptz '2026-11-19 17:30+8'", "timestamptz '2026-11-23 17:30+8'"
    await hotline.pool.execute(state.format(late, late), numbers[0])
    await hotline.pool.execute(state.format(soon, late), numbers[4])
    await hotline.pool.execute(state.format("null", "null"), numbers[5])
    async with hotline.pool.acquire() as connection, connection.transaction():
        case_id = await connection.fetchval(
            "select case_id from cases where case_no = $1", numbers[6]
        )
        await pause(connection, case_id, ClockKind.CLOSING, actor="li", at=NOW)
    return numbers


async def test_lights(page: Page, hotline: Hotline) -> None:
    numbers = await open_cases(hotline)
    await hotline.add_user(Role.SUPERVISOR, "chief")
    await sign_in(page, "chief", PASSWORD)
    await page.get_by_role("link", name="工单", exact=True).click()
    shown = {number: page.locator("tbody tr", has_text=number) for number in numbers}
    for number, text in zip(
        numbers,
        (
            "超 1.8 工作日",
            "剩 15.2 工作日",
            "剩 1.0 天",
            "剩 2.0 小时",
            "剩 1.5 工作小时",
            "期限待定",
            "暂停计时",
        ),
        strict=True,
    ):
        await expect(shown[number]).to_contain_text(text)
    await large(page, "cases-lights")
    await page.get_by_label("按时限筛选").get_by_role("link", name="超期").click()
    await expect(page.locator("table.grid tbody tr")).to_have_count(1)
    await expect(shown[numbers[0]]).to_be_visible()
    await picture(page, "cases-red")
    states = page.get_by_label("按状态筛选")
    await states.get_by_role("link", name="待签收").click()
    await expect(page.get_by_text("没有符合条件的工单")).to_be_visible()
    await states.get_by_role("link", name="已登记").click()
    await expect(page).to_have_url(re.compile("light=red.*state=registered"))
    await shown[numbers[0]].click()
    clocks = page.get_by_label("办理时限")
    await expect(clocks).to_contain_text("办结 2026-11-19 17:30")
    await expect(clocks).to_contain_text("规则第 1 版")
    await large(page, "case-clocks")


async def test_inbox_of_a_department(page: Page, hotline: Hotline) -> None:
    await hotline.department("D1")
    await hotline.add_user(Role.DEPARTMENT, "chen", department="D1")
    agent = await hotline.agent()
    form = FORM | {"title": "燃气泄漏", "urgency": "critical", "department": "D1"}
    _, case = await agent.json("POST", "/api/v1/cases", json=form)
    await agent.json("POST", "/api/v1/cases", json=form | {"department": None})
    await sign_in(page, "chen", PASSWORD)
    rows = page.get_by_label("待办", exact=True).locator("table.grid tbody tr")
    await expect(rows).to_contain_text("剩 1.0 小时")
    lights = page.get_by_label("按时限筛选")
    await lights.get_by_role("link", name="超期").click()
    await expect(rows).to_have_count(0)
    await lights.get_by_role("link", name="正常").click()
    await expect(rows).to_contain_text(case["case_no"])
    about = {"case_no": case["case_no"], "call_id": None, "opened_by": case["opened_by"]}
    about |= {"departments": ["D1"], "notice": True, "clock": "signing"}
    await hotline.switchboard.tell("case.overdue", about)
    told = page.get_by_text(f"工单 {case['case_no']}：签收时限已过，系统已督办")
    await expect(told).to_be_visible()
    await large(page, "inbox-lights")


async def test_administration(page: Page, hotline: Hotline) -> None:
    await hotline.add_user(Role.ADMINISTRATOR, "admin")
    await hotline.pool.execute(
        "with parent as (insert into categories (code, name, level) values ('03', '市政', 1)"
        " returning category_id, level) insert into categories (code, name, level, parent_id)"
        " select '0301', '路灯照明', 2, category_id from parent"
    )
    await sign_in(page, "admin", PASSWORD)
    await open_from_group(page, "时限管理")
    rules, calendar = page.get_by_label("时限规则"), page.get_by_label("工作日历")
    row = rules.locator("tr", has_text="一般")
    await expect(row).to_contain_text("7 个工作日")
    await row.get_by_role("button", name="修改").click()
    await rules.get_by_label("办结时限", exact=True).fill("5")
    await picture(page, "clocks-rule")
    await rules.get_by_role("button", name="保存").click()
    await expect(row).to_contain_text("5 个工作日")
    await rules.get_by_role("button", name="按分类新增").click()
    await rules.locator(".el-select").click()
    await rules.locator("#rule-category").fill("路灯")
    await picture(page, "clocks-category")
    await page.get_by_role("treeitem", name="路灯照明").last.click()
    await rules.get_by_role("button", name="保存").click()
    await expect(rules.locator("tr", has_text="路灯照明")).to_contain_text("5 个工作日")
    await rules.get_by_role("button", name="撤销").click()
    await page.get_by_role("dialog").get_by_role("button", name="撤销").click()
    await expect(rules.locator("tr", has_text="路灯照明")).to_have_count(0)
    await expect(calendar).to_contain_text("国庆节")
    await calendar.get_by_label("日期").fill("2026-11-24")
    await calendar.get_by_label("原因").fill("台风停工")
    await calendar.get_by_role("button", name="设置").click()
    typhoon = calendar.locator("tr", has_text="台风停工")
    await expect(typhoon).to_contain_text("admin")
    await large(page, "clocks")
    await typhoon.get_by_role("button", name="删除").click()
    await expect(typhoon).to_have_count(0)
    while await calendar.get_by_text("2027 年", exact=True).count() == 0:
        await calendar.get_by_role("button", name="下一年").click()
    await expect(calendar).to_contain_text("缺少安排")
    await picture(page, "clocks-year-missing")
    await calendar.get_by_role("button", name="启用本地录入").click()
    await page.get_by_role("dialog").get_by_role("button", name="已全部录入").click()
    await expect(calendar).to_contain_text("261 个工作日")
    await picture(page, "clocks-year-declared")


async def test_urgency_is_chosen_in_the_form(page: Page, hotline: Hotline) -> None:
    await hotline.add_user(Role.AGENT, "agent1001", agent="1001")
    await hotline.switchboard.tell_seat("1001", "talking", call_id="sb1-5.1")
    await sign_in(page, "agent1001", PASSWORD)
    talking = {"agent": "1001", "agents": [part("1001")], "answered_at": iso(NOW)}
    for name in ("call.ringing", "call.answered"):
        await hotline.switchboard.tell(name, call_data("sb1-5.1", **talking))
    form = page.get_by_role("form", name="工单登记")
    await form.get_by_role("radio", name="投诉").locator("..").click()
    await form.get_by_role("radio", name="特急").locator("..").click()
    await form.get_by_label("标题", exact=True).fill("燃气泄漏")
    await form.get_by_label("内容", exact=True).fill("楼道有燃气味")
    await large(page, "form-urgency")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("本次通话已登记工单")).to_be_visible()
    urgency = "select urgency from case_clocks join clock_rules using (rule_id)"
    assert await hotline.pool.fetchval(urgency) == "critical"


async def test_others_have_no_business_there(page: Page, hotline: Hotline) -> None:
    await hotline.add_user(Role.SUPERVISOR, "chief")
    await sign_in(page, "chief", PASSWORD)
    await expect_not_in_group(page, "时限管理")
    await page.goto("/clocks")
    await expect(page.get_by_role("alert")).to_contain_text("您的角色不能使用“时限管理”")
    await expect(page.get_by_label("时限规则")).to_have_count(0)
