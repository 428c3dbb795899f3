"""What seats did in a period, as the API tells it (REQUIREMENTS T3, M1, M3)."""

import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import Locator, Page, expect

from gateway.auth.roles import Role
from metrics.figures import CITY, midnight
from tests.browser.conftest import OpenPage
from tests.browser.desk import both_pictures, picture, sign_in
from tests.support.web import NOW, PASSWORD, Hotline

DAYS = "from=2026-11-22&to=2026-11-23"
TIMES = (
    *("logged_in_s", "ready_s", "ringing_s", "talking_s", "hold_s", "wrap_up_s", "unreachable_s"),
    "not_ready_s",
)
RATES = ("occupancy", "seat_utilization")
# Minutes of each state of a shift, one after the other.
BUSY = {
    "ready": 61,
    "ringing": 4,
    "talking": 190.5,
    "hold": 11,
    "wrap_up": 62,
    "not_ready/就餐": 30,
}
IDLE = {"ready": 200, "talking": 20, "not_ready/小休": 15, "not_ready/培训": 55, "unreachable": 3}
NO_CALLS = {"not_ready/小休": 7}


async def worked(hotline: Hotline, agent: str, shift: dict[str, float], begins: datetime) -> None:
    await hotline.add_user(Role.AGENT, f"agent{agent}", agent=agent)
    at = begins
    for what, minutes in (shift | {"logged_out": 1}).items():
        until = at + timedelta(minutes=minutes)
        await hotline.pool.execute(
            "insert into seat_intervals (switchboard, agent, state, reason, started_at, ended_at)"
            " values ('sb1', $1, $2, $3, $4, $5)",
            *(agent, what.split("/")[0], what.partition("/")[2], at, until),
        )
        at = until


async def supervisor(hotline: Hotline, open_surface: OpenPage) -> Page:
    await hotline.add_user(Role.SUPERVISOR, "chief")
    page = await open_surface()
    await sign_in(page, "chief", PASSWORD)
    return page


def duration(seconds: float) -> str:
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes:02}:{whole % 60:02}"


def as_shown(row: dict[str, Any], reasons: list[str]) -> list[str]:
    rates = [
        ("无数据" if rate["rate"] is None else f"{rate['rate'] * 100:.1f}%")
        + f" {duration(rate['numerator'])} / {duration(rate['denominator'])}"
        for rate in (row[name] for name in RATES)
    ]
    spent = [row["not_ready_by_reason"].get(reason, 0) for reason in reasons]
    return [duration(seconds) for seconds in [*(row[name] for name in TIMES), *spent]] + rates


async def cells(row: Locator) -> list[str]:
    return [" ".join(text.split()) for text in await row.locator("td").all_inner_texts()]


async def test_figures_are_those_of_the_api(hotline: Hotline, open_surface: OpenPage) -> None:
    night = midnight(NOW.astimezone(CITY).date()) - timedelta(hours=2)  # over midnight
    await worked(hotline, "1001", BUSY, night)
    await worked(hotline, "1002", IDLE, night)
    await worked(hotline, "1003", NO_CALLS, night)
    page = await supervisor(hotline, open_surface)
    await page.get_by_role("link", name="坐席统计").click()
    await page.goto(f"/seat-figures?{DAYS}")
    table = page.get_by_role("region", name="坐席时长与比率")
    rows, headings = table.locator("tbody tr"), table.locator("thead th")
    await expect(rows).to_have_count(3)
    reasons = ["培训", "就餐", "小休"]
    await expect(headings.filter(has_text=re.compile("|".join(reasons)))).to_have_text(reasons)
    start = midnight(datetime(2026, 11, 22, tzinfo=CITY).date())
    query = {"start": start.isoformat(), "end": (start + timedelta(days=2)).isoformat()}
    api = await hotline.browser(await hotline.add_user(Role.ADMINISTRATOR, "root"))
    _, told = await api.json("GET", "/api/v1/seats/figures", params=query | {"step": "whole"})
    for row in told:
        shown = await cells(rows.filter(has_text=row["display_name"]))
        assert shown == as_shown(row, reasons), row["agent"]
    await expect(rows.filter(has_text="1003")).to_contain_text("无数据")
    busy_s = sum(row["occupancy"]["numerator"] for row in told)
    total = await cells(table.locator("tfoot tr"))
    assert duration(busy_s) in total[-1]
    await both_pictures(page, "seat-figures")

    await page.get_by_role("button", name="繁忙率").click()
    await expect(page).to_have_url(re.compile("sort=occupancy&order=desc"))
    await expect(rows).to_contain_text(["1001", "1002", "1003"])
    await page.get_by_role("button", name="繁忙率").click()
    await page.reload()
    await expect(rows).to_contain_text(["1002", "1001", "1003"])  # without data: last either way
    await page.get_by_role("button", name="就餐").click()
    await expect(rows.first).to_contain_text("1001")
    await page.get_by_role("link", name="按日").click()
    await expect(rows.filter(has_text="2026-11-22")).to_have_count(3)
    await both_pictures(page, "seat-figures-days")
    await page.get_by_label("查找坐席").fill("agent1001")
    await expect(rows).to_have_count(2)


async def test_periods(hotline: Hotline, open_surface: OpenPage) -> None:
    page = await supervisor(hotline, open_surface)
    for name, first, days in (("今天", 0, 1), ("昨天", -1, 1), ("近 7 天", -6, 7)):
        before = datetime.now(CITY).date()
        async with page.expect_request("**/seats/figures?*") as asked:
            if name == "今天":
                await page.get_by_role("link", name="坐席统计").click()
            else:
                await page.get_by_role("link", name=name).click()
        query = parse_qs(urlsplit((await asked.value).url).query)
        start, end = (datetime.fromisoformat(query[end][0]) for end in ("start", "end"))
        assert end - start == timedelta(days=days)
        today = {before, datetime.now(CITY).date()}  # the test may run over midnight
        assert start in {midnight(day + timedelta(days=first)) for day in today}
    await expect(page.get_by_role("status").last).to_contain_text("这段时间没有坐席签入")
    await both_pictures(page, "seat-figures-none")
    for label, day in (("开始日期", "2026-11-21"), ("结束日期", "2026-11-22")):
        await page.get_by_label(label).fill(day)
        await page.get_by_label(label).press("Enter")
        await expect(page).to_have_url(re.compile(day))
    await expect(page).to_have_url(re.compile("from=2026-11-21&to=2026-11-22"))
    await page.get_by_label("结束日期").click()
    await picture(page, "seat-figures-calendar")
    await page.keyboard.press("Escape")
    for query_text, why in (
        ("from=2026-11-23&to=2026-11-22", "结束日期不能早于开始日期"),
        ("from=2026-11-01&to=2026-11-23&step=hour", "按小时统计最长 3 天"),
        ("from=2026-11-31&to=x", "日期不正确"),
    ):
        await page.goto(f"/seat-figures?{query_text}")
        await expect(page.get_by_role("alert")).to_contain_text(why)


async def test_agents_do_not_get_the_page(hotline: Hotline, open_surface: OpenPage) -> None:
    await hotline.add_user(Role.AGENT, "li", agent="1001")
    page = await open_surface()
    await sign_in(page, "li", PASSWORD)
    await expect(page.get_by_role("link", name="坐席统计")).to_have_count(0)
    await page.goto("/seat-figures")
    await expect(page.get_by_role("alert")).to_contain_text("您的角色不能使用“坐席统计”")
