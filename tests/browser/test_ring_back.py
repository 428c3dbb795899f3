"""Missed-call ring-back on the pages (T8): the agent calls back, the supervisor sees and drops."""

from playwright.async_api import Page, ViewportSize, expect

from tests.browser.conftest import OpenPage
from tests.browser.desk import picture, sign_in
from tests.support.running_gateway import RunningGateway
from tests.support.sipp import Sipp, caller

LARGE: ViewportSize = {"width": 1920, "height": 1080}


async def missed(running: RunningGateway, number: str) -> None:
    """A citizen hears that nobody is there."""
    sipp = Sipp(running.system.switchboard.sip_port)
    await sipp.call("12345", caller(number))


async def pictures(page: Page, name: str) -> None:
    """As most seats see it, and on a large screen."""
    await picture(page, name)
    before = page.viewport_size
    await page.set_viewport_size(LARGE)
    await picture(page, f"{name}-large")
    assert before is not None
    await page.set_viewport_size(before)


async def test_ring_back(open_page: OpenPage, running_gateway: RunningGateway) -> None:
    running = running_gateway
    agent, board = await open_page(), await open_page()
    await sign_in(agent, running.agent_login, running.agent_password)
    await sign_in(board, running.supervisor_login, running.supervisor_password)
    for number in ("13800000001", "13800000002", "13800000002"):
        await missed(running, number)
    # On the desk, without going anywhere.
    desk = agent.get_by_label("漏接回拨", exact=True)
    await expect(desk.get_by_role("listitem")).to_have_count(2, timeout=20_000)
    twice = desk.get_by_role("listitem").filter(has_text="138****0002")
    await expect(twice).to_contain_text("2 次 已等")
    await expect(agent.get_by_role("link", name="漏接回拨")).to_contain_text("2")
    await pictures(agent, "ringback-desk")
    await desk.get_by_role("listitem").filter(has_text="138****0001").get_by_role("button").click()
    await expect(agent.get_by_role("button", name="请接话机")).to_be_visible()
    await expect(agent.get_by_text("正在呼叫来电人，请听话机")).to_be_visible(timeout=20_000)
    # He has answered: his case can be written while they talk.
    await expect(agent.get_by_role("form", name="工单登记")).to_be_visible(timeout=20_000)
    await expect(agent.get_by_label("当前通话")).to_contain_text("138****0001")
    await pictures(agent, "ringback-reached")
    await agent.get_by_role("link", name="漏接回拨").click()
    rows = agent.locator("tbody tr")
    await expect(rows.filter(has_text="138****0002")).to_contain_text("待回拨")
    await pictures(agent, "ringback-agent")
    await agent.get_by_role("link", name="已结束").click()
    await expect(rows.filter(has_text="138****0001")).to_contain_text("已接通")
    await expect(agent.get_by_role("button", name="登记工单")).to_be_visible()
    await agent.get_by_role("button", name="记录").click()
    await expect(agent.locator(".tries")).to_contain_text("坐席 8001 · 已接通")
    await pictures(agent, "ringback-closed")
    # The supervisor.
    await board.get_by_role("link", name="漏接回拨").click()
    rate = board.get_by_text("来电人接通率")
    await expect(rate).to_contain_text("50.00%", timeout=20_000)
    await expect(rate).to_contain_text("回拨接通 1，共 2 人")
    row = board.locator("tbody tr").filter(has_text="138****0002")
    await pictures(board, "ringback-supervisor")
    await row.get_by_role("button", name="撤销").click()
    dialog = board.get_by_role("dialog", name="撤销回拨")
    await dialog.get_by_role("button", name="撤销").click()
    await expect(dialog).to_contain_text("请填写")
    await dialog.get_by_role("textbox").fill("已由街道上门处理")
    await picture(board, "ringback-drop")
    await dialog.get_by_role("button", name="撤销").click()
    await expect(board.get_by_text("没有待回拨的来电")).to_be_visible()
    await board.get_by_role("link", name="已结束").click()
    await expect(row).to_contain_text("值班长撤销")
    await row.get_by_role("button", name="记录").click()
    await expect(board.locator(".tries")).to_contain_text("chief 撤销：已由街道上门处理")
    assert "13800000001" not in await agent.content() + await board.content()
