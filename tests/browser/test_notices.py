"""Messages to citizens as an administrator sees them (C7): words, and what did not arrive."""

from playwright.async_api import expect

from gateway.auth.roles import Role
from tests.browser.conftest import OpenPage
from tests.browser.desk import both_pictures, open_from_group, sign_in
from tests.support.web import NOW, PASSWORD, Hotline

FORM = {"kind": "complaint", "title": "路灯不亮", "body": "三天不亮"}


async def refuse(hotline: Hotline) -> None:
    """The SMS gateway has refused the notices of two cases."""
    agent = await hotline.agent()
    for _ in range(2):
        assert (await agent.json("POST", "/api/v1/cases", json=FORM))[0] == 201
    await hotline.pool.execute(
        "insert into citizen_notices"
        " (case_id, version, kind, text, at, state, due_at, expires_at, ended_at, attempts)"
        " select case_id, 1, 'closed', '已办结', $1::timestamptz, 'refused', $1,"
        " $1 + interval '1 day', $1, 1 from cases",
        NOW,
    )
    await hotline.pool.execute(
        "insert into citizen_notice_attempts"
        " (notice_id, at, outcome, status, error, excerpt, duration_s)"
        " select notice_id, $1, 'refused', 422, 'status', 'black list', 0.1 from citizen_notices",
        NOW,
    )


async def test_words_and_refused_messages(open_surface: OpenPage, hotline: Hotline) -> None:
    page = await open_surface()
    await hotline.add_user(Role.ADMINISTRATOR, "admin")
    await refuse(hotline)
    await sign_in(page, "admin", PASSWORD)
    await open_from_group(page, "短信通知")
    await expect(page.get_by_text("未设置短信网关")).to_be_visible()

    words = page.get_by_label("短信内容").get_by_role("row", name="受理")
    await words.get_by_role("button", name="修改").click()
    form = page.get_by_role("dialog", name="修改短信 受理")
    await form.get_by_label("内容").fill("已受理。{enquiry}")
    await form.get_by_role("button", name="保存").click()
    await expect(form.locator(".field .problem")).to_contain_text("须含有且只含一个 {case_no}")
    await form.get_by_label("内容").fill("您的工单{case_no}已受理。{enquiry}")
    await form.get_by_text("发送此类短信").click()
    await form.get_by_role("button", name="保存").click()
    await expect(words).to_contain_text("您的工单{case_no}已受理。{enquiry}")
    await expect(words).to_contain_text("停用")

    letters = page.get_by_label("短信记录").locator("tbody tr")
    await expect(letters).to_have_count(2)
    await expect(letters.first).to_contain_text("对方返回错误（422）")
    await both_pictures(page, "notices")
    await letters.first.get_by_role("button", name="重发").click()
    await expect(letters).to_have_count(1)
    await page.get_by_role("link", name="待发送").click()
    await expect(letters).to_have_count(1)
    await expect(letters.first.get_by_role("button")).to_have_count(0)
    waiting = await hotline.pool.fetchval(
        "select count(*) from citizen_notices where state = 'waiting' and attempts = 0"
    )
    assert waiting == 1

    await page.get_by_role("link", name="被拒绝").click()
    await page.get_by_role("button", name="全部重发").click()
    await page.get_by_role("dialog").get_by_role("button", name="重发").click()
    await expect(page.get_by_text("将重新发送 1 条被拒绝的短信")).to_be_visible()
    await expect(letters).to_have_count(0)
    await expect(page.get_by_role("button", name="全部重发")).to_have_count(0)
