"""C13: what rises is counted by a job and told over HTTP, never from confidential cases."""

import asyncio
from datetime import timedelta
from typing import Any

from gateway.context import Context
from gateway.engines import Engines
from gateway.readiness import Readiness
from gateway.topic_counts import count_topics
from tests.support.web import NOW, Hotline

PATH = "/api/v1/hot-topics"


async def fill(hotline: Hotline, day: int, cases: int, **columns: Any) -> None:
    """Cases of so many days ago."""
    case = {"title": "路灯不亮", "body": "夜间照明", "address": "人民路18号", "confidential": False}
    case |= {"lead": "S1", "category": "K11"} | columns
    await hotline.pool.execute(
        "insert into cases (case_no, kind, title, body, address, confidential, state, opened_by,"
        " opened_at, lead_id, category_id)"
        " select '20260101-' || (10000 + (select count(*) from cases) + n), 'complaint', $1, $2,"
        " $3, $4, 'dispatched', (select min(user_id) from users), $5,"
        " (select department_id from departments where code = $6),"
        " (select category_id from categories where code = $7) from generate_series(1, $8) n",
        *(case["title"], case["body"], case["address"], case["confidential"]),
        NOW - timedelta(days=day),
        *(case["lead"], case["category"], cases),
    )


async def test_what_rises(hotline: Hotline, database_dsn: str) -> None:
    admin, chief = await hotline.administrator(), await hotline.supervisor()
    for code, parent in (("C1", None), ("D1", "C1"), ("S1", "D1"), ("S2", "D1")):
        await hotline.department(code, parent)
    for form in ({"code": "K1", "name": "市政"}, {"code": "K11", "name": "路灯", "parent": "K1"}):
        assert (await admin.json("POST", "/api/v1/categories", json=form))[0] == 201
    await fill(hotline, 9, 12)
    await fill(hotline, 2, 12)
    await fill(hotline, 8, 8, title="噪声", body="工地噪声", address="五一路", lead="S2")
    flood = {"title": "积水严重", "body": "雨后积水", "address": "建设街3号", "lead": "S2"}
    await fill(hotline, 1, 8, **flood)
    secret = {"title": "举报贪污", "body": "贪污线索", "address": "建设街3号", "confidential": True}
    await fill(hotline, 1, 9, **secret)
    await fill(hotline, 1, 4, title="停电", body="停电", address="")
    await fill(hotline, 0, 50, title="今天", body="今天还没有过完", address="今日路")
    engines = Engines(dsn=database_dsn, pool=hotline.pool, redis=hotline.redis)
    context = Context(
        settings=hotline.settings,
        engines=engines,
        readiness=Readiness(),
        clock=hotline.services.clock,
    )
    counted = await asyncio.gather(count_topics(context), count_topics(context))
    assert sum(counted) == 14  # each day once
    assert await count_topics(context) == 0

    status, found = await chief.json("GET", PATH)
    assert status == 200, found
    assert (found["first_day"], found["last_day"]) == ("2026-11-16", "2026-11-22")
    assert (found["cases"], found["cases_before"], found["uncounted_days"]) == (24, 20, 0)
    words = {it["word"]: it["cases"] for it in found["words"]}
    assert words["积水"] == {
        "now": 8,
        "before": 0,
        "expected": 0.0,
        "strength": words["积水"]["strength"],
    }
    assert words["积水"]["strength"] >= 2
    assert not {"贪污", "举报", "路灯", "停电", "噪声", "今天"} & set(words)
    places = {it["place"]: it for it in found["addresses"]}
    assert list(places) == ["建设街", "人民路"]
    assert places["建设街"]["cases"]["now"] == 8
    assert (places["建设街"]["repeats"]["now"], places["建设街"]["hint"]) == (7, True)
    assert (places["人民路"]["repeats"]["before"], places["人民路"]["hint"]) == (11, False)
    departments = {it["place"]: (it["name"], it["cases"]["now"]) for it in found["departments"]}
    assert departments == {"S1": ("部门S1", 16), "S2": ("部门S2", 8)}
    (heat,) = found["heat"]
    assert (heat["district"], heat["class_code"], heat["cases"]["now"]) == ("D1", "K1", 24)
    _, month = await admin.json("GET", f"{PATH}?days=30")
    assert (month["cases_before"], month["uncounted_days"], month["words"]) == (0, 46, [])
    assert month["addresses"][0]["cases"]["strength"] is None
    status, problem = await chief.json("GET", f"{PATH}?days=31")
    assert (status, problem["errors"][0]["message"]) == (422, "不能大于 30")
