"""One call, end to end: T2, T6, C1, C2, S1, S2, M1 against a real Asterisk, SIPp and engines."""

import asyncio
import re
from typing import Any

from tests.support.gateway import Api, Gateway
from tests.support.live import LivePage, live_page, until
from tests.support.ports import free_port
from tests.support.sipp import Sipp, caller, phone, press
from tests.support.system import System

NUMBER = "13800000001"
MASKED = "138****0001"
CASE = {"kind": "complaint", "title": "路灯不亮", "body": "人民路18号门前路灯三天不亮"}


def value(metrics: str, name: str, **labels: str) -> float:
    """Sum of the samples of ``name`` that carry these labels."""
    total = 0.0
    for line in metrics.splitlines():
        match = re.fullmatch(rf"{name}(?:{{(.*)}})? (\S+)", line)
        if match and all(f'{key}="{text}"' in (match[1] or "") for key, text in labels.items()):
            total += float(match[2])
    return total


async def make_ready(agent: Api, page: LivePage) -> None:
    await agent.put("/api/v1/seat", {"state": "ready"})
    await page.until("seat.changed", lambda frame: frame["data"]["state"] == "ready")


async def work_on_call(agent: Api, page: LivePage) -> str:
    """What the agent does from the pop to the closed case; its number."""
    pop = await page.until("call.ringing")
    assert "call.answered" not in page.names()
    call_id = pop["data"]["call_id"]
    assert pop["data"]["caller"] == MASKED
    history = await agent.get(f"/api/v1/calls/{call_id}/caller")
    assert history["caller"] == MASKED
    answered = await page.until("call.answered")
    assert answered["at"] > pop["at"]
    case = await agent.post("/api/v1/cases", CASE | {"call_id": call_id})
    closing = {"result": "已派维修，当日恢复", "version": case["version"]}
    closed = await agent.post(f"/api/v1/cases/{case['case_no']}/close", closing)
    assert closed["state"] == "closed"
    return str(case["case_no"])


async def figures_agree(gateway: Gateway, chief: Api) -> None:
    """The API and /metrics tell the same."""
    board: dict[str, Any] = await until(
        lambda: chief.get("/api/v1/board"), lambda found: found["figures"]["answered"] == 1
    )
    metrics = await until(
        gateway.metrics, lambda text: value(text, "hotline_survey_attempts_total") == 1
    )
    for name in ("offered", "answered"):
        assert value(metrics, f"hotline_calls_{name}_total") == board["figures"][name] == 1
    rate = board["figures"]["connection_rate"]
    assert (rate["numerator"], rate["denominator"], rate["rate"]) == (1, 1, 1.0)
    assert value(metrics, "hotline_ratings_total", answer="satisfied") == 1
    assert board["ratings"]["satisfied"] == 1
    answers = value(metrics, "hotline_survey_answers_total", question="solved", answer="yes")
    assert answers == 1


async def test_whole_loop(system: System) -> None:
    gateway, switchboard = system.gateway, system.switchboard
    sipp, seat = Sipp(switchboard.sip_port), free_port()
    await sipp.register("1001", switchboard.secrets.seats["1001"], seat)
    keys = [press("1", after_ms=700) for _ in range(12)]
    survey = phone(ring_ms=300, steps=[press("1", after_ms=700) for _ in range(14)])
    async with (
        gateway.browser("agent8001") as agent,
        gateway.browser("chief") as chief,
        live_page(agent) as page,
        sipp.phone(seat, phone(ring_ms=1000, talk_ms=2500)),
        sipp.phone(switchboard.settings.trunk_port, survey),
    ):
        await make_ready(agent, page)
        calling = asyncio.create_task(sipp.call("12345", caller(NUMBER, steps=keys)))
        case_no = await work_on_call(agent, page)
        case = await until(
            lambda: agent.get(f"/api/v1/cases/{case_no}"),
            lambda found: found["rating"] and found["survey"] and found["survey"][0]["outcome"],
        )
        await calling
        assert case["rating"]["answer"] == "satisfied"
        assert case["survey"][0]["outcome"] == "completed"
        expected = {"contacted": "yes", "solved": "yes", "satisfied": "satisfied"}
        assert case["survey"][0]["answers"] == expected
        await figures_agree(gateway, chief)
    log = gateway.log.read_text("utf-8")
    assert NUMBER not in log
    assert NUMBER not in await gateway.metrics()
