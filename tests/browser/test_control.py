"""Call control on the pages (T4): the agent's desk and the supervisor's board."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Locator, Page, ViewportSize, expect

from tests.browser.conftest import OpenPage
from tests.browser.desk import Desk, picture, sign_in
from tests.support.ports import free_ports
from tests.support.running_gateway import RunningGateway
from tests.support.sipp import Sipp, phone

LARGE: ViewportSize = {"width": 1920, "height": 1080}


@pytest.fixture
async def phones(running_gateway: RunningGateway) -> AsyncIterator[None]:
    """The colleague's and the supervisor's telephones, which answer after a moment."""
    board = running_gateway.system.switchboard
    sipp, (second, third) = Sipp(board.sip_port), free_ports(2)
    await sipp.register("1002", board.secrets.seats["1002"], second)
    await sipp.register("1003", board.secrets.seats["1003"], third)
    async with sipp.phone(second, phone()), sipp.phone(third, phone(ring_ms=900)):
        yield


def controls(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name="通话操作").get_by_role("button", name=name)


async def test_agent_consults_and_hangs_up(
    desk: Desk, running_gateway: RunningGateway, phones: None
) -> None:
    page, call = desk.page, desk.page.get_by_label("当前通话")
    await running_gateway.place_call()
    await desk.until_talking()
    await picture(page, "control-talking")
    await page.keyboard.press("Alt+Z")
    dialog = page.get_by_role("dialog", name="转接")
    await expect(dialog.get_by_role("button", name="expert")).to_be_visible()
    await picture(page, "control-transfer")
    await page.set_viewport_size(LARGE)
    await picture(page, "control-transfer-large")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await page.keyboard.press("Alt+S")
    dialog = page.get_by_role("dialog", name="咨询")
    await expect(dialog.get_by_role("textbox")).to_be_focused()
    await page.keyboard.type("8002")
    await dialog.get_by_role("button", name="坐席8002").click()
    await expect(call).to_contain_text("保持中")
    await picture(page, "control-consulting")
    await controls(page, "取消咨询").click()
    await expect(call).to_contain_text("通话中")
    await page.keyboard.press("Alt+G")
    await expect(call).to_contain_text("通话已结束")


async def test_agent_dials_from_the_page(desk: Desk, running_gateway: RunningGateway) -> None:
    page = desk.page
    await page.get_by_label("电话号码").fill("13900000900")
    await page.get_by_label("电话号码").press("Enter")
    await expect(page.get_by_text("正在呼叫对方，请听话机")).to_be_visible(timeout=20_000)
    await expect(page.locator(".state")).to_contain_text("通话")
    await picture(page, "control-dialled")
    await page.get_by_role("form", name="拨号").get_by_role("button", name="挂断").click()
    await expect(page.locator(".state")).to_contain_text("就绪")


async def test_refusal_is_told_on_the_page(desk: Desk, running_gateway: RunningGateway) -> None:
    page = desk.page
    await running_gateway.place_call()
    await desk.until_talking()
    await controls(page, "转接").click()
    await page.get_by_role("dialog").get_by_role("textbox").fill("1004")
    await page.get_by_role("button", name="转接到该号码").click()
    await expect(page.get_by_text("坐席话机未注册")).to_be_visible()


async def test_supervisor_acts_from_the_board(
    desk: Desk, open_page: OpenPage, running_gateway: RunningGateway, phones: None
) -> None:
    board = await open_page()
    await sign_in(board, running_gateway.supervisor_login, running_gateway.supervisor_password)
    seats = board.get_by_label("坐席", exact=True)
    await running_gateway.place_call()
    await desk.until_talking()
    await expect(seats.locator("li", has_text="8001")).to_contain_text("通话")
    await seats.get_by_role("button", name="坐席8001").press("Enter")
    acts = board.get_by_role("group", name="操作坐席 8001")
    await acts.get_by_role("button", name="监听").click()
    await expect(acts.get_by_role("status")).to_contain_text("请接听话机 1003")
    await picture(board, "control-board")
    await board.set_viewport_size(LARGE)
    await picture(board, "control-board-large")
    await expect(board.get_by_text("监听中，挂断话机即结束")).to_be_visible()
    await acts.get_by_role("button", name="强拆").click()
    await board.get_by_role("dialog").get_by_role("button", name="强拆").click()
    await expect(desk.page.get_by_label("当前通话")).to_contain_text("通话已结束")
    await acts.get_by_role("button", name="会议").click()
    await expect(desk.page.locator(".state")).to_contain_text("示忙·会议")
