"""Ring-backs over HTTP (T8): numbers masked, the command by id, drops audited, agents told."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from callback_survey.ringback import attempts
from callback_survey.ringback.settling import settle, waiting_callers
from callback_survey.ringback.tasks import live_tasks
from gateway.auth.roles import Role
from gateway.commands import Command, CommandName, send_command, serve_commands
from gateway.ringback_policy import ringback_policy
from gateway.ringback_tasks import task_event
from tests.support.owning import running
from tests.support.web import NOW, Hotline, next_event

NUMBER = "13800000001"


async def missed(hotline: Hotline, uniqueid: str = "1.1", caller: str = NUMBER) -> int:
    """A caller of a minute ago has given up; the id of his task."""
    recent = datetime.now(UTC) - timedelta(minutes=3)
    await hotline.store_call(uniqueid, caller=caller, arrived_at=recent)
    policy = ringback_policy(hotline.settings)
    for one in await waiting_callers(hotline.pool, "sb1", policy=policy, now=recent):
        async with hotline.pool.acquire() as connection, connection.transaction():
            await settle(connection, one, policy=policy, now=recent + timedelta(minutes=3))
    rows = await live_tasks(hotline.pool)
    return next(task.task_id for task in rows if task.number == caller)


async def test_lists_and_details(hotline: Hotline) -> None:
    task_id = await missed(hotline)
    agent = await hotline.agent()
    status, listed = await agent.json("GET", "/api/v1/ringbacks")
    assert (status, len(listed)) == (200, 1)
    assert (listed[0]["task_id"], listed[0]["number"]) == (task_id, "138****0001")
    assert (listed[0]["state"], listed[0]["missed_calls"]) == ("open", 1)
    status, detail = await agent.json("GET", f"/api/v1/ringbacks/{task_id}")
    assert (status, detail["tries"], detail["drops"]) == (200, [], [])
    assert (await agent.json("GET", "/api/v1/ringbacks/999"))[0] == 404
    assert await agent.json("GET", "/api/v1/ringbacks?state=closed") == (200, [])
    assert (await agent.json("GET", "/api/v1/ringbacks?state=other"))[0] == 422


async def test_the_command_names_the_task_alone(hotline: Hotline) -> None:
    task_id = await missed(hotline)
    agent = await hotline.agent("1001")
    status, _ = await agent.json("POST", f"/api/v1/ringbacks/{task_id}/dial")
    assert status == 202
    [command] = hotline.switchboard.commands
    assert (command.name, command.task_id) == (CommandName.RING_BACK, task_id)
    assert (command.agent, command.extension, command.number) == ("1001", "81001", "")
    hotline.switchboard.refusal = "其他坐席正在回拨"
    status, problem = await agent.json("POST", f"/api/v1/ringbacks/{task_id}/dial")
    assert (status, problem["detail"]) == (409, "其他坐席正在回拨")
    assert (await agent.json("POST", "/api/v1/ringbacks/999/dial"))[0] == 404


async def test_other_switchboards_have_their_own(hotline: Hotline) -> None:
    task_id = await missed(hotline)
    away = await hotline.add_user(Role.AGENT, "away", agent="1001", switchboard="sb2")
    agent, elsewhere = await hotline.agent("1001"), await hotline.browser(away)
    async with await elsewhere.socket() as page, await agent.socket() as own:
        await next_event(page)
        await next_event(own)
        [task] = await live_tasks(hotline.pool)
        await hotline.switchboard.tell("ringback.opened", dict(task_event(task, NOW).data))
        assert (await next_event(own))["name"] == "ringback.opened"
        with pytest.raises(TimeoutError):
            await page.receive_json(timeout=0.1)
    assert await elsewhere.json("GET", "/api/v1/ringbacks") == (200, [])
    path = f"/api/v1/ringbacks/{task_id}"
    assert (await elsewhere.json("GET", path))[0] == 404
    assert (await elsewhere.json("POST", f"{path}/dial"))[0] == 404
    assert (await agent.json("POST", f"{path}/dial"))[0] == 202


async def test_who_rings_back_opens_the_case(hotline: Hotline) -> None:
    task_id = await missed(hotline)
    agent, other = await hotline.agent("1001"), await hotline.agent("1002")
    form = {"kind": "help", "title": "停水", "body": "三天", "call_id": "sb1-1.1"}
    for browser in (agent, other):
        assert (await browser.json("GET", "/api/v1/calls/sb1-1.1"))[0] == 404
        assert (await browser.json("POST", "/api/v1/cases", json=form))[0] == 404
    policy = replace(ringback_policy(hotline.settings), opens=time(0), closes=time.max)
    async with hotline.pool.acquire() as connection, connection.transaction():
        await attempts.claim(connection, task_id, "1001", policy=policy, now=datetime.now(UTC))
    assert (await agent.json("GET", "/api/v1/calls/sb1-1.1"))[0] == 200
    assert (await agent.json("GET", "/api/v1/calls/sb1-1.1/caller"))[0] == 200
    status, case = await agent.json("POST", "/api/v1/cases", json=form)
    assert (status, case["caller"]) == (201, "138****0001")
    assert (await other.json("GET", "/api/v1/calls/sb1-1.1"))[0] == 404


async def test_a_supervisor_drops_a_task(hotline: Hotline) -> None:
    task_id = await missed(hotline)
    supervisor = await hotline.supervisor()
    path = f"/api/v1/ringbacks/{task_id}/drop"
    for reason in ("", "   ", "x" * 201, "a\x00b"):
        assert (await supervisor.json("POST", path, json={"reason": reason}))[0] == 422
    status, dropped = await supervisor.json("POST", path, json={"reason": "已上门处理"})
    assert (status, dropped["state"], dropped["reason"]) == (200, "dropped", "by_supervisor")
    status, problem = await supervisor.json("POST", path, json={"reason": "再次"})
    assert (status, problem["detail"]) == (409, "这个回拨任务已结束，无需回拨")
    assert (await supervisor.json("POST", "/api/v1/ringbacks/999/drop", json={"reason": "x"}))[
        0
    ] == 404
    acts = await hotline.pool.fetch("select actor, action, subject, detail::text from audit_log")
    assert [(act["actor"], act["action"], act["subject"]) for act in acts] == [
        ("supervisor", "ringback.drop", str(task_id))
    ]
    assert "已上门处理" in acts[0]["detail"]
    status, closed = await supervisor.json("GET", "/api/v1/ringbacks?state=closed")
    assert (status, [one["task_id"] for one in closed]) == (200, [task_id])
    status, detail = await supervisor.json("GET", f"/api/v1/ringbacks/{task_id}")
    assert [(one["by"], one["reason"]) for one in detail["drops"]] == [("supervisor", "已上门处理")]


@pytest.mark.parametrize("who", ["agent", "supervisor"])
async def test_every_agent_and_overseer_is_told(hotline: Hotline, who: str) -> None:
    await missed(hotline)
    [task] = await live_tasks(hotline.pool)
    browser = await (hotline.agent() if who == "agent" else hotline.supervisor())
    async with await browser.socket() as page:
        await next_event(page)
        event = task_event(task, NOW)
        await hotline.switchboard.tell(event.name, dict(event.data))
        told: Any = await next_event(page)
    assert (told["name"], told["data"]["number"]) == ("ringback.opened", "138****0001")
    assert NUMBER not in str(told)


async def test_who_stands_by_leaves_commands_to_the_owner(hotline: Hotline) -> None:
    owns = asyncio.Event()
    done: list[str] = []

    async def by(name: str) -> None:
        done.append(name)

    async def never() -> None:
        await asyncio.Event().wait()

    async def once_owner() -> None:
        await owns.wait()

    command = Command(name=CommandName.RING_BACK, agent="1001", extension="81001", task_id=1)
    standby = serve_commands(hotline.redis, "sb9", lambda _: by("standby"), allowed=never)
    owner = serve_commands(hotline.redis, "sb9", lambda _: by("owner"), allowed=once_owner)
    async with running(standby), running(owner):
        sent = asyncio.create_task(send_command(hotline.redis, "sb9", command))
        done_early, _ = await asyncio.wait([sent], timeout=0.05)
        assert not done_early
        owns.set()
        await sent
    assert done == ["owner"]
