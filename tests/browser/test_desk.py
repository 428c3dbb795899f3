"""The agent's workbench (T3, T6, C1, C2, S1, S2) on the real gateway and switchboard."""

from playwright.async_api import expect

from tests.browser.desk import Desk, picture
from tests.support.running_gateway import RunningGateway

MASKED = "138****0001"
TEXTS = {
    "标题": "人民路路灯不亮",
    "内容": "人民路18号门前路灯三天不亮，晚上出行不便。",
    "地址": "人民路18号",
}
SURVEY_MS = 60_000


async def test_call_becomes_a_closed_case_with_rating_and_callback(
    desk: Desk, running_gateway: RunningGateway
) -> None:
    page = desk.page
    await picture(page, "desk-idle")
    await running_gateway.place_call()
    await desk.until_ringing()
    pop = page.get_by_label("来电弹屏")
    await expect(pop).to_contain_text(MASKED)
    await expect(pop).to_contain_text("首次来电")
    await expect(page).to_have_title(f"☎ 来电 {MASKED}")
    await picture(page, "desk-ringing")
    await desk.until_talking()
    await desk.write("投诉", **TEXTS)
    await picture(page, "desk-talking")
    await page.get_by_label("标题", exact=True).press("Control+Enter")
    await page.locator(".done").get_by_role("link").click()
    closing = page.get_by_role("form", name="办结工单")
    await closing.get_by_label("办理结果").fill("已派维修，当日恢复。")
    await closing.get_by_role("button").click()
    await expect(page.get_by_label("当前通话")).to_contain_text("通话已结束", timeout=15_000)
    await expect(page.get_by_label("通话评价")).to_contain_text("满意", timeout=SURVEY_MS)
    callback = page.get_by_label("回访结果")
    await expect(callback).to_contain_text("第 1 次 · 完成", timeout=SURVEY_MS)
    await expect(callback.locator("dd")).to_have_text(["是", "是", "满意"])
    await picture(page, "desk-case-closed")


async def test_text_survives_a_cut_a_reload_and_the_next_call(
    desk: Desk, running_gateway: RunningGateway
) -> None:
    page = desk.page
    body = page.get_by_label("内容", exact=True)
    await running_gateway.place_call()
    await desk.until_talking()
    await desk.write("求助", **TEXTS)
    await desk.wire.cut()
    await expect(page.locator(".link")).to_have_text("重连中")
    await expect(body).to_have_value(TEXTS["内容"])
    await expect(page.locator(".link")).to_have_text("实时")
    await page.reload()
    await expect(body).to_have_value(TEXTS["内容"])
    await expect(page.get_by_label("当前通话")).to_contain_text("通话已结束", timeout=15_000)
    await running_gateway.place_call()
    await desk.until_ringing()
    await expect(body).to_have_value(TEXTS["内容"])
    await picture(page, "desk-second-ringing")
    await desk.until_talking()
    await expect(body).to_have_value("")
    tabs = page.get_by_label("登记单").get_by_role("button", name="138****")
    await tabs.first.click()
    await expect(body).to_have_value(TEXTS["内容"])
    await picture(page, "desk-two-calls")


async def test_repeated_event_is_discarded(desk: Desk, running_gateway: RunningGateway) -> None:
    await running_gateway.place_call()
    await desk.until_ringing()
    await desk.until_talking()
    desk.wire.repeat("call.ringing")
    desk.wire.repeat("call.answered")  # in order: once this one is through, so is the other
    await desk.page.evaluate("new Promise(requestAnimationFrame)")
    await expect(desk.page.get_by_label("来电弹屏")).to_have_count(0)


async def test_missing_entries_are_named_at_their_fields(
    desk: Desk, running_gateway: RunningGateway
) -> None:
    page = desk.page
    await running_gateway.place_call()
    await desk.until_talking()
    await page.keyboard.press("Alt+A")
    await page.get_by_role("button", name="登记并办结").click()
    form = page.get_by_role("form", name="工单登记")
    for sentence in ("请选择诉求类型", "请填写标题", "请填写诉求内容", "请填写答复内容"):
        await expect(form).to_contain_text(sentence)
    await picture(page, "desk-missing")
    await desk.write("咨询", **TEXTS, 答复="可在政务服务网办理。")
    await page.get_by_role("button", name="登记并办结").click()
    await expect(page.locator(".done")).to_contain_text("本次通话已登记工单")


async def test_seat_states_are_those_of_the_switchboard(desk: Desk) -> None:
    page, state = desk.page, desk.page.locator(".state")
    for key, shown in (("X", "示忙·小休"), ("H", "示忙·会议"), ("J", "就绪")):
        await desk.ask_for_state(key)
        await expect(state).to_contain_text(shown)
    await desk.ask_for_state("Q")
    await page.get_by_role("button", name="签出", exact=True).last.click()
    await expect(state).to_contain_text("未签入")
    await expect(page.get_by_role("button", name="签入")).to_be_enabled()


async def test_page_comes_back_after_the_gateway_was_killed(
    desk: Desk, running_gateway: RunningGateway
) -> None:
    page, gateway = desk.page, running_gateway.system.gateway
    gateway.kill()
    await expect(page.get_by_text("与服务器的实时连接已断开")).to_be_visible(timeout=10_000)
    await picture(page, "desk-disconnected")
    await gateway.start()
    await expect(page.locator(".link")).to_have_text("实时", timeout=20_000)
    await expect(page.locator(".state")).to_contain_text("就绪", timeout=20_000)
