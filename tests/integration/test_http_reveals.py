"""FAULTS security 24: a number is shown in full for a reason, to whom it may be, audited before."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest
import structlog

from gateway.reveals import may_reveal_caller
from tests.support.web import Browser, Hotline
from tests.support.web_switchboard import CALLER

FORM = {"kind": "complaint", "title": "路灯不亮", "body": "人民路18号", "call_id": "sb1-1.1"}
WHY = {"reason": "核实地址"}


async def reveal(browser: Browser, path: str, **how: Any) -> tuple[int, Any]:
    return await browser.json("POST", f"/api/v1/{path}/reveal", json=WHY | how)


async def opened(hotline: Hotline, agent: Browser, **changed: Any) -> str:
    await hotline.store_call("1.1", "1001")
    status, case = await agent.json("POST", "/api/v1/cases", json=FORM | changed)
    assert status == 201, case
    return f"cases/{case['case_no']}"


async def test_the_agent_of_a_case_and_supervisors(hotline: Hotline) -> None:
    agent, other = await hotline.agent("1001"), await hotline.agent("1002")
    chief, admin = await hotline.supervisor(), await hotline.administrator()
    case = await opened(hotline, agent)
    with structlog.testing.capture_logs() as lines:
        for browser, path in ((agent, case), (chief, case), (agent, "calls/sb1-1.1")):
            assert await reveal(browser, path) == (200, {"number": CALLER, "shown_s": 30})
        assert (await reveal(other, case))[0] == 403
        assert (await reveal(other, "calls/sb1-1.1"))[0] == 404
        assert (await reveal(admin, case))[0] == 403
        assert (await reveal(chief, "cases/20261123-00099"))[0] == 404
    assert CALLER not in str(lines)
    rows = await hotline.pool.fetch("select * from audit_log order by audit_id")
    assert [(row["actor"], row["action"], row["subject"]) for row in rows] == [
        ("agent1001", "number.revealed", case.partition("/")[2]),
        ("supervisor", "number.revealed", case.partition("/")[2]),
        ("agent1001", "number.revealed", "sb1-1.1"),
    ]
    assert json.loads(rows[0]["detail"]) == {"of": "case", "reason": "核实地址", "outcome": "done"}
    assert CALLER not in str(rows)


async def test_the_lead_department_while_it_handles_the_case(hotline: Hotline) -> None:
    agent = await hotline.agent()
    await hotline.department("C1")
    for code in ("D1", "D2"):
        await hotline.department(code, "C1")
    lead, helper = await hotline.department_user("D1"), await hotline.department_user("D2")
    above = await hotline.department_user("C1")
    case = await opened(hotline, agent, department="D1", assisting=["D2"])

    async def step(name: str, version: int, **fields: Any) -> None:
        body = {"step": name, "version": version, **fields}
        assert (await lead.json("POST", f"/api/v1/{case}/steps", json=body))[0] == 200

    assert (await reveal(lead, case))[0] == 403  # not signed yet
    await step("accepted", 2)
    assert (await reveal(lead, case))[1]["number"] == CALLER
    assert [(await reveal(who, case))[0] for who in (helper, above)] == [403, 403]
    await step("replied", 3, result="已修复")
    status, problem = await reveal(lead, case)
    assert status == 403
    assert "已签收、尚未答复的主办部门" in problem["detail"]


async def test_a_confidential_case_stays_closed(hotline: Hotline) -> None:
    agent, other = await hotline.agent("1001"), await hotline.agent("1002")
    await hotline.department("D1")
    lead = await hotline.department_user("D1")
    case = await opened(hotline, agent, department="D1", confidential=True)
    accepted = {"step": "accepted", "version": 2}
    assert (await lead.json("POST", f"/api/v1/{case}/steps", json=accepted))[0] == 200
    assert (await reveal(lead, case))[0] == 403
    assert (await reveal(other, case))[0] == 404
    assert (await reveal(agent, case))[0] == 200
    await hotline.pool.execute("update calls set agents = agents || agents")  # two had a part
    await hotline.pool.execute(
        "update calls set agents = jsonb_set(agents, '{1,agent}', '\"1002\"')"
    )
    status, problem = await reveal(other, "calls/sb1-1.1")
    assert (status, "保密" in problem["detail"]) == (403, True)
    assert other.person
    assert may_reveal_caller(None, other.person)


async def test_so_many_an_hour(hotline: Hotline) -> None:
    agent, chief = await hotline.agent(), await hotline.supervisor()
    case = await opened(hotline, agent)
    limit = hotline.settings.reveals_per_hour
    answers = [await reveal(agent, case) for _ in range(limit + 1)]
    assert [status for status, _ in answers] == [200] * limit + [429]
    assert answers[-1][1]["detail"] == f"每人每小时最多查看 {limit} 个完整号码，请在 3600 秒后再试"
    assert (await reveal(chief, case))[0] == 200
    await hotline.pool.execute("alter table audit_log disable trigger audit_log_append_only")
    await hotline.pool.execute("update audit_log set at = at - interval '61 min'")
    assert (await reveal(agent, case))[0] == 200


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (None, "必须是文字"),
        (" ", "至少 2 个字"),
        ("长" * 201, "最多 200 个字"),
        ("回拨 13800000001", "不能填写电话号码"),
    ],
)
async def test_without_a_reason_nothing(hotline: Hotline, reason: str | None, said: str) -> None:
    agent = await hotline.agent()
    case = await opened(hotline, agent)
    status, problem = await reveal(agent, case, reason=reason)
    assert status == 422
    assert said in problem["detail"]
    assert await hotline.pool.fetchval("select count(*) from audit_log") == 0


async def test_what_cannot_be_audited_is_not_shown(hotline: Hotline) -> None:
    agent = await hotline.agent()
    case = await opened(hotline, agent)
    await hotline.pool.execute("alter table audit_log add check (actor <> 'agent1001')")
    status, problem = await reveal(agent, case)
    assert status == 500
    for leak in (CALLER, "audit_log", "insert", "check", "asyncpg"):  # FAULTS security 29
        assert leak not in json.dumps(problem).lower()
    withheld = await hotline.store_call("1.2", "1001", caller="")
    status, problem = await reveal(agent, f"calls/{withheld}")
    assert (status, problem["detail"]) == (409, "来电没有显示号码")


async def test_two_at_once_are_counted_one_after_the_other(
    hotline: Hotline, pool: asyncpg.Pool
) -> None:
    agent = await hotline.agent()
    case = await opened(hotline, agent)
    limit = hotline.settings.reveals_per_hour
    await pool.execute(
        "insert into audit_log (at, actor, action) select '2026-11-23 08:00Z', 'agent1001',"
        " 'number.revealed' from generate_series(2, $1::integer)",
        limit,
    )
    answers = await asyncio.gather(*(reveal(agent, case) for _ in range(4)))
    assert sorted(status for status, _ in answers) == [200, 429, 429, 429]
