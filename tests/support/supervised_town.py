"""A small town whose supervision lists are made: people, and cases with every ground."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from aiohttp.test_utils import TestServer

from gateway.context import Context
from gateway.engines import Engines
from gateway.http.application import create_app
from gateway.readiness import Readiness
from gateway.supervision_lists import make_due_lists
from tests.support.web import NOW, Browser, Hotline

LISTS = "/api/v1/supervision-lists"
FORM = {"kind": "complaint", "title": "路灯不亮", "body": "人民路18号门前路灯三天不亮"}
REASON = {"reason": "说明"}
ACTED = NOW - timedelta(hours=7)  # the same day, 09:00


@dataclass
class Wall:
    """A clock on the wall that is set by hand."""

    now: datetime = ACTED

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Town:
    """A hotline with departments, people and its own time."""

    hotline: Hotline
    wall: Wall
    context: Context
    people: dict[str, Browser]

    async def open(self, **more: Any) -> dict[str, Any]:
        status, case = await self.people["agent"].json("POST", "/api/v1/cases", json=FORM | more)
        assert status == 201, case
        return dict(case)

    async def does(self, who: str, case: dict[str, Any], step: str, **more: Any) -> dict[str, Any]:
        path = f"/api/v1/cases/{case['case_no']}"
        _, now = await self.people["chief"].json("GET", path)
        body = {"step": step, "version": now["version"]} | more
        status, answer = await self.people[who].json("POST", f"{path}/steps", json=body)
        assert status == 200, answer
        return dict(answer)

    async def ask(self, path: str, who: str = "chief") -> Any:
        status, answer = await self.people[who].json("GET", path)
        assert status == 200, answer
        return answer

    async def sign(self, list_id: int, *cases: dict[str, Any], who: str = "chief") -> Any:
        body = {
            "instruction": "请三日内办结并反馈",
            "cases": [{"case_no": it["case_no"], "version": it["version"]} for it in cases],
        }
        return await self.people[who].json("POST", f"{LISTS}/{list_id}/sign", json=body)


@asynccontextmanager
async def settled(hotline: Hotline, database_dsn: str) -> AsyncIterator[Town]:
    wall = Wall()
    services = replace(hotline.services, clock=wall)
    engines = Engines(dsn=database_dsn, pool=hotline.pool, redis=hotline.redis)
    context = Context(settings=hotline.settings, engines=engines, readiness=Readiness(), clock=wall)
    async with TestServer(create_app(services, hotline.settings)) as server:
        made = replace(hotline, services=services, server=server)
        await made.department("C1")
        for code in ("D1", "D2"):
            await made.department(code, "C1")
        await made.department("S1", "D1")
        people = {
            "admin": await made.administrator(),
            "agent": await made.agent(),
            "chief": await made.supervisor(),
            "D1": await made.department_user("D1"),
            "S1": await made.department_user("S1"),
        }
        for form in (
            {"code": "K1", "name": "市政"},
            {"code": "K11", "name": "路灯", "parent": "K1"},
        ):
            assert (await people["admin"].json("POST", "/api/v1/categories", json=form))[0] == 201
        yield Town(made, wall, context, people)


async def pressing_cases(town: Town) -> dict[str, dict[str, Any]]:
    """Cases that have a ground each, and a quiet one; the list of the day is made."""
    quiet = await town.open(department="D1")
    await town.does("D1", quiet, "accepted")
    urgent = await town.open(urgency="critical", department="S1", confidential=True)
    returned = await town.open(department="D1")
    for _ in range(2):
        await town.does("D1", returned, "return_asked", **REASON)
        await town.does("chief", returned, "return_refused", **REASON)
    asked = await town.open(department="D1")
    await town.does("D1", asked, "accepted")
    await town.does("D1", asked, "extension_asked", days=3, **REASON)
    call_id = await town.hotline.store_call("7.1", "1001", arrived_at=ACTED)
    closed = await town.open(call_id=call_id, result="已告知")
    await town.hotline.pool.execute(
        "insert into ratings (call_id, agent, queue, scale, answer, given_at)"
        " values ($1, '1001', '12345', 'three_step', 'dissatisfied', $2)",
        call_id,
        ACTED,
    )
    merged = await town.open(department="D1", urgency="urgent")
    town.wall.now = ACTED + timedelta(hours=2, minutes=10)  # the urgent ones are late
    made = await asyncio.gather(make_due_lists(town.context), make_due_lists(town.context))
    assert sum(made) == 3  # of the day, of the week and of the month before, each once
    assert await make_due_lists(town.context) == 0
    return {
        "quiet": quiet,
        "urgent": urgent,
        "returned": returned,
        "asked": asked,
        "closed": closed,
        "late": merged,
    }
