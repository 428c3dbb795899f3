"""Destinations of webhooks and their dead letters, as an administrator sees them (C9)."""

from playwright.async_api import Page, expect

from gateway.auth.roles import Role
from tests.browser.conftest import OpenPage
from tests.browser.desk import open_from_group, picture, sign_in
from tests.support.web import NOW, PASSWORD, Hotline

FORM = {"kind": "complaint", "title": "路灯不亮", "body": "三天不亮"}


async def large(page: Page, name: str) -> None:
    """Pictures in both sizes."""
    await picture(page, name)
    await page.set_viewport_size({"width": 1920, "height": 1080})
    await picture(page, f"{name}-large")
    await page.set_viewport_size({"width": 1366, "height": 768})


async def fail(hotline: Hotline) -> None:
    """Three cases happen; the first event of each is given up."""
    agent = await hotline.agent()
    for _ in range(3):
        _, case = await agent.json("POST", "/api/v1/cases", json=FORM)
        step = {"step": "noted", "version": 1, "note": "看过"}
        await agent.json("POST", f"/api/v1/cases/{case['case_no']}/steps", json=step)
    await hotline.pool.execute(
        "update webhook_deliveries set state = 'dead', attempts = 20, tried_since = $1"
        " where event_no in (select event_no from webhook_events where name = 'case.opened')",
        NOW,
    )
    await hotline.pool.execute(
        "insert into webhook_attempts (delivery_id, at, outcome, status, error, excerpt,"
        " duration_s) select delivery_id, $1, 'given_up', 500, 'status', $2, 1"
        " from webhook_deliveries where state = 'dead'",
        *(NOW, "<h1>Internal Server Error</h1> " * 6),
    )
    await hotline.pool.execute("update webhook_lanes set due_at = null")


async def test_destination_and_dead_letters(open_surface: OpenPage, hotline: Hotline) -> None:
    page = await open_surface()
    await hotline.add_user(Role.ADMINISTRATOR, "admin")
    await sign_in(page, "admin", PASSWORD)
    await open_from_group(page, "推送")
    await expect(page.get_by_text("没有推送", exact=True)).to_be_visible()

    await page.get_by_role("button", name="新增推送").click()
    form = page.get_by_role("dialog", name="新增推送")
    await form.get_by_label("名称").fill("城管综合平台")
    await form.get_by_label("地址").fill("http://10.1.2.3/hook")
    await form.get_by_role("button", name="保存").click()
    await expect(form.locator(".field .problem")).to_contain_text("须使用 https")
    await form.get_by_label("地址").fill("https://cg.example/12345/hook")
    await form.get_by_text("全部事件").click()
    await form.get_by_label("登记").check()
    await form.get_by_label("备注").check()
    await large(page, "webhook-form")
    await form.get_by_role("button", name="保存").click()
    secret = page.get_by_role("dialog", name="签名密钥")
    value = await secret.locator("code").inner_text()
    stored = await hotline.pool.fetchval("select secret from webhook_destinations")
    assert value == stored
    await picture(page, "webhook-secret")
    await secret.get_by_role("button", name="已保存").click()

    await fail(hotline)
    row = page.locator("tbody tr", has_text="城管综合平台")
    await row.click()
    await page.get_by_role("button", name="刷新").click()
    await expect(row).to_contain_text("2 种")
    letters = page.get_by_label("推送 城管综合平台").locator("tbody tr")
    await expect(letters).to_have_count(3)
    await expect(letters.first).to_contain_text("对方返回错误（500）")
    await large(page, "webhooks")
    await letters.first.get_by_role("button", name="重推").click()
    await expect(letters).to_have_count(2)
    await letters.first.get_by_role("button", name="放弃").click()
    await page.get_by_role("dialog").get_by_role("textbox").fill("对方已补录")
    await page.get_by_role("dialog").get_by_role("button", name="放弃").click()
    await expect(letters).to_have_count(1)
    await page.get_by_role("button", name="全部重推").click()
    await page.get_by_role("dialog").get_by_role("button", name="重推").click()
    await expect(page.get_by_text("没有死信的事件")).to_be_visible()
    await page.get_by_role("link", name="待推送").click()
    await expect(letters).to_have_count(5)
    await picture(page, "webhooks-waiting")
    await row.get_by_role("button", name="停用").click()
    await expect(row).to_contain_text("停用")
    await row.get_by_role("button", name="删除").click()
    await page.get_by_role("dialog").get_by_role("button", name="删除").click()
    await expect(page.get_by_text("没有推送", exact=True)).to_be_visible()
