"""Lines and queues of seats, arranged on the pages of a real switchboard (REQUIREMENTS T3, T9)."""

from time import monotonic

import asyncpg
import pytest
from playwright.async_api import expect

from gateway.auth.roles import Role
from gateway.lines import FOLLOW_EVERY_S
from gateway.users import NewUser, create_user
from tests.browser.conftest import OpenPage
from tests.browser.desk import Desk, both_pictures, sign_in
from tests.support.gateway import PASSWORD
from tests.support.running_gateway import RunningGateway
from tests.support.web import until


@pytest.fixture
async def administrator(running_gateway: RunningGateway) -> str:
    """Login of an administrator."""
    connection = await asyncpg.connect(running_gateway.system.database_dsn)
    try:
        root = NewUser(login="root", role=Role.ADMINISTRATOR, display_name="系统管理员")
        await create_user(connection, root, PASSWORD)
    finally:
        await connection.close()
    return "root"


async def test_pages_arrange_lines_and_seats_of_a_real_switchboard(
    desk: Desk, open_page: OpenPage, running_gateway: RunningGateway, administrator: str
) -> None:
    lines = await open_page()
    await sign_in(lines, administrator, PASSWORD)
    await lines.goto("/lines?line=new")
    await lines.get_by_label("号码", exact=True).fill("96301")
    await lines.get_by_label("名称").fill("民政专线")
    await lines.get_by_label("主管部门").press("Enter")
    table = lines.get_by_label("热线线路", exact=True)
    await expect(table.locator("tr", has_text="96301")).to_contain_text("民政专线")
    known_at = monotonic() + FOLLOW_EVERY_S + 1  # by then every process has read the lines

    own = desk.page.get_by_label("坐席状态")
    await expect(own).to_contain_text("12345、expert")
    board = await open_page()
    await sign_in(board, running_gateway.supervisor_login, running_gateway.supervisor_password)
    seats = board.get_by_label("坐席", exact=True)
    queues = seats.get_by_role("group", name="按队列筛选")
    await expect(queues.get_by_role("button", name="expert 1")).to_be_visible()
    await seats.get_by_role("button", name="坐席8001").click()
    form = board.get_by_role("form", name="服务队列")
    await form.get_by_role("checkbox", name="expert").uncheck()
    await form.get_by_role("button", name="改队列").click()
    await expect(own).not_to_contain_text("expert")
    await expect(queues.get_by_role("button", name="expert 0")).to_be_visible()
    await both_pictures(board, "board-queues")
    await seats.get_by_role("button", name="未签入").click()
    await seats.get_by_role("button", name="坐席8002").click()
    await form.get_by_role("checkbox", name="12345").uncheck()
    await form.get_by_role("button", name="改队列").click()
    await expect(board.get_by_text("坐席8002：服务队列已改为expert")).to_be_visible()
    await both_pictures(board, "board-queues-outside")

    await until(lambda: monotonic() > known_at)
    await running_gateway.place_call("96301")
    await desk.until_ringing()
    await expect(desk.page.get_by_label("来电弹屏")).to_contain_text("96301 民政专线保留号码")
