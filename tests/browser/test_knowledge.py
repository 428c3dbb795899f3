"""The knowledge base in the browser: written, approved, found with one key, noted (C8)."""

from playwright.async_api import Page, expect

from gateway.auth.roles import Role
from tests.browser.conftest import OpenPage
from tests.browser.desk import both_pictures, sign_in
from tests.support.web import PASSWORD, Hotline

TITLE = "居住证积分办理指南"
BODY = "# 办理条件\n- 持有居住证满六个月\n- 按规定缴纳社保\n到街道社区事务受理中心申请。"


async def signed_in(open_surface: OpenPage, login: str) -> Page:
    page = await open_surface()
    await sign_in(page, login, PASSWORD)
    return page


async def opened(page: Page) -> None:
    await page.get_by_label("主导航").get_by_role("link", name="知识库").click()
    await expect(page.get_by_label("检索知识库")).to_be_visible()


async def writes(writer: Page) -> None:
    """Somebody of a department writes an article and submits it."""
    await opened(writer)
    await writer.get_by_role("button", name="写文章").click()
    form = writer.get_by_role("form", name="编写文章")
    await expect(form.get_by_label("标题")).to_be_focused()
    await writer.keyboard.press("Control+Enter")
    await expect(form).to_contain_text("请填写标题")
    await form.get_by_label("标题").fill(TITLE)
    await form.get_by_label("正文").fill(BODY)
    await form.get_by_label("生效").fill("2026-01-01")
    await both_pictures(writer, "knowledge-form")
    await writer.keyboard.press("Control+Enter")
    await expect(writer.get_by_label("知识文章")).to_contain_text("草稿")
    await take(writer, "送审")


async def take(page: Page, step: str) -> None:
    article = page.get_by_label("知识文章")
    await article.get_by_role("button", name=step).click()
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def approves(chief: Page) -> None:
    """The supervisor finds it among those in review."""
    await opened(chief)
    await chief.get_by_role("link", name="待审核").click()
    await chief.get_by_label("文章列表").get_by_role("button", name=TITLE).click()
    await expect(chief.get_by_label("编审过程")).to_contain_text("送审")
    await both_pictures(chief, "knowledge-review")
    await take(chief, "审核通过")
    await expect(chief.get_by_label("文章列表").get_by_role("button")).to_have_count(0)
    await expect(chief.get_by_label("知识文章")).to_contain_text("审核通过")


async def answers(agent: Page) -> None:
    """The agent finds it by what he has written of the case, and answers with it."""
    await agent.get_by_label("最近通话").get_by_title("查看或登记工单").click()
    await agent.get_by_role("radio", name="咨询").locator("..").click()
    await agent.get_by_label("标题", exact=True).fill("外地户口积分")
    await agent.get_by_label("内容", exact=True).fill("来电人想知道居住证积分需要什么条件。")
    await agent.keyboard.press("Alt+K")
    panel = agent.get_by_role("region", name="知识库")
    await expect(panel.get_by_label("检索结果")).to_contain_text(TITLE)
    await agent.keyboard.press("Enter")
    await expect(panel.get_by_label("知识文章")).to_contain_text("持有居住证满六个月")
    await both_pictures(agent, "knowledge-desk")
    await agent.keyboard.press("Alt+I")
    await expect(agent.get_by_label("答复", exact=True)).to_have_value(
        "办理条件\n持有居住证满六个月\n按规定缴纳社保\n到街道社区事务受理中心申请。"
    )
    await agent.get_by_label("检索知识库").fill("宠物登记")
    await expect(panel).to_contain_text("没有符合的文章")
    await panel.get_by_role("button", name="没有想找的？").click()
    await agent.keyboard.press("Control+Enter")
    await expect(agent.get_by_role("dialog")).to_have_count(0)
    await agent.get_by_label("标题", exact=True).focus()
    await agent.keyboard.press("Control+Enter")
    await agent.get_by_label("登记", exact=True).get_by_role("link").click()
    used = agent.get_by_label("引用的知识")
    await used.get_by_role("button", name=TITLE).click()
    await expect(used).to_contain_text("按规定缴纳社保")
    await both_pictures(agent, "knowledge-case")
    await used.get_by_role("button", name="检索知识库").click()
    finder = agent.get_by_role("dialog", name="检索知识库")
    await expect(finder.get_by_label("检索结果")).to_contain_text(TITLE)
    await agent.keyboard.press("Enter")
    await expect(finder.get_by_label("知识文章")).to_contain_text("持有居住证满六个月")
    await both_pictures(agent, "knowledge-finder")
    await agent.keyboard.press("Alt+U")
    await expect(finder).to_have_count(0)
    await expect(used.get_by_role("listitem")).to_have_count(1)


async def settles(chief: Page) -> None:
    """The supervisor sees that an article is missing."""
    await chief.get_by_role("link", name="反馈", exact=True).click()
    await expect(chief.get_by_label("知识反馈")).to_contain_text("宠物登记")
    await both_pictures(chief, "knowledge-feedback")
    await chief.get_by_label("知识反馈").get_by_role("button", name="采纳", exact=True).click()
    await chief.get_by_role("dialog").get_by_role("textbox").fill("已请农业农村委编写")
    await chief.get_by_role("dialog").get_by_role("button", name="确定").click()
    await expect(chief.get_by_label("查找")).to_contain_text("没有反馈")


async def test_from_writing_to_answering(hotline: Hotline, open_surface: OpenPage) -> None:
    await hotline.department("D1")
    await hotline.add_user(Role.DEPARTMENT, "writer", department="D1")
    await hotline.add_user(Role.SUPERVISOR, "chief")
    await hotline.add_user(Role.AGENT, "li", agent="1001")
    await hotline.store_call("1.1", "1001")
    await writes(await signed_in(open_surface, "writer"))
    chief = await signed_in(open_surface, "chief")
    await approves(chief)
    await answers(await signed_in(open_surface, "li"))
    await settles(chief)
