"""Wrap-up and signing in elsewhere, on the agent's page (REQUIREMENTS T3)."""

import pytest
from playwright.async_api import expect

from tests.browser.desk import Desk, picture
from tests.support.running_gateway import RunningGateway


@pytest.fixture
def wrap_up_s() -> float:
    """Long enough that only a hand ends it."""
    return 60


async def test_wrap_up_is_prolonged_and_ended_by_hand(
    desk: Desk, running_gateway: RunningGateway
) -> None:
    page, state = desk.page, desk.page.locator(".state")
    await running_gateway.place_call()
    await desk.until_talking()
    await expect(state).to_contain_text("话后处理", timeout=20_000)
    await page.get_by_role("button", name="延长").click()
    await expect(page.get_by_text("话后处理已延长 60 秒")).to_be_visible()
    await picture(page, "desk-wrap-up")
    await page.set_viewport_size({"width": 1920, "height": 1080})
    await picture(page, "desk-wrap-up-1920")
    await page.get_by_role("button", name="完成").click()
    await expect(state).to_contain_text("就绪")
    await expect(page.get_by_role("button", name="延长")).to_have_count(0)


async def test_signing_in_at_another_phone(desk: Desk) -> None:
    page, state = desk.page, desk.page.locator(".state")
    await desk.ask_for_state("Q")
    await page.get_by_role("button", name="签出", exact=True).last.click()
    await expect(state).to_contain_text("未签入")
    await page.get_by_label("签入分机").fill("1004")
    await picture(page, "desk-signed-out")
    await page.get_by_role("button", name="签入").click()
    await expect(state).to_contain_text("话机离线")
    await expect(page.get_by_label("坐席状态")).to_contain_text("1004")
