"""T10: who may hears what was said, from the case and from the call, and goes to and fro in it."""

from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.desk import both_pictures, sign_in
from tests.support.live import until
from tests.support.recordings import write_recording
from tests.support.web import NOW, PASSWORD, Hotline
from tests.support.web_switchboard import SWITCHBOARD

UNIQUEID = f"hotline-{int(NOW.timestamp())}.7"
FORM = {
    "kind": "complaint",
    "title": "路灯不亮",
    "body": "人民路18号门前路灯三天不亮。",
    "call_id": f"{SWITCHBOARD}-{UNIQUEID}",
}


async def state(player: Locator) -> dict[str, Any]:
    """What the audio element says of itself."""
    found = await player.evaluate(
        "({currentTime, duration, paused, error}) => ({currentTime, duration, paused, error})"
    )
    return dict(found)


async def plays_and_seeks(page: Page, button: Locator) -> None:
    """By the keyboard: the button, then the native player with its own keys."""
    await button.focus()
    await page.keyboard.press("Enter")
    player = page.locator("audio")
    await expect(player).to_be_focused()
    await until(lambda: state(player), lambda now: now["currentTime"] > 0)
    assert (await state(player))["duration"] == 20
    await player.evaluate("player => { player.currentTime = 12 }")
    await until(lambda: state(player), lambda now: now["currentTime"] > 12.2)
    await page.keyboard.press("Space")
    await until(lambda: state(player), lambda now: now["paused"])
    assert (await state(player))["currentTime"] < 20


async def test_hearing_a_call(open_surface: OpenPage, hotline: Hotline) -> None:
    assert hotline.settings.recordings_dir
    agent = await hotline.agent("1001")
    await hotline.store_call(UNIQUEID, "1001")
    file = write_recording(hotline.settings.recordings_dir, UNIQUEID, seconds=20)
    _, case = await agent.json("POST", "/api/v1/cases", json=FORM)
    page = await open_surface()
    await sign_in(page, "agent1001", PASSWORD)
    recent = page.get_by_role("region", name="最近通话")
    await expect(recent.get_by_role("button", name="听录音")).to_be_visible()
    await both_pictures(page, "recording-offered")
    await recent.get_by_role("button", name="听录音").click()
    await expect(recent.locator("audio")).to_be_visible()
    await both_pictures(page, "recording-recent-call")
    await recent.get_by_role("button", name="收起录音").click()
    await expect(page.locator("audio")).to_have_count(0)
    await page.goto(f"/cases/{case['case_no']}")
    article = page.get_by_role("article")
    await plays_and_seeks(page, article.get_by_role("button", name="听录音"))
    await both_pictures(page, "recording-case")
    file.unlink()
    await page.reload()
    await expect(article.get_by_text("没有录音")).to_be_visible()
    await expect(article.get_by_role("button", name="听录音")).to_have_count(0)


async def test_a_recording_that_cannot_be_played(open_surface: OpenPage, hotline: Hotline) -> None:
    assert hotline.settings.recordings_dir
    await hotline.supervisor()
    agent = await hotline.agent("1001")
    await hotline.store_call(UNIQUEID, "1001")
    file = write_recording(hotline.settings.recordings_dir, UNIQUEID)
    file.write_bytes(b"no sound" * 1000)
    _, case = await agent.json("POST", "/api/v1/cases", json=FORM)
    page = await open_surface()
    await sign_in(page, "supervisor", PASSWORD)
    await page.goto(f"/cases/{case['case_no']}")
    article = page.get_by_role("article")
    await article.get_by_role("button", name="听录音").click()
    await expect(article.get_by_text("录音放不出来，请重新点击“听录音”。")).to_be_visible()
    await expect(article.get_by_role("button", name="听录音")).to_be_visible()
    file.unlink()  # removed, past its time, while the page was open
    await article.get_by_role("button", name="听录音").click()
    await expect(page.get_by_text("这次通话没有录音：没有人接听，或者已过保存期限")).to_be_visible()
