"""Administrators define the lines of the hotline on their page (REQUIREMENTS T9, O4)."""

import re

from playwright.async_api import Page, expect

from gateway.auth.roles import Role
from tests.browser.conftest import OpenPage
from tests.browser.desk import both_pictures, expect_not_in_group, open_from_group, sign_in
from tests.support.web import PASSWORD, Hotline

MERGED = """
insert into lines select '963' || lpad(n::text, 2, '0'), '部门专线 ' || n || ' 号',
  case when n <= 30 then 'cancelled' when n <= 50 then 'kept' else 'dual' end,
  '市民政局', case when n > 50 then '东区' else '' end
from generate_series(1, 55) n
"""


async def administrator(hotline: Hotline, open_surface: OpenPage) -> Page:
    await hotline.add_user(Role.ADMINISTRATOR, "root")
    page = await open_surface()
    await sign_in(page, "root", PASSWORD)
    await open_from_group(page, "热线线路")
    return page


async def test_a_line_is_defined_changed_and_removed(
    hotline: Hotline, open_surface: OpenPage
) -> None:
    page = await administrator(hotline, open_surface)
    table, side = page.get_by_label("热线线路", exact=True), page.get_by_role("complementary")
    await expect(table).to_contain_text("12345热线")
    await expect(side).to_contain_text("没有变更记录")
    await page.keyboard.press("Alt+N")
    number = page.get_by_label("号码", exact=True)
    await expect(number).to_be_focused()
    for wrong, why in (("123-15", "只能是 2 至 20 位数字"), ("12345", "已经登记")):
        await number.fill(wrong)
        await page.get_by_label("名称").fill("消费者投诉举报专线")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#number-problem")).to_contain_text(why)
        await expect(number).to_be_focused()
        await expect(number).to_have_attribute("aria-invalid", "true")
    await number.fill("12315")
    await page.get_by_label("区县").fill("东区/西区")
    await page.get_by_role("button", name="登记", exact=False).last.click()
    await expect(page.locator("#district-problem")).to_contain_text("不能含有斜杠")
    await expect(page.get_by_label("区县")).to_be_focused()
    await expect(page.locator("#number-problem")).to_have_count(0)
    await both_pictures(page, "lines-refused")
    await page.get_by_label("区县").fill("东区")
    await page.get_by_label("主管部门").fill("市场监管局")
    await page.keyboard.press("Enter")
    row = table.locator("tr", has_text="12315")
    await expect(row).to_contain_text("消费者投诉举报专线")
    await expect(row).to_contain_text("保留号码")
    await expect(page).to_have_url(re.compile("line=12315"))
    await page.get_by_role("radio", name="已取消号码").check()
    await page.get_by_role("button", name="保存").click()
    await expect(side).to_contain_text("方式：保留号码 → 已取消号码")
    await expect(row).to_contain_text("已取消号码")
    await both_pictures(page, "lines-changed")
    await page.get_by_role("button", name="删除").click()
    await page.get_by_role("dialog").get_by_role("button", name="删除").click()
    await expect(row).to_have_count(0)
    await expect(side).to_contain_text("现在没有这条线路")
    await page.keyboard.press("Escape")
    await expect(side.locator("li").first).to_contain_text(re.compile(r"删除\s*12315\s*root"))
    assert await hotline.pool.fetchval("select count(*) from lines") == 1


async def test_many_lines_are_found(hotline: Hotline, open_surface: OpenPage) -> None:
    await hotline.pool.execute(MERGED)
    page = await administrator(hotline, open_surface)
    table = page.get_by_label("热线线路", exact=True)
    await expect(table.locator("tbody tr")).to_have_count(56)
    await both_pictures(page, "lines")
    await table.get_by_role("link", name="双号并行 5").click()
    await expect(table.locator("tbody tr")).to_have_count(5)
    await page.reload()
    await expect(table.locator("tbody tr")).to_have_count(5)
    await table.get_by_label("查找线路").fill("53")
    await expect(table.locator("tbody tr")).to_have_count(1)
    await table.get_by_label("查找线路").fill("没有这样的")
    await expect(table).to_contain_text("没有符合条件的线路")


async def test_only_administrators_get_the_page(hotline: Hotline, open_surface: OpenPage) -> None:
    await hotline.add_user(Role.SUPERVISOR, "chief")
    page = await open_surface()
    await sign_in(page, "chief", PASSWORD)
    await expect(page.get_by_role("link", name="坐席统计")).to_be_visible()
    await expect_not_in_group(page, "热线线路")
    await page.goto("/lines")
    await expect(page.get_by_role("alert")).to_contain_text("您的角色不能使用“热线线路”")
    await both_pictures(page, "no-access")
