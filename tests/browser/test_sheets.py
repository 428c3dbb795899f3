"""Import, export and users as an administrator sees them, without a switchboard (C9, O4)."""

import csv
import io
import re
from pathlib import Path

from playwright.async_api import Page, expect

from gateway.auth.roles import Role
from tests.browser.conftest import OpenPage
from tests.browser.desk import both_pictures, open_from_group, sign_in
from tests.support.sheets import applied, as_csv, sheet_of
from tests.support.web import PASSWORD, Hotline
from ticketing.imports.columns import Sheet

ROWS = [
    {"code": "C1", "name": "市局", "level": "市级"},
    {"code": "D1", "name": "=区局", "level": "区县级", "parent": "C1"},
    {"code": "D2", "name": "", "level": "区县级", "parent": "C9"},
]


async def downloaded(page: Page, name: str) -> list[list[str]]:
    """The sheet behind a link, as CSV."""
    async with page.expect_download() as download:
        await page.get_by_label(name).get_by_role("link", name="CSV").first.click()
    path = await (await download.value).path()
    return list(csv.reader(io.StringIO(Path(path).read_text("utf-8-sig"))))


async def test_import_and_export(open_surface: OpenPage, hotline: Hotline) -> None:
    await hotline.add_user(Role.ADMINISTRATOR, "admin")
    page = await open_surface()
    await sign_in(page, "admin", PASSWORD)
    await open_from_group(page, "导入导出")
    content = as_csv(sheet_of(Sheet.DEPARTMENTS, ROWS))
    file = {"name": "部门2026.csv", "mimeType": "text/csv", "buffer": content}
    await page.get_by_label("要导入的文件").set_input_files(file)
    result = page.get_by_label("导入结果")
    await expect(result).to_contain_text("共 3 行：新增 2，修改 0", timeout=20_000)
    await expect(page.get_by_label("不能导入的行").locator("tbody tr")).to_have_count(1)
    await expect(result).to_contain_text("必须填写")
    await both_pictures(page, "sheets-checked")
    bad = await downloaded(page, "导入结果")
    assert [row[:3] for row in bad[1:]] == [["名称：必须填写", "D2", ""]]
    await result.get_by_role("button", name="只导入无误的 2 行").click()
    await page.get_by_role("dialog").get_by_role("button", name="只导入无误的行").click()
    await expect(result).to_contain_text("正在导入")
    import_id = int(page.url.rpartition("=")[2])
    assert await applied(hotline, {"import_id": import_id}) is not None
    await expect(result).to_contain_text("已导入 2 行")
    await both_pictures(page, "sheets-applied")
    rows = await downloaded(page, "导出")
    assert [row[:2] for row in rows[1:]] == [["C1", "市局"], ["D1", "'=区局"]]
    await page.get_by_role("link", name="工单", exact=True).click()
    await page.get_by_label("按状态筛选").get_by_role("link", name="已办结").click()
    link = page.locator(".panel header").get_by_role("link", name="XLSX")
    await expect(link).to_have_attribute("href", re.compile("state=closed.*format=xlsx"))
    await both_pictures(page, "cases-export")


async def test_users(open_surface: OpenPage, hotline: Hotline) -> None:
    await hotline.add_user(Role.ADMINISTRATOR, "admin")
    page = await open_surface()
    await sign_in(page, "admin", PASSWORD)
    await open_from_group(page, "用户")
    await page.get_by_role("button", name="新增用户").click()
    form = page.get_by_role("dialog", name="新增用户")
    await form.get_by_label("账号").fill("wang")
    await form.get_by_label("姓名").fill("王")
    await form.get_by_label("工号").fill("1007")
    await page.keyboard.press("Control+Enter")
    await expect(form).to_contain_text("坐席必须有分机")
    await both_pictures(page, "users-form")
    await form.get_by_label("分机").fill("81007")
    await page.keyboard.press("Control+Enter")
    given = page.get_by_role("dialog", name="临时密码")
    password = await given.locator("code").inner_text()
    await both_pictures(page, "users-password")
    await given.get_by_role("button", name="已保存").click()
    await expect(page.locator("tbody tr", has_text="wang")).to_contain_text("坐席")
    await both_pictures(page, "users")

    theirs = await open_surface()
    await theirs.goto("/login")
    await theirs.get_by_label("账号").fill("wang")
    await theirs.locator("#password").fill(password)
    await theirs.get_by_role("button", name="登录").click()
    await expect(theirs.get_by_role("alert")).to_contain_text("请设置新密码")
    await theirs.locator("#new-password").fill("another battery horse")
    await both_pictures(theirs, "login-new-password")
    await theirs.get_by_role("button", name="登录").click()
    await expect(theirs.get_by_role("button", name="退出")).to_be_visible()
    await page.locator("tbody tr", has_text="wang").get_by_role("button", name="停用").click()
    await page.get_by_role("dialog").get_by_role("button", name="停用").click()
    await expect(page.locator("tbody tr", has_text="wang")).to_contain_text("启用")
    await expect(theirs.get_by_role("button", name="登录")).to_be_visible()
