"""Finding cases on the page 工单 (C1): words in the URL, numbers never, by the keyboard alone."""

import re

import pytest
from playwright.async_api import expect

from gateway.auth.roles import Role
from tests.browser.conftest import OpenPage
from tests.browser.desk import both_pictures, sign_in
from tests.support.web import PASSWORD, Hotline
from tests.support.web_switchboard import CALLER
from ticketing.search import word_walk
from ticketing.search.words import catch_up

FORM = {"kind": "complaint", "body": "人民路18号门前路灯三天不亮，夜间行走不便。"}


async def open_some(hotline: Hotline) -> str:
    """One case of a call, whose number is returned, and ten others."""
    agent = await hotline.agent("1001")
    call_id = await hotline.store_call("1.1", "1001")
    opened = [
        {"title": "路灯不亮", "call_id": call_id},
        {"title": "井盖丢失", "body": "淞发路口的井盖不见了", "address": "幸福里小区东门"},
        *({"title": f"其他路灯{number}"} for number in range(9)),
    ]
    numbers = []
    for form in opened:
        status, case = await agent.json("POST", "/api/v1/cases", json=FORM | form)
        assert status == 201, case
        numbers.append(str(case["case_no"]))
    return numbers[0]


async def test_finding_cases(hotline: Hotline, open_surface: OpenPage) -> None:
    case_no = await open_some(hotline)
    await hotline.add_user(Role.SUPERVISOR, "chief")
    page = await open_surface()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await sign_in(page, "chief", PASSWORD)
    await page.goto("/cases")
    rows, field = page.locator(".found tbody tr"), page.get_by_label("查找工单")
    await expect(rows).to_have_count(11)

    await page.keyboard.press("Alt+F")
    await expect(field).to_be_focused()
    await page.keyboard.type("幸福里 井盖")
    await page.keyboard.press("Enter")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("井盖丢失")
    await expect(page).to_have_url(re.compile(r"\?text="))
    await expect(page.get_by_label("按时限筛选")).to_have_count(0)
    await both_pictures(page, "cases-found")
    await page.reload()
    await expect(field).to_have_value("幸福里 井盖")
    await expect(rows).to_have_count(1)
    await page.get_by_role("link", name="已办结").click()
    await expect(page.get_by_text("没有符合条件的工单")).to_be_visible()
    await page.get_by_label("按状态筛选").get_by_role("link", name="全部").click()

    await field.fill("路灯")
    await field.press("Enter")
    await expect(rows).to_have_count(10)
    await field.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect(rows.nth(1).get_by_role("link")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("article")).to_contain_text("其他路灯7")
    await page.go_back()

    await field.fill(f"{CALLER[:3]} {CALLER[3:]}")
    await field.press("Enter")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("138****0001")
    await expect(page).to_have_url(re.compile(r"/cases$"))
    await page.goto("/cases?from=2026-11-22&to=2026-11-22")
    await expect(page.get_by_text("没有符合条件的工单")).to_be_visible()
    await both_pictures(page, "cases-none")

    await field.fill(case_no)
    await field.press("Enter")
    await expect(page).to_have_url(re.compile(f"/cases/{case_no}$"))
    await expect(page.get_by_role("article")).to_contain_text("路灯不亮")
    assert not [url for url in asked if CALLER[3:] in url]


async def test_what_takes_several_requests_to_find_is_one_page(
    hotline: Hotline, open_surface: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_walk, "MOST", 6)
    monkeypatch.setattr(word_walk, "CROWDED", 4)
    await hotline.add_user(Role.SUPERVISOR, "chief")
    await hotline.pool.execute(
        "insert into cases (case_no, kind, title, body, state, opened_by, opened_at)"
        " select '20250101-' || 10000 + n, 'help', n::text, '路灯不亮', 'registered', user_id,"
        " now() - n * interval '20 days' from generate_series(1, 12) n, users"
        " where login = 'chief'"
    )
    async with hotline.pool.acquire() as connection, connection.transaction():
        while await catch_up(connection, 100):
            pass
    page = await open_surface()
    await sign_in(page, "chief", PASSWORD)
    answers: list[str] = []
    page.on("response", lambda answer: answers.append(answer.url))
    await page.goto("/cases?text=路灯")
    await expect(page.locator(".found tbody tr")).to_have_count(12)
    assert len([url for url in answers if url.endswith("/cases/search")]) > 1
