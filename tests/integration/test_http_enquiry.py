"""Citizens ask how their case stands (C7; FAULTS security 19, 22)."""

from typing import Any

import structlog

from tests.support.web import Browser, Hotline

PATH = "/api/v1/enquiries"


async def ask(browser: Browser, case_no: str, digits: str) -> tuple[int, Any]:
    return await browser.json("POST", PATH, json={"case_no": case_no, "digits": digits})


async def opened(hotline: Hotline, agent: Browser, **more: Any) -> str:
    calls = await hotline.pool.fetchval("select count(*) from calls")
    call_id = await hotline.store_call(f"{calls}.1", "1001")
    form = {"kind": "help", "title": "停水", "body": "三天", "call_id": call_id}
    status, case = await agent.json("POST", "/api/v1/cases", json=form | more)
    assert status == 201
    return str(case["case_no"])


async def test_progress(hotline: Hotline) -> None:
    await hotline.department("D1")
    agent, nobody = await hotline.agent("1001"), await hotline.browser()
    case_no = await opened(hotline, agent, department="D1")
    told = {
        "case_no": case_no,
        "state": "dispatched",
        "confidential": False,
        "opened_at": "2026-11-23T08:00:00Z",
        "closed_at": None,
        "department": "部门D1",
        "reply": "",
    }
    assert await ask(nobody, case_no, "0001") == (200, told)
    answered = await opened(hotline, agent, result="已恢复供水")
    _, told = await ask(nobody, answered, "0001")
    assert (told["state"], told["reply"]) == ("closed", "已恢复供水")
    secret = await opened(hotline, agent, result="已查处", confidential=True)
    _, told = await ask(nobody, secret, "0001")
    assert (told["state"], told["confidential"]) == ("closed", True)
    assert (told["reply"], told["department"]) == ("", None)


async def test_nothing_is_told_of_what_does_not_match(hotline: Hotline) -> None:
    agent, nobody = await hotline.agent("1001"), await hotline.browser()
    case_no = await opened(hotline, agent)
    form = {"kind": "help", "title": "来信", "body": "无电话", "source": "letter"}
    _, letter = await agent.json("POST", "/api/v1/cases", json=form)
    with structlog.testing.capture_logs() as lines:
        wrong = await ask(nobody, case_no, "9999")
        assert wrong[0] == 404
        assert wrong == await ask(nobody, "20261123-99999", "0001")
        assert wrong == await ask(nobody, letter["case_no"], "0000")
    assert case_no not in str(lines)
    for digits in ("", "001", "00011", "000a", "----", "０００１"):
        assert (await ask(nobody, case_no, digits))[0] == 422
    assert (await nobody.http.post(PATH, json={})).status == 403  # no header: perhaps forged


async def test_digits_cannot_be_tried_out(hotline: Hotline) -> None:
    agent, nobody = await hotline.agent("1001"), await hotline.browser()
    case_no = await opened(hotline, agent)
    for known in (case_no, "20261123-99999"):  # it makes no difference whether there is one
        tried = [(await ask(nobody, known, f"900{digit}"))[0] for digit in range(6)]
        assert tried == [404] * 5 + [429]
    status, problem = await ask(nobody, case_no, "0001")
    assert status == 429
    assert problem["detail"].startswith("请求过于频繁，请在 ")
    other = await opened(hotline, agent)
    for _ in range(12):  # right answers are no guesses
        status, _ = await ask(nobody, other, "0001")
        assert status == 200
    numbers = range(1, 10)
    tried = [(await ask(nobody, f"20261122-0000{each}", "0001"))[0] for each in numbers]
    assert tried[-1] == 429  # of one address, whatever the case
