"""A case from its registration through a department to its end (C1, C3, C4), in four browsers."""

import re

from playwright.async_api import Page, expect

from gateway.auth.roles import Role
from tests.browser.conftest import OpenPage
from tests.browser.desk import both_pictures, open_from_group, sign_in
from tests.support.web import PASSWORD, Hotline

TEXTS = {"标题": "人民路路灯不亮", "内容": "人民路18号门前路灯三天不亮，晚上出行不便。"}


async def signed_in(open_surface: OpenPage, login: str) -> Page:
    page = await open_surface()
    await sign_in(page, login, PASSWORD)
    return page


async def choose(page: Page, field: str, name: str) -> None:
    """Type into a tree select and take the entry that is found."""
    pick = page.locator(f"#{field}")
    await page.locator(".el-select", has=pick).click()
    await pick.fill(name)
    await page.get_by_role("treeitem", name=name).last.click()


async def step(page: Page, name: str, **texts: str) -> None:
    """Take a step by its button, filling in the texts of its dialog."""
    await page.get_by_label("可进行的操作").get_by_role("button", name=name).click()
    dialog = page.get_by_role("dialog", name=name)
    for label, text in texts.items():
        await dialog.get_by_label(label).fill(text)
    await page.keyboard.press("Control+Enter")
    await expect(dialog).to_have_count(0)


async def tree_by_hand(page: Page) -> None:
    """The administrator makes three departments and two categories."""
    await open_from_group(page, "部门")
    await page.get_by_role("button", name="新增市级部门").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="保存").click()
    await expect(dialog).to_contain_text("请填写代码")
    await dialog.get_by_label("代码").fill("C1")
    await dialog.get_by_label("名称").fill("市城市管理局")
    await page.keyboard.press("Control+Enter")
    for code, name in (("D1", "东区城市管理局"), ("D2", "西区城市管理局")):
        row = page.locator("tr", has_text="市城市管理局").first
        await row.get_by_role("button", name="新增下级").click()
        await dialog.get_by_label("代码").fill(code)
        await dialog.get_by_label("名称").fill(name)
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("tr", has_text=name)).to_contain_text("区县")
    await both_pictures(page, "departments")
    await open_from_group(page, "分类")
    await page.get_by_role("button", name="新增大类").click()
    await dialog.get_by_label("代码").fill("K1")
    await dialog.get_by_label("名称").fill("市政设施")
    await page.keyboard.press("Control+Enter")
    await page.locator("tr", has_text="市政设施").get_by_role("button", name="新增小类").click()
    await dialog.get_by_label("代码").fill("K11")
    await dialog.get_by_label("名称").fill("路灯照明")
    await choose(page, "category-department", "东区城市管理局")
    await both_pictures(page, "category-form")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("tr", has_text="路灯照明")).to_contain_text("东区城市管理局")
    await both_pictures(page, "categories")


async def registers(agent: Page) -> None:
    """The agent opens a case for an earlier call; its category says where it goes."""
    await agent.get_by_label("最近通话").get_by_title("查看或登记工单").click()
    await agent.get_by_role("radio", name="投诉").locator("..").click()
    for label, text in TEXTS.items():
        await agent.get_by_label(label, exact=True).fill(text)
    await choose(agent, "category", "路灯照明")
    await expect(agent.get_by_role("form", name="工单登记")).to_contain_text("东区城市管理局")
    await both_pictures(agent, "case-form")
    await agent.get_by_label("标题", exact=True).press("Control+Enter")
    await expect(agent.locator(".done")).to_contain_text("本次通话已登记工单")


async def handles(department: Page) -> None:
    """The department finds the case in its inbox, signs and replies."""
    inbox = department.get_by_label("待办", exact=True)
    await expect(inbox.locator("tr", has_text="人民路路灯不亮")).to_contain_text("待签收")
    await expect(department.get_by_label("待签收", exact=True)).to_have_text("1")
    await inbox.get_by_role("link", name=re.compile("待签收")).click()
    await expect(department).to_have_url(re.compile(r"/inbox\?state=dispatched$"))
    await both_pictures(department, "inbox")
    await inbox.locator("tr", has_text="人民路路灯不亮").get_by_role("link").click()
    await step(department, "签收")
    await step(department, "申请延期", 理由="等待灯具到货")
    await department.get_by_role("button", name="提交答复").click()
    reply = department.get_by_role("dialog", name="提交答复")
    await department.keyboard.press("Control+Enter")
    await expect(reply).to_contain_text("请填写办理结果")
    await reply.get_by_label("办理结果").fill("已更换灯具，恢复照明。")
    await both_pictures(department, "step-dialog")
    await department.keyboard.press("Control+Enter")
    await expect(department.get_by_role("article")).to_contain_text("待审核")
    await both_pictures(department, "case-department")


async def reviews(chief: Page) -> None:
    """The supervisor finds the reply among what is to do, and passes it."""
    await chief.get_by_role("link", name="工单", exact=True).click()
    await chief.get_by_label("按归属筛选").get_by_role("link", name="待办").click()
    await expect(chief.locator("tr", has_text="人民路路灯不亮")).to_contain_text("待审核")
    await both_pictures(chief, "cases-inbox")
    await chief.locator("tr", has_text="人民路路灯不亮").get_by_role("link").click()
    await expect(chief.get_by_label("可进行的操作")).to_be_visible()
    await both_pictures(chief, "case-review")
    await step(chief, "审核通过")
    await expect(chief.get_by_role("article").locator("h2")).to_contain_text("已办结")
    history = chief.get_by_label("办理过程")
    for word in ("登记", "派发", "签收", "申请延期", "提交答复", "审核通过", "东区城市管理局"):
        await expect(history).to_contain_text(word)
    await both_pictures(chief, "case-closed-by-review")


async def reopens(chief: Page) -> None:
    """The supervisor has the closed case done again, with a second department to help."""
    await chief.get_by_label("可进行的操作").get_by_role("button", name="重办").click()
    dialog = chief.get_by_role("dialog", name="重办")
    await expect(dialog).to_contain_text("东区城市管理局")  # who had it
    await dialog.get_by_label("理由").fill("灯又灭了")
    await choose(chief, "step-assisting", "西区城市管理局")
    await both_pictures(chief, "reopen-dialog")
    await chief.keyboard.press("Control+Enter")
    await expect(dialog).to_have_count(0)
    article = chief.get_by_role("article")
    await expect(article.locator("h2")).to_contain_text("待签收")
    await expect(article.locator(".facts")).to_contain_text("西区城市管理局")


async def test_from_the_agent_to_the_department_and_back(
    hotline: Hotline, open_surface: OpenPage
) -> None:
    await hotline.add_user(Role.ADMINISTRATOR, "root")
    await tree_by_hand(await signed_in(open_surface, "root"))
    await hotline.add_user(Role.AGENT, "li", agent="1001")
    await hotline.add_user(Role.SUPERVISOR, "chief")
    await hotline.add_user(Role.DEPARTMENT, "chen", department="D1")
    await hotline.store_call("1.1", "1001")
    department = await signed_in(open_surface, "chen")
    await expect(department).to_have_url(re.compile("/inbox$"))
    await registers(await signed_in(open_surface, "li"))
    await handles(department)
    chief = await signed_in(open_surface, "chief")
    await reviews(chief)
    await expect(department.get_by_role("article").locator("h2")).to_contain_text("已办结")
    await department.goto("/departments")
    await expect(department.get_by_role("main")).to_contain_text("您的角色不能使用“部门”")
    await department.goto("/inbox")
    await expect(department.get_by_text("没有符合条件的工单")).to_be_visible()
    await reopens(chief)
    await expect(department.get_by_text("人民路路灯不亮")).to_be_visible()


async def test_a_follow_up(hotline: Hotline, open_surface: OpenPage) -> None:
    """Of a call, beside the citizen's earlier case; then of a letter, from that case's own page."""
    person = await hotline.add_user(Role.AGENT, "li", agent="1001")
    form = {"kind": "complaint", "title": TEXTS["标题"], "body": TEXTS["内容"]}
    earlier, _ = [await hotline.store_call(each, "1001") for each in ("1.1", "1.2")]
    api = await hotline.browser(person)
    _, first = await api.json("POST", "/api/v1/cases", json=form | {"call_id": earlier})
    page = await signed_in(open_surface, "li")
    await page.get_by_label("最近通话").get_by_title("查看或登记工单").first.click()
    await page.get_by_label("来电人历史").get_by_role("link", name="人民路路灯不亮").click()
    await page.get_by_role("button", name="登记为其后续").click()
    registration = page.get_by_role("form", name="工单登记")
    await expect(registration).to_contain_text(f"工单 {first['case_no']}")
    await both_pictures(page, "desk-follow-up")
    await registration.get_by_role("radio", name="投诉").locator("..").click()
    await registration.get_by_label("标题", exact=True).fill("路灯又灭了")
    await registration.get_by_label("内容", exact=True).fill("修好两天后又不亮")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".done")).to_contain_text("本次通话已登记工单")

    await page.goto(f"/cases/{first['case_no']}")
    await page.get_by_role("link", name="登记后续工单").click()
    await expect(registration).to_contain_text(f"工单 {first['case_no']}")
    await registration.get_by_role("radio", name="求助").locator("..").click()
    await registration.get_by_label("标题", exact=True).fill("来信催促")
    await registration.get_by_label("内容", exact=True).fill("请尽快修复")
    await page.keyboard.press("Control+Enter")
    shown = page.get_by_role("article")
    await expect(shown).to_contain_text(f"后续于工单 {first['case_no']}")
    await shown.get_by_role("link", name=first["case_no"]).click()
    await expect(shown.locator(".linked a")).to_have_count(2)
    await both_pictures(page, "case-followed-up")
