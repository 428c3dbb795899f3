"""Call control and supervision over HTTP; the switchboard is played (REQUIREMENTS T4, O4)."""

import json
from typing import Any

import pytest

from gateway.auth.roles import Role
from gateway.commands import Command, CommandName
from tests.support.web import Browser, Hotline
from tests.support.web_switchboard import CALLER, call_data, part

CALL = "sb1-5.1"
OF_CALL = {
    "hangup": CommandName.HANG_UP,
    "consult/complete": CommandName.COMPLETE_CONSULTATION,
    "consult/cancel": CommandName.CANCEL_CONSULTATION,
    "conference": CommandName.CONFERENCE,
}
OF_SEAT = {
    "listen": CommandName.LISTEN,
    "whisper": CommandName.WHISPER,
    "barge": CommandName.BARGE,
    "take-over": CommandName.TAKE_OVER,
}


async def agent_in_call(hotline: Hotline) -> Browser:
    agent = await hotline.agent("1001")
    await hotline.switchboard.tell("call.answered", call_data(CALL, agents=[part("1001")]))
    return agent


async def supervisor_at(hotline: Hotline, extension: str | None) -> Browser:
    person = await hotline.add_user(Role.SUPERVISOR, "supervisor", extension=extension)
    return await hotline.browser(person)


async def audited(hotline: Hotline) -> list[tuple[str, str, str, dict[str, Any]]]:
    rows = await hotline.pool.fetch("select * from audit_log order by audit_id")
    return [(r["actor"], r["action"], r["subject"], json.loads(r["detail"])) for r in rows]


@pytest.mark.parametrize("path", OF_CALL)
async def test_agent_commands_his_call(hotline: Hotline, path: str) -> None:
    agent = await agent_in_call(hotline)
    name = OF_CALL[path]
    assert await agent.json("POST", f"/api/v1/calls/{CALL}/{path}") == (
        202,
        {"command": name.value, "agent": "1001"},
    )
    expected = Command(name=name, agent="1001", extension="81001", call_id=CALL)
    assert hotline.switchboard.commands == [expected]


@pytest.mark.parametrize(
    ("body", "number", "queue"),
    [
        ({"number": "13900000900"}, "13900000900", ""),
        ({"agent": "1002"}, "81002", ""),
        ({"queue": "expert"}, "", "expert"),
    ],
)
async def test_transfer(hotline: Hotline, body: dict[str, str], number: str, queue: str) -> None:
    await hotline.agent("1002")
    agent = await agent_in_call(hotline)
    status, _ = await agent.json("POST", f"/api/v1/calls/{CALL}/transfer", json=body)
    assert status == 202
    (command,) = hotline.switchboard.commands
    assert (command.name, command.number, command.queue) == (CommandName.TRANSFER, number, queue)
    assert "13900000900" not in repr(command)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"number": "13900000900", "queue": "expert"},
        {"number": "139 0000"},
        {"number": "1"},
        {"number": "1001,1\r\nAction: Originate"},
        {"number": "１００１"},
        {"queue": "expert,n"},
        {"agent": "all"},
        {"context": "hotline"},
    ],
)
@pytest.mark.parametrize("path", ["transfer", "consult"])
async def test_destinations_that_are_none(
    hotline: Hotline, path: str, body: dict[str, str]
) -> None:
    agent = await agent_in_call(hotline)
    status, _ = await agent.json("POST", f"/api/v1/calls/{CALL}/{path}", json=body)
    assert status == 422
    assert hotline.switchboard.commands == []


async def test_colleague_that_is_none(hotline: Hotline) -> None:
    agent = await agent_in_call(hotline)
    body = {"agent": "7777"}
    status, problem = await agent.json("POST", f"/api/v1/calls/{CALL}/consult", json=body)
    assert (status, problem["detail"]) == (404, "没有这个坐席")


async def test_calls_of_others_are_not_there(hotline: Hotline) -> None:
    await agent_in_call(hotline)
    other = await hotline.agent("1002")
    for call_id in (CALL, "sb1-9.9"):
        for path in OF_CALL:
            status, problem = await other.json("POST", f"/api/v1/calls/{call_id}/{path}")
            assert (status, problem["detail"]) == (404, "通话不存在，或您无权查看")
    assert hotline.switchboard.commands == []


async def test_refusal_is_told_as_it_is(hotline: Hotline) -> None:
    agent = await agent_in_call(hotline)
    hotline.switchboard.refusal = "通话已结束"
    status, problem = await agent.json("POST", f"/api/v1/calls/{CALL}/hangup")
    assert (status, problem["detail"]) == (409, "通话已结束")


async def test_command_that_nothing_confirms(
    hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = await agent_in_call(hotline)
    monkeypatch.setattr("gateway.commands.TIMEOUT_S", 0.3)
    monkeypatch.setattr("gateway.commands._commands_key", lambda _name: "hotline:commands:nobody")
    status, problem = await agent.json("POST", f"/api/v1/calls/{CALL}/hangup")
    assert (status, problem["title"]) == (504, "未能及时确认")


async def test_dialling(hotline: Hotline) -> None:
    agent = await hotline.agent("1001")
    body = {"number": "13900000900"}
    assert (await agent.json("POST", "/api/v1/dial", json=body))[0] == 202
    (command,) = hotline.switchboard.commands
    assert (command.name, command.extension, command.number) == (
        CommandName.DIAL,
        "81001",
        "13900000900",
    )


async def test_calling_back_shows_no_number(hotline: Hotline) -> None:
    agent = await hotline.agent("1001")
    call_id = await hotline.store_call("7.1", "1001")
    status, answer = await agent.json("POST", "/api/v1/dial", json={"call_id": call_id})
    assert status == 202
    assert CALLER not in str(answer)
    (command,) = hotline.switchboard.commands
    assert command.number == CALLER
    assert CALLER not in repr(command)


async def test_calling_back_what_cannot_be(hotline: Hotline) -> None:
    agent = await hotline.agent("1001")
    anonymous = await hotline.store_call("7.2", "1001", caller="")
    somebody_elses = await hotline.store_call("7.3", "1002")
    for body, expected in (
        ({"call_id": anonymous}, 409),
        ({"call_id": somebody_elses}, 404),
        ({"call_id": anonymous, "number": "13900000900"}, 422),
        ({}, 422),
    ):
        assert (await agent.json("POST", "/api/v1/dial", json=body))[0] == expected
    assert hotline.switchboard.commands == []


async def test_directory_names_colleagues_and_queues(hotline: Hotline) -> None:
    agent = await hotline.agent("1001")
    await hotline.agent("1002")
    await hotline.supervisor()
    await hotline.switchboard.tell_seat("1002", "ready")
    status, directory = await agent.json("GET", "/api/v1/directory")
    assert status == 200
    assert directory == {
        "colleagues": [
            {
                "agent": "1002",
                "display_name": "姓名agent1002",
                "extension": "81002",
                "state": "ready",
            }
        ],
        "queues": ["12345", "expert"],
    }


@pytest.mark.parametrize("path", OF_SEAT)
async def test_supervisor_joins_from_his_phone(hotline: Hotline, path: str) -> None:
    await hotline.agent("1001")
    await hotline.switchboard.tell_seat("1001", "talking", call_id=CALL)
    supervisor = await supervisor_at(hotline, "2001")
    name = OF_SEAT[path]
    status, _ = await supervisor.json("POST", f"/api/v1/seats/1001/{path}")
    assert status == 202
    expected = Command(name=name, agent="1001", extension="81001", supervisor="2001")
    assert hotline.switchboard.commands == [expected]
    action, detail = f"seat.{name.value}", {"switchboard": "sb1", "call_id": CALL, "reason": ""}
    assert await audited(hotline) == [
        ("supervisor", action, "1001", detail | {"outcome": "asked"}),
        ("supervisor", action, "1001", detail | {"outcome": "done"}),
    ]


async def test_supervisor_without_a_phone(hotline: Hotline) -> None:
    await hotline.agent("1001")
    supervisor = await supervisor_at(hotline, None)
    status, problem = await supervisor.json("POST", "/api/v1/seats/1001/listen")
    assert (status, problem["detail"]) == (409, "您的账号没有配置分机，不能在话机上参与通话")
    assert (await supervisor.json("POST", "/api/v1/seats/1001/hangup"))[0] == 202


async def test_forced_states(hotline: Hotline) -> None:
    await hotline.agent("1001")
    supervisor = await supervisor_at(hotline, None)
    order = {"state": "not_ready", "reason": "培训"}
    status, _ = await supervisor.json("PUT", "/api/v1/seats/1001/state", json=order)
    assert status == 202
    expected = Command(name=CommandName.NOT_READY, agent="1001", extension="81001", reason="培训")
    assert hotline.switchboard.commands == [expected]
    assert [row[1] for row in await audited(hotline)] == ["seat.not_ready", "seat.not_ready"]


async def test_refused_acts_are_audited_with_their_outcome(hotline: Hotline) -> None:
    await hotline.agent("1001")
    supervisor = await supervisor_at(hotline, "2001")
    hotline.switchboard.refusal = "该坐席当前没有通话"
    status, _ = await supervisor.json("POST", "/api/v1/seats/1001/barge")
    assert status == 409
    outcomes = [detail["outcome"] for *_, detail in await audited(hotline)]
    assert outcomes == ["asked", "该坐席当前没有通话"]


async def test_nothing_is_done_that_cannot_be_audited(hotline: Hotline) -> None:
    await hotline.agent("1001")
    supervisor = await supervisor_at(hotline, "2001")
    await hotline.pool.execute("alter table audit_log rename to audit_log_away")
    status, _ = await supervisor.json("POST", "/api/v1/seats/1001/listen")
    assert status == 500
    assert hotline.switchboard.commands == []


async def test_seat_that_is_none(hotline: Hotline) -> None:
    supervisor = await supervisor_at(hotline, "2001")
    assert (await supervisor.json("POST", "/api/v1/seats/7777/listen"))[0] == 404
    assert await audited(hotline) == []
