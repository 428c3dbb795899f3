"""Going through the audit log page by page, by its time and by days (O4)."""

import asyncio
import re

from playwright.async_api import Route, expect

from gateway.auth.roles import Role
from tests.browser.conftest import OpenPage
from tests.browser.desk import both_pictures, sign_in
from tests.support.web import PASSWORD, Hotline

MADE = (
    "insert into audit_log (at, actor, action, subject, detail)"
    " select '2026-11-20 04:00Z'::timestamptz + n * interval '1 hour', 'chief',"
    " 'line.changed', 'made ' || n, '{}' from generate_series(1, 60) n"
)


async def test_pages_sorting_and_days(open_surface: OpenPage, hotline: Hotline) -> None:
    await hotline.add_user(Role.ADMINISTRATOR, "root")
    await hotline.pool.execute(MADE)
    page = await open_surface()
    await sign_in(page, "root", PASSWORD)
    await page.goto("/audit")
    rows = page.locator("table.grid tbody tr")
    await expect(rows).to_have_count(50)
    await page.get_by_label("翻页").get_by_role("link", name="下一页").click()
    await expect(page).to_have_url(re.compile(r"after=\d+"))
    await expect(rows.last).to_contain_text(re.compile(r"made 1\b"))
    await page.get_by_label("排序").get_by_role("link", name="最早在前").click()
    await expect(rows.first).to_contain_text(re.compile(r"made 1\b"))
    await expect(page).not_to_have_url(re.compile("after="))

    # Both ends are included, whatever the browser's language makes of dates.
    await page.get_by_label("自", exact=True).fill("2026-11-21")
    await page.get_by_label("至", exact=True).fill("2026-11-21")
    await page.get_by_label("人员").fill("chief")
    await both_pictures(page, "audit-days")
    await page.get_by_role("button", name="筛选").click()
    await expect(rows).to_have_count(24)
    await expect(rows.first).to_contain_text("2026-11-21 00:00")
    await expect(rows.last).to_contain_text("2026-11-21 23:00")
    await expect(page.get_by_label("自", exact=True)).to_have_attribute("type", "text")
    await expect(page.get_by_label("自", exact=True)).to_have_value("2026-11-21")


async def test_a_late_answer_does_not_replace_a_newer_one(
    open_surface: OpenPage, hotline: Hotline
) -> None:
    await hotline.add_user(Role.ADMINISTRATOR, "root")
    await hotline.pool.execute(MADE)
    page, released = await open_surface(), asyncio.Event()

    async def hold(route: Route) -> None:
        await released.wait()
        await route.continue_()

    await page.route("**/api/v1/audit?*order=oldest*", hold)
    await sign_in(page, "root", PASSWORD)
    await page.goto("/audit")
    rows, sorting = page.locator("table.grid tbody tr"), page.get_by_label("排序")
    await expect(rows.first).to_contain_text("made 60")
    await sorting.get_by_role("link", name="最早在前").click()
    await expect(page).to_have_url(re.compile("order=oldest"))
    await sorting.get_by_role("link", name="最新在前").click()
    await expect(page.get_by_role("region", name="审计")).to_have_attribute("aria-busy", "false")
    async with page.expect_response("**/api/v1/audit?*order=oldest*") as late:
        released.set()
    await (await late.value).finished()
    await page.evaluate("new Promise((shown) => setTimeout(shown))")  # what it does, it has done
    await expect(rows.first).to_contain_text("made 60")
