"""Who calls, nuisance marks with a second person, a number in full, the audit log (T6, C6)."""

import re

from playwright.async_api import Page, expect

from gateway.auth.roles import Role
from tests.browser.conftest import OpenPage
from tests.browser.desk import both_pictures, open_from_group, sign_in
from tests.support.opinions import rate
from tests.support.web import PASSWORD, Hotline
from tests.support.web_switchboard import CALLER, call_data, part

MASKED = "138****0001"


async def signed_in(open_surface: OpenPage, login: str) -> Page:
    page = await open_surface()
    await sign_in(page, login, PASSWORD)
    return page


async def knows_who_calls(agent: Page, hotline: Hotline) -> None:
    """A repeat caller rings; the agent keeps how to address him, and proposes to mark him."""
    await hotline.switchboard.tell("call.ringing", call_data("sb1-1.9", agent="1001"))
    pop = agent.get_by_label("来电弹屏")
    await expect(pop).to_contain_text("重复来电 7 天 4 次")
    await expect(pop).to_contain_text("没有保存资料")
    await both_pictures(agent, "pop-repeat-caller")
    answered = call_data("sb1-1.9", agent="1001", agents=[part("1001")])
    await hotline.switchboard.tell("call.answered", answered)
    await agent.get_by_role("button", name="填写").click()
    dialog = agent.get_by_role("dialog")
    await agent.keyboard.press("Control+Enter")
    await expect(dialog).to_contain_text("至少填写一项")
    await dialog.get_by_label("备注").fill(f"儿子 {CALLER}")
    await agent.keyboard.press("Control+Enter")
    await expect(dialog).to_contain_text("不能填写电话号码")
    await dialog.get_by_label("备注").fill("听力不便，请讲慢些")
    await dialog.get_by_label("称呼").fill("王先生")
    await agent.keyboard.press("Control+Enter")
    await expect(agent.get_by_role("region", name="来电人资料")).to_contain_text("王先生")
    await agent.get_by_role("button", name="标记骚扰").click()
    await dialog.get_by_label("理由").fill("一天内多次拨打后谩骂")
    await dialog.get_by_role("checkbox").first.locator("..").click()
    await both_pictures(agent, "nuisance-form")
    await agent.keyboard.press("Control+Enter")
    await expect(agent.get_by_label("来电人历史")).to_contain_text("骚扰标记待审批")


async def separates(agent: Page) -> None:
    """The case of the call is about a lawsuit."""
    await agent.get_by_role("radio", name="投诉").locator("..").click()
    await agent.get_by_label("标题", exact=True).fill("工资被拖欠")
    await agent.get_by_label("内容", exact=True).fill("已向法院起诉，反映多次")
    await agent.get_by_role("radio", name="诉讼").locator("..").click()
    await both_pictures(agent, "case-form-separated")
    await agent.get_by_label("标题", exact=True).press("Control+Enter")
    await agent.locator(".done").get_by_role("link").click()
    article = agent.get_by_role("article")
    await expect(article.locator("h2")).to_contain_text("诉访分离：诉讼")
    await expect(article).to_contain_text("诉访分离，不回访，不计入满意度")


async def sees_the_number(agent: Page) -> None:
    """For a reason, for a while."""
    await agent.get_by_role("article").get_by_role("button", name="查看号码").click()
    dialog = agent.get_by_role("dialog", name="查看完整号码")
    await agent.keyboard.press("Control+Enter")
    await expect(dialog).to_contain_text("请填写理由")
    await dialog.get_by_label("理由").fill("核实地址")
    await agent.keyboard.press("Control+Enter")
    await expect(dialog.get_by_role("status")).to_contain_text(CALLER)
    await expect(dialog).to_contain_text("秒后自动隐藏")
    await both_pictures(agent, "number-revealed")
    await agent.keyboard.press("Control+Enter")
    await expect(dialog).to_have_count(0)
    await expect(agent.locator("body")).not_to_contain_text(CALLER)
    assert CALLER not in agent.url
    await agent.get_by_label("来电人", exact=True).get_by_role("button").click()
    await expect(agent.get_by_label("来电人", exact=True)).to_contain_text("王先生")
    await both_pictures(agent, "case-with-citizen")


async def decides(chief: Page) -> None:
    """The supervisor approves, and finds what does not count for it."""
    await open_from_group(chief, "骚扰标记")
    row = chief.locator("tbody tr")
    await expect(row).to_contain_text(MASKED)
    await expect(row).to_contain_text("一天内多次拨打后谩骂")
    await both_pictures(chief, "nuisance-proposed")
    await row.get_by_role("button", name="批准").click()
    await both_pictures(chief, "nuisance-approval")
    await chief.keyboard.press("Control+Enter")
    await expect(chief.get_by_text("没有这样的骚扰标记")).to_be_visible()
    await chief.get_by_label("按状态筛选").get_by_role("link", name="生效中").click()
    await expect(row.get_by_role("button", name="解除")).to_be_visible()
    await both_pictures(chief, "nuisance-in-force")
    await open_from_group(chief, "不计入满意度")
    await expect(row).to_have_count(1)
    await expect(row).to_contain_text(re.compile("通话评价.*不满意.*第 1 号骚扰标记.*138"))
    await both_pictures(chief, "exclusions")
    await chief.goto("/board")
    await expect(chief.get_by_label("评价与回访")).to_contain_text("通话评价 1，回访答复 0")
    await both_pictures(chief, "board-excluded")


async def audits(admin: Page) -> None:
    """The administrator finds who looked at the number, and why."""
    await open_from_group(admin, "审计")
    rows = admin.locator("table.grid tbody tr")
    await expect(rows).to_have_count(4)
    await both_pictures(admin, "audit")
    await admin.get_by_label("操作").select_option(label="查看完整号码")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("核实地址")
    await expect(admin).to_have_url(re.compile("action=number.revealed"))
    await admin.get_by_label("人员").fill("nobody")
    await admin.get_by_role("button", name="筛选").click()
    await expect(admin.get_by_text("没有符合条件的记录")).to_be_visible()
    await expect(admin.locator("body")).not_to_contain_text(CALLER)


async def test_from_the_pop_to_the_audit_log(hotline: Hotline, open_surface: OpenPage) -> None:
    await hotline.add_user(Role.AGENT, "li", agent="1001")
    await hotline.add_user(Role.SUPERVISOR, "chief")
    await hotline.add_user(Role.ADMINISTRATOR, "root")
    for number in (1, 2, 3, 9):
        await hotline.store_call(f"1.{number}", "1001")
    await rate(hotline.pool, "sb1-1.3", "dissatisfied")
    agent = await signed_in(open_surface, "li")
    await knows_who_calls(agent, hotline)
    await separates(agent)
    await sees_the_number(agent)
    await decides(await signed_in(open_surface, "chief"))
    await audits(await signed_in(open_surface, "root"))


async def asked_for_the_caller(page: Page, login: str) -> None:
    """Sign in on the page as it is, look up whose case it is, and leave."""
    await page.get_by_label("账号").fill(login)
    await page.get_by_label("密码").fill(PASSWORD)
    await page.get_by_role("button", name="登录").click()
    await page.get_by_role("link", name="工单", exact=True).click()
    await page.locator("table.grid td > a").click()
    caller = page.get_by_label("来电人", exact=True)
    await caller.get_by_role("button").click()
    await expect(caller).to_contain_text("没有保存资料")
    await page.get_by_role("button", name="退出").click()


async def test_nobody_reads_what_another_was_told(hotline: Hotline, open_surface: OpenPage) -> None:
    agent = await hotline.agent()
    await hotline.store_call("1.1", "1001")
    form = {"kind": "complaint", "title": "路灯不亮", "body": "三天不亮", "call_id": "sb1-1.1"}
    assert (await agent.json("POST", "/api/v1/cases", json=form))[0] == 201
    page, asked = await open_surface(), []
    page.on("request", lambda it: asked.append(it.url) if it.url.endswith("/caller") else None)
    await page.goto("/login")
    for login in ("chief", "chief2"):
        await hotline.add_user(Role.SUPERVISOR, login)
        await asked_for_the_caller(page, login)
    assert len(asked) == 2
