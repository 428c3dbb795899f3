"""Login, live board, list of cases (M2, M8, C1, O4) on the real gateway."""

import re
from datetime import UTC, datetime

import asyncpg
from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.desk import Desk, picture, sign_in
from tests.support.calls import put_call
from tests.support.running_gateway import RunningGateway

FOUND = """
with run as (
  insert into reconciliation_runs (switchboard, cause, day, since, started_at, ended_at, compared)
  values ('sb1', 'night', '2026-01-05', now(), now(), now() + interval '20 s', 100)
  returning run_id
)
insert into reconciliation_differences
  (run_id, switchboard, call_id, kind, fields, recorded, told, repaired, found_at)
select run_id, 'sb1', 'sb1-1.1', 'different', '{outcome}', '{"outcome": "timed_out"}',
  '{"outcome": "answered"}', true, now() from run
"""


async def test_board_follows_a_call(
    desk: Desk, open_page: OpenPage, running_gateway: RunningGateway
) -> None:
    board = await open_page()
    await sign_in(board, running_gateway.supervisor_login, running_gateway.supervisor_password)
    await expect(board).to_have_url(re.compile("/board$"))
    rate, seats = board.get_by_label("接通率", exact=True), board.get_by_label("坐席", exact=True)
    await expect(rate).to_contain_text("无数据")
    await expect(rate).to_contain_text("0 / 0")
    await expect(seats).to_contain_text("就绪")
    await picture(board, "board-no-data")
    await running_gateway.place_call()
    await desk.until_ringing()
    await expect(seats.locator("li", has_text="8001")).to_contain_text("振铃")
    await desk.until_talking()
    await expect(seats.locator("li", has_text="8001")).to_contain_text("通话")
    await expect(rate).to_contain_text("100.00%", timeout=30_000)
    await expect(rate).to_contain_text("1 / 1")
    await expect(board.get_by_label("评价与回访")).to_contain_text("满意 1", timeout=30_000)
    await picture(board, "board")
    await board.set_viewport_size({"width": 1920, "height": 1080})
    await picture(board, "board-large")


async def test_what_the_comparisons_found(
    open_page: OpenPage, running_gateway: RunningGateway
) -> None:
    connection = await asyncpg.connect(running_gateway.system.database_dsn)
    try:
        await connection.execute(FOUND)
    finally:
        await connection.close()
    page = await open_page()
    await sign_in(page, running_gateway.supervisor_login, running_gateway.supervisor_password)
    await page.get_by_role("link", name="话单核对").click()
    table = page.get_by_label("话单核对", exact=True)
    await expect(table).to_contain_text("网关启动")
    await page.get_by_role("button", name="记录不符 1").click()
    await expect(table).to_contain_text("sb1-1.1")
    await expect(table).to_contain_text("网关记录：结果：排队超时")
    await expect(table).to_contain_text("交换机记录：结果：已接通")
    night = table.locator("tr", has_text="2026-01-05")
    await expect(night).to_contain_text("记录不符 1")
    await expect(night).not_to_contain_text("无")
    await picture(page, "reconciliations")


async def test_board_is_split_by_line_mode_and_district(
    desk: Desk, open_page: OpenPage, running_gateway: RunningGateway
) -> None:
    """55 department lines merged into the hotline (T9): 30 cancelled, 20 kept, 5 dual-number."""
    await merge_lines(running_gateway.system.database_dsn)
    board = await open_page()
    await sign_in(board, running_gateway.supervisor_login, running_gateway.supervisor_password)
    figures = board.get_by_label("话务量", exact=True)
    await figures.get_by_role("button", name="线路").click()
    row = figures.locator("tr", has_text="96301 部门专线 1 号")
    await expect(row).to_contain_text("50.0%")
    await picture(board, "board-lines")
    await figures.get_by_role("button", name="方式").click()
    for mode, offered in (
        ("已取消号码", 60),
        ("保留号码", 40),
        ("双号并行", 10),
        ("未登记线路", 2),
    ):
        await expect(figures.locator("tr", has_text=mode)).to_contain_text(f"{offered}")
    await picture(board, "board-modes")
    await figures.get_by_role("button", name="区县").click()
    await expect(figures.locator("tr", has_text="东区")).to_contain_text("10")
    await board.set_viewport_size({"width": 1920, "height": 1080})
    await figures.get_by_role("button", name="线路").click()
    await expect(row).to_be_visible()
    await picture(board, "board-lines-large")
    await running_gateway.place_call("96351")
    await desk.until_ringing()
    pop = desk.page.get_by_label("来电弹屏")
    await expect(pop).to_contain_text("96351 部门专线 51 号")
    await expect(pop).to_contain_text("双号并行")
    await expect(pop).to_contain_text("东区")
    await picture(desk.page, "ringing-line")
    await desk.until_talking()
    await expect(desk.page.get_by_label("当前通话")).to_contain_text("部门专线 51 号")
    await picture(desk.page, "talking-line")
    await desk.page.set_viewport_size({"width": 1920, "height": 1080})
    await picture(desk.page, "talking-line-large")


async def merge_lines(dsn: str) -> None:
    """Define the lines, with two calls of each, one of them answered; and two of an unknown one."""
    modes = ["cancelled"] * 30 + ["kept"] * 20 + ["dual"] * 5
    now, connection = datetime.now(UTC), await asyncpg.connect(dsn)
    try:
        for number, mode in enumerate(modes, 1):
            district = "东区" if mode == "dual" else ""
            line = (f"963{number:02}", f"部门专线 {number} 号", mode, "市民政局", district)
            await connection.execute("insert into lines values ($1, $2, $3, $4, $5)", *line)
        lines = [*enumerate(modes, 1), (99, None)]
        for number, mode in lines:
            for answered in (True, False):
                await put_call(
                    connection,
                    switchboard="old",
                    uniqueid=f"{number}.{answered:d}",
                    line=f"963{number:02}",
                    line_mode=mode,
                    district="东区" if mode == "dual" else "",
                    caller="13800000009",
                    queue="12345",
                    arrived_at=now,
                    offered_at=now,
                    answered_at=now if answered else None,
                    ended_at=now,
                    outcome="answered" if answered else "abandoned_queue",
                    wait_s=3.0,
                    revision=1,
                )
    finally:
        await connection.close()


async def test_login_refuses_and_returns(
    open_page: OpenPage, running_gateway: RunningGateway
) -> None:
    page = await open_page()
    await page.goto("/cases?state=closed")
    await expect(page).to_have_url(re.compile(r"/login\?to=/cases"))
    await page.get_by_label("账号").fill(running_gateway.agent_login)
    await page.get_by_label("密码").fill("wrong password")
    await page.get_by_role("button", name="登录").click()
    await expect(page.get_by_role("alert")).to_contain_text("不正确")
    await picture(page, "login-refused")
    await page.get_by_label("密码").fill(running_gateway.agent_password)
    await page.get_by_label("密码").press("Enter")
    await expect(page).to_have_url(re.compile(r"/cases\?state=closed$"))
    await expect(page.get_by_role("link", name="已办结")).to_have_attribute("aria-current", "true")
    await expect(page.get_by_text("没有符合条件的工单")).to_be_visible()
    await picture(page, "cases")
    await page.goto("/board")
    await expect(page.get_by_role("alert")).to_contain_text("您的角色不能使用“运行看板”")


async def test_signing_out_ends_the_session(desk: Desk) -> None:
    page = desk.page
    await page.get_by_role("button", name="退出").click()
    await page.get_by_role("button", name="仍然退出").click()
    await expect(page.get_by_role("button", name="登录")).to_be_visible()
    assert await page.evaluate("sessionStorage.length") == 0
    await page.goto("/")
    await expect(page).to_have_url(re.compile("/login"))


async def test_lost_session_leads_to_login_and_back_with_the_text(
    desk: Desk, running_gateway: RunningGateway
) -> None:
    page = desk.page
    await running_gateway.place_call()
    await desk.until_talking()
    await desk.write("求助", 标题="路灯不亮", 内容="人民路18号")
    await page.context.clear_cookies()
    await page.get_by_role("button", name="登记工单").click()
    await expect(page.get_by_text("登录已失效")).to_be_visible()
    await page.get_by_label("账号").fill(running_gateway.agent_login)
    await page.get_by_label("密码").fill(running_gateway.agent_password)
    await page.get_by_role("button", name="登录").click()
    await expect(page.get_by_label("内容", exact=True)).to_have_value("人民路18号")
