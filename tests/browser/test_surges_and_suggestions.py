"""C10, C12: warnings for overseers; a suggestion in the case form, accepted with one key."""

from playwright.async_api import Page, expect

from gateway.auth.roles import Role
from gateway.context import Context
from gateway.engines import Engines
from gateway.live import iso
from gateway.readiness import Readiness
from gateway.settings import Settings
from gateway.suggestion_training import train_if_due
from gateway.surge_watch import watch_surges
from tests.browser.conftest import OpenPage
from tests.browser.desk import both_pictures, sign_in
from tests.support.corpus import make_cases
from tests.support.corpus_city import build_city, store_cases
from tests.support.web import NOW, PASSWORD, Hotline
from tests.support.web_switchboard import call_data, part

CASES = 1500
SETTINGS = {"suggest_preselect_percent": 95.0}


async def learn(hotline: Hotline, dsn: str) -> Context:
    """The city has had cases, and learnt from them."""
    async with hotline.pool.acquire() as connection:
        ids = await build_city(connection)
        await store_cases(connection, make_cases(CASES), ids, NOW)
    engines = Engines(dsn=dsn, pool=hotline.pool, redis=hotline.redis)
    context = Context(Settings(), engines, Readiness(), clock=lambda: NOW)
    training = await train_if_due(context)
    assert training is not None
    assert training.outcome == "trained"
    return context


async def writes(agent: Page, hotline: Hotline) -> None:
    """The agent writes, sees what is proposed, takes it with one key, and registers the case."""
    await hotline.switchboard.tell_seat("1001", "talking", call_id="sb1-5.1")
    talking = {"agent": "1001", "agents": [part("1001")], "answered_at": iso(NOW)}
    for name in ("call.ringing", "call.answered"):
        await hotline.switchboard.tell(name, call_data("sb1-5.1", **talking))
    form = agent.get_by_role("form", name="工单登记")
    await form.get_by_role("radio", name="求助").locator("..").click()
    await form.get_by_label("地址", exact=True).fill("东区人民路18号阳光花园")
    await form.get_by_label("标题", exact=True).fill("楼下停放的电动车被偷")
    await form.get_by_label("内容", exact=True).fill("市民来电反映，昨晚电动车被偷，希望尽快处理。")
    bar = agent.get_by_label("派单建议")
    await expect(bar).to_contain_text("盗窃")
    await expect(bar).to_contain_text("“电动车”")
    await expect(bar).to_contain_text("东区同类工单")
    await agent.keyboard.press("Alt+N")
    await expect(bar.get_by_role("button", name="盗窃", pressed=True)).to_be_visible()
    await expect(bar.get_by_role("button", name="东区公安局", pressed=True)).to_be_visible()
    await both_pictures(agent, "suggestion")
    await agent.keyboard.press("Control+Enter")
    await expect(agent.locator(".done")).to_contain_text("本次通话已登记工单")


async def test_suggestion_and_warnings(
    hotline: Hotline, database_dsn: str, open_surface: OpenPage
) -> None:
    context = await learn(hotline, database_dsn)
    await hotline.add_user(Role.AGENT, "li", agent="1001")
    await hotline.add_user(Role.SUPERVISOR, "chief")
    agent, chief = await open_surface(), await open_surface()
    await sign_in(agent, "li", PASSWORD)
    await writes(agent, hotline)
    chosen = await hotline.pool.fetchrow(
        "select k.name as category, d.name as department from dispatch_suggestions s"
        " join categories k using (category_id) join departments d"
        " on d.department_id = s.department_id"
    )
    assert tuple(chosen or ()) == ("盗窃", "东区公安局")
    await hotline.pool.execute(
        "update cases set opened_at = $1, title = '路灯不亮', address = '东区人民路18号'"
        " where case_id in (select case_id from cases order by case_id desc limit 6)",
        NOW,
    )
    assert await watch_surges(context) is not None
    await sign_in(chief, "chief", PASSWORD)
    await chief.get_by_role("link", name="预警").click()
    open_now = chief.get_by_label("当前预警")
    row = open_now.locator("tr", has_text="同地同事")
    await expect(row).to_contain_text("人民路18号")
    await row.get_by_role("button", name="人民路18号").click()
    await expect(open_now.get_by_label("其中的工单").get_by_role("link")).to_have_count(6)
    await both_pictures(chief, "surges")
    await row.get_by_role("button", name="确认").click()
    await expect(row).to_contain_text("chief")
