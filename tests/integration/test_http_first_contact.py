"""First contact (C2): what was answered at once, and who spoke with the caller for it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from gateway.conferences import save_conference
from gateway.stored_calls import calls_since
from telephony.events import CallEvent, CallEventName
from tests.support.web import NOW, Browser, Hotline
from tests.support.web_switchboard import SWITCHBOARD, call_data, part

DEPARTMENT = "02165432100"


async def open_case(agent: Browser, **form: Any) -> Any:
    case = {"kind": "consultation", "title": "居住证", "body": "怎么办", **form}
    status, opened = await agent.json("POST", "/api/v1/cases", json=case)
    assert status == 201, opened
    return opened


async def conferenced(hotline: Hotline, call_id: str, agent: str, seconds: float) -> None:
    """The switchboard tells that the call is one of three."""
    calls = await calls_since(hotline.pool, SWITCHBOARD, NOW - timedelta(hours=1))
    (call,) = (each for each in calls if each.call_id == call_id)
    at = NOW + timedelta(seconds=seconds)
    event = CallEvent(
        event_id=f"{call_id}:{seconds}",
        name=CallEventName.CONFERENCED,
        at=at,
        call=call,
        agent=agent or None,
    )
    for told in (event, replace(event, event_id="x")):  # by two gateways, one after the other
        await save_conference(hotline.pool, told)


async def test_three_party_call_is_noted_on_its_case(hotline: Hotline) -> None:
    agent = await hotline.agent("1001")
    call_id = await hotline.store_call("8.1", "1001")
    await hotline.switchboard.tell("call.answered", call_data(call_id, agents=[part("1001")]))
    consult = f"/api/v1/calls/{call_id}/consult"
    assert (await agent.ask("POST", consult, json={"number": DEPARTMENT})).status == 202
    opened = await open_case(agent, call_id=call_id, result="已与居住证中心三方通话答复")
    assert opened["conferences"] == []  # called, but the three have not spoken together
    await conferenced(hotline, call_id, "", 12.0)
    _, case = await agent.json("GET", f"/api/v1/cases/{opened['case_no']}")
    at = (NOW + timedelta(seconds=12)).isoformat().replace("+00:00", "Z")
    assert case["conferences"] == [{"at": at, "agent": "1001", "number": "021****2100"}]

    # With the keys of the telephone: the number is not known; nor is that of another call taken.
    other = await hotline.store_call("8.2", "1001")
    await conferenced(hotline, other, "1001", 3.0)
    later = await open_case(agent, call_id=other)
    assert [(each["agent"], each["number"]) for each in later["conferences"]] == [("1001", "")]


async def test_refused_consultation_is_not_noted(hotline: Hotline) -> None:
    agent = await hotline.agent("1001")
    call_id = await hotline.store_call("8.1", "1001")
    await hotline.switchboard.tell("call.answered", call_data(call_id, agents=[part("1001")]))
    hotline.switchboard.refusal = "对方话机未注册"
    consult = f"/api/v1/calls/{call_id}/consult"
    assert (await agent.ask("POST", consult, json={"number": DEPARTMENT})).status == 409
    assert await hotline.pool.fetchval("select count(*) from call_consultations") == 0


async def test_rate_of_immediate_answers(hotline: Hotline) -> None:
    agent, chief = await hotline.agent("1001"), await hotline.supervisor()
    for number, result in enumerate(("已告知", "已答复", None), start=1):
        call_id = await hotline.store_call(f"9.{number}", "1001")
        await open_case(agent, call_id=call_id, **({"result": result} if result else {}))
    await open_case(agent, result="来访当场答复")  # follows from no call: counted nowhere here
    days = "?first_day=2026-11-23&last_day=2026-11-23"
    _, figures = await chief.json("GET", f"/api/v1/figures{days}")
    assert figures["immediate_answer"] == {"numerator": 2, "denominator": 3, "rate": 2 / 3}
    _, none = await chief.json("GET", "/api/v1/figures?first_day=2026-11-22&last_day=2026-11-22")
    assert none["immediate_answer"] == {"numerator": 0, "denominator": 0, "rate": None}
