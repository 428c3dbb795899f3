"""The agent's seat over HTTP, with commands travelling by Redis (REQUIREMENTS T3, T4)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from gateway import live_state
from gateway.auth.roles import Role
from gateway.commands import Command, CommandName, send_command, serve_commands
from gateway.errors import CommandRefusedError
from gateway.live import LiveEvent
from tests.support.web import NOW, Hotline, running
from tests.support.web_switchboard import SWITCHBOARD

SEAT = "/api/v1/seat"


async def test_seat_never_seen_is_logged_out(hotline: Hotline) -> None:
    agent = await hotline.agent()
    status, seat = await agent.json("GET", SEAT)
    assert status == 200
    assert seat == {
        "switchboard": "sb1",
        "agent": "1001",
        "extension": "81001",
        "extensions": [],
        "state": "logged_out",
        "reason": "",
        "queues": [],
        "since": None,
        "call_id": None,
    }


async def test_seat_is_as_last_told(hotline: Hotline) -> None:
    agent = await hotline.agent()
    await hotline.switchboard.tell_seat("1001", "not_ready", reason="小休")
    _, seat = await agent.json("GET", SEAT)
    assert (seat["state"], seat["reason"], seat["queues"]) == ("not_ready", "小休", ["12345"])
    assert seat["since"].startswith("2026-11-23T08:00:00")


@pytest.mark.parametrize(
    ("order", "action", "reason"),
    [
        ({"state": "ready"}, CommandName.READY, ""),
        ({"state": "not_ready", "reason": "就餐"}, CommandName.NOT_READY, "就餐"),
        ({"state": "logged_out"}, CommandName.LOG_OUT, ""),
    ],
)
async def test_orders_reach_the_switchboard(
    hotline: Hotline, order: dict[str, str], action: CommandName, reason: str
) -> None:
    agent = await hotline.agent()
    assert await agent.json("PUT", SEAT, json=order) == (
        202,
        {"agent": "1001", "state": order["state"]},
    )
    expected = Command(agent="1001", extension="81001", name=action, reason=reason)
    assert hotline.switchboard.commands == [expected]


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"state": "talking"}, "state"),
        ({"state": "not_ready"}, ""),
        ({"state": "not_ready", "reason": "散步"}, "reason"),
        ({"state": "ready", "reason": "小休"}, ""),
        ({"state": "ready", "agent": "1002"}, "agent"),
        ({"state": "ready", "extensions": []}, "extensions"),
        ({"state": "ready", "extensions": ["1", "1001"]}, "extensions.0"),
        ({"state": "ready", "extensions": ["1001", "1002", "1003"]}, "extensions"),
        ({"state": "logged_out", "extensions": ["1001"]}, ""),
        ({}, "state"),
    ],
)
async def test_orders_that_are_none(hotline: Hotline, order: dict[str, str], field: str) -> None:
    agent = await hotline.agent()
    status, problem = await agent.json("PUT", SEAT, json=order)
    assert (status, problem["errors"][0]["field"]) == (422, field)
    assert hotline.switchboard.commands == []


async def test_refusal_is_told_in_the_switchboards_words(hotline: Hotline) -> None:
    agent = await hotline.agent()
    hotline.switchboard.refusal = "话机未注册，不能置忙"
    status, problem = await agent.json("PUT", SEAT, json={"state": "ready"})
    assert (status, problem["detail"]) == (409, "话机未注册，不能置忙")


async def test_nothing_is_sent_while_the_switchboard_is_away(hotline: Hotline) -> None:
    agent = await hotline.agent()
    await hotline.switchboard.connect(connected=False)
    status, problem = await agent.json("PUT", SEAT, json={"state": "ready"})
    assert status == 409
    assert "断开" in problem["detail"]
    assert hotline.switchboard.commands == []


async def test_owner_that_does_not_answer_in_time(
    hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.commands.TIMEOUT_S", 0.2)
    person = await hotline.add_user(Role.AGENT, "li", agent="1001", switchboard="sb2")
    agent = await hotline.browser(person)
    await live_state.write_link(hotline.redis, live_state.Link("sb2", connected=True, since=NOW))

    async def stuck(_command: Command) -> None:
        await asyncio.Event().wait()

    async with running(serve_commands(hotline.redis, "sb2", stuck)):
        status, problem = await agent.json("PUT", SEAT, json={"state": "ready"})
    assert status == 504  # whoever notices first: the owner says so, or the asker gives up
    assert "应答" in problem["detail"]


async def test_late_command_is_not_done(hotline: Hotline, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Command] = []

    async def note(command: Command) -> None:
        done.append(command)

    command = Command(agent="1001", extension="81001", name=CommandName.READY)
    monkeypatch.setattr("gateway.commands.TIMEOUT_S", -1.0)
    sent = asyncio.create_task(send_command(hotline.redis, "sb3", command))
    await asyncio.wait([sent])
    monkeypatch.setattr("gateway.commands.TIMEOUT_S", 5.0)
    async with running(serve_commands(hotline.redis, "sb3", note)):
        await send_command(hotline.redis, "sb3", command)
    assert sent.exception() is not None
    assert done == [command]


async def test_who_stands_by_leaves_commands_to_the_owner(hotline: Hotline) -> None:
    done: list[str] = []
    takes_over = asyncio.Event()

    def serving(name: str, allowed: Callable[[], Awaitable[Any]]) -> Awaitable[None]:
        async def note(_command: Command) -> None:
            done.append(name)

        return serve_commands(hotline.redis, "sb6", note, allowed=allowed)

    async def always() -> None:
        """The owner's word."""

    command = Command(agent="1001", extension="81001", name=CommandName.READY)
    async with running(serving("standby", takes_over.wait)):
        async with running(serving("owner", always)):
            for _ in range(3):
                await send_command(hotline.redis, "sb6", command)
        takes_over.set()
        await send_command(hotline.redis, "sb6", command)
    assert done == ["owner"] * 3 + ["standby"]


async def test_one_agents_commands_keep_their_order_and_hold_up_nobody_else(
    hotline: Hotline,
) -> None:
    done: list[tuple[str, CommandName]] = []
    begun, release = asyncio.Event(), asyncio.Event()

    async def slow_for_1001(command: Command) -> None:
        if command.agent == "1001":
            begun.set()
            await release.wait()
        done.append((command.agent, command.name))

    def command(agent: str, action: CommandName) -> Command:
        return Command(agent=agent, extension=f"8{agent}", name=action)

    serving = serve_commands(hotline.redis, "sb4", slow_for_1001)
    async with running(serving), asyncio.TaskGroup() as tasks:
        for action in (CommandName.READY, CommandName.LOG_OUT):
            tasks.create_task(send_command(hotline.redis, "sb4", command("1001", action)))
            await begun.wait()
        await send_command(hotline.redis, "sb4", command("1002", CommandName.READY))
        assert done == [("1002", CommandName.READY)]
        release.set()
    assert done[1:] == [("1001", CommandName.READY), ("1001", CommandName.LOG_OUT)]


async def test_failing_handler_is_a_refusal_and_the_service_goes_on(hotline: Hotline) -> None:
    failures = iter([ValueError("our mistake")])

    async def fail_once(_command: Command) -> None:
        for failure in failures:
            raise failure

    command = Command(agent="1001", extension="81001", name=CommandName.READY)
    async with running(serve_commands(hotline.redis, "sb5", fail_once)):
        with pytest.raises(CommandRefusedError, match="出错"):
            await send_command(hotline.redis, "sb5", command)
        await send_command(hotline.redis, "sb5", command)


async def test_supervisor_sees_every_seat(hotline: Hotline) -> None:
    await hotline.agent("1001")
    await hotline.agent("1002")
    await hotline.switchboard.tell_seat("1002", "ready")
    await hotline.switchboard.tell_seat("1009", "ready")
    supervisor = await hotline.supervisor()
    status, seats = await supervisor.json("GET", "/api/v1/seats")
    assert status == 200
    assert [(s["agent"], s["display_name"], s["state"]) for s in seats] == [
        ("1001", "姓名agent1001", "logged_out"),
        ("1002", "姓名agent1002", "ready"),
        ("1009", "", "ready"),
    ]


async def test_live_state_is_written_anew_as_a_whole(hotline: Hotline) -> None:
    await hotline.switchboard.tell_seat("1001", "ready")
    data = {
        "switchboard": SWITCHBOARD,
        "agent": "1002",
        "state": "ready",
        "reason": "",
        "queues": [],
        "call_id": None,
    }
    async with hotline.redis.pipeline(transaction=True) as pipeline:
        live_state.replace(pipeline, SWITCHBOARD, [LiveEvent("e", "seat.changed", NOW, data)])
        await pipeline.execute()
    assert [seat["agent"] for seat in await hotline.services.live.seats()] == ["1002"]
    assert (await hotline.services.live.link(SWITCHBOARD)).connected
    assert await hotline.redis.exists(f"hotline:link:{SWITCHBOARD}")


async def test_what_can_be_chosen(hotline: Hotline) -> None:
    agent = await hotline.agent()
    _, choices = await agent.json("GET", f"{SEAT}/choices")
    assert choices["reasons"] == ["小休", "就餐", "培训", "会议"]
    assert choices["queues"] == list(hotline.settings.queues)


@pytest.mark.parametrize("act", ["finish", "prolong"])
async def test_wrap_up_by_hand(hotline: Hotline, act: str) -> None:
    agent = await hotline.agent()
    status, _ = await agent.json("POST", f"{SEAT}/wrap-up/{act}")
    name = CommandName(f"{act}_wrap_up")
    assert status == 202
    assert hotline.switchboard.commands == [Command(agent="1001", extension="81001", name=name)]


async def test_two_phones(hotline: Hotline) -> None:
    agent = await hotline.agent()
    await agent.json("PUT", SEAT, json={"state": "ready", "extensions": ["1001", "1004"]})
    [command] = hotline.switchboard.commands
    assert command.extensions == ("1001", "1004")


async def test_a_seat_serves_its_own_queues(hotline: Hotline) -> None:
    agent, chief = await hotline.agent(), await hotline.supervisor()
    path = "/api/v1/seats/1001/queues"
    assert (await chief.json("PUT", path, json={"queues": ["expert"]}))[0] == 202
    await agent.json("PUT", SEAT, json={"state": "ready"})
    assigned, ready = hotline.switchboard.commands
    assert (assigned.name, assigned.queues) == (CommandName.SERVE_QUEUES, ("expert",))
    assert (ready.name, ready.queues) == (CommandName.READY, ("expert",))
    status, problem = await chief.json("PUT", path, json={"queues": ["expert", "nowhere"]})
    assert (status, problem["errors"][0]["message"]) == (422, "没有队列 nowhere")
    await chief.json("PUT", path, json={"queues": []})
    await agent.json("PUT", SEAT, json={"state": "ready"})
    assert hotline.switchboard.commands[-1].queues == ()
    acts = await hotline.pool.fetch(
        "select detail ->> 'outcome' as outcome from audit_log where action = 'seat.serve_queues'"
    )
    assert [act["outcome"] for act in acts] == ["asked", "done"] * 2


async def test_which_queues_a_seat_serves(hotline: Hotline) -> None:
    await hotline.agent()
    chief = await hotline.supervisor()
    path = "/api/v1/seats/1001/queues"
    all_queues = list(hotline.settings.queues)
    status, found = await chief.json("GET", path)
    assert (status, found) == (200, {"assigned": [], "queues": all_queues, "logged_in": []})
    await chief.json("PUT", path, json={"queues": ["expert"]})
    await hotline.switchboard.tell_seat("1001", "ready", queues=["expert"])
    _, found = await chief.json("GET", path)
    assert (found["assigned"], found["logged_in"]) == (["expert"], ["expert"])
    assert (await chief.json("GET", "/api/v1/seats/1009/queues"))[0] == 404
    _, board = await chief.json("GET", "/api/v1/board")
    assert [seat["queues"] for seat in board["seat_list"]] == [["expert"]]
    assert board["switchboards"][0]["queues"] == ["12345", "expert"]


async def test_a_supervisor_gives_only_reasons_that_are_configured(hotline: Hotline) -> None:
    await hotline.agent()
    chief = await hotline.supervisor()
    order = {"state": "not_ready", "reason": "散步"}
    status, problem = await chief.json("PUT", "/api/v1/seats/1001/state", json=order)
    assert (status, problem["errors"][0]["field"]) == (422, "reason")
    assert hotline.switchboard.commands == []
