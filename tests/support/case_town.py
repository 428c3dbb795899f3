"""A small tree of departments with people of each party, who take cases through their life."""

from typing import Any

import pytest

from tests.support.web import Browser, Hotline
from ticketing.lifecycle import CaseState, Party

CASES = "/api/v1/cases"
FORM = {"kind": "complaint", "title": "路灯不亮", "body": "人民路18号门前路灯三天不亮"}
TO = {"department": "D1", "assisting": ["D2"]}

# How a case gets into each state: steps, each by whom.
PATHS: dict[CaseState, list[tuple[str, dict[str, Any]]]] = {CaseState.REGISTERED: []}
PATHS[CaseState.DISPATCHED] = [("agent", {"step": "dispatched", **TO})]
PATHS[CaseState.ACCEPTED] = [*PATHS[CaseState.DISPATCHED], ("lead", {"step": "accepted"})]
PATHS[CaseState.HANDLING] = [*PATHS[CaseState.ACCEPTED], ("lead", {"step": "begun"})]
PATHS[CaseState.REPLIED] = [
    *PATHS[CaseState.HANDLING],
    ("lead", {"step": "replied", "result": "已修复"}),
]
PATHS[CaseState.CLOSED] = [*PATHS[CaseState.REPLIED], ("supervisor", {"step": "review_passed"})]
PATHS[CaseState.RETURN_ASKED] = [
    *PATHS[CaseState.DISPATCHED],
    ("lead", {"step": "return_asked", "reason": "不属本单位职责"}),
]
PATHS[CaseState.WITHDRAWN] = [("agent", {"step": "withdrawn", "reason": "市民撤回"})]
ASKED = ("lead", {"step": "extension_asked", "days": 5, "reason": "等待备件"})
PARTIES = {
    "agent": Party.AGENT,
    "supervisor": Party.SUPERVISOR,
    "lead": Party.LEAD,
    "assisting": Party.ASSISTING,
    "above": Party.ABOVE,
}


class Town:
    """A small tree of departments, and somebody of each party."""

    def __init__(self, hotline: Hotline) -> None:
        self.hotline = hotline
        self.people: dict[str, Browser] = {}

    async def settle(self) -> "Town":
        hotline = self.hotline
        await hotline.department("C1")
        for code in ("D1", "D2", "D3"):
            await hotline.department(code, "C1")
        await hotline.department("S1", "D1")
        departments = {"above": "C1", "lead": "D1", "assisting": "D2", "other": "D3", "below": "S1"}
        for name, code in departments.items():
            self.people[name] = await hotline.department_user(code)
        self.people["agent"] = await hotline.agent("1001")
        self.people["supervisor"] = await hotline.supervisor()
        self.people["administrator"] = await hotline.administrator()
        return self

    async def open(self, state: CaseState = CaseState.REGISTERED, **more: Any) -> dict[str, Any]:
        """A case in ``state``."""
        status, case = await self.people["agent"].json("POST", CASES, json=FORM | more)
        assert status == 201, case
        for who, step in PATHS[state]:
            case = await self.does(who, case, **step)
        assert case["state"] == ("dispatched" if "department" in more else state)
        return dict(case)

    async def tries(self, who: str, case: dict[str, Any], **step: Any) -> tuple[int, Any]:
        """Status and answer of a step on the version that ``case`` is."""
        body = {"version": case["version"], **step}
        return await self.people[who].json("POST", f"{CASES}/{case['case_no']}/steps", json=body)

    async def does(self, who: str, case: dict[str, Any], **step: Any) -> dict[str, Any]:
        """The case after a step that must succeed."""
        status, answer = await self.tries(who, case, **step)
        assert status == 200, (who, step, answer)
        return dict(answer)

    async def sees(self, who: str, case: dict[str, Any]) -> bool:
        """Whether somebody can open the case, and finds it in his list."""
        person = self.people[who]
        status, _ = await person.json("GET", f"{CASES}/{case['case_no']}")
        _, rows = await person.json("GET", f"{CASES}?limit=200")
        listed = case["case_no"] in {row["case_no"] for row in rows}
        assert listed == (status == 200), (who, status, listed)
        return listed


@pytest.fixture
async def town(hotline: Hotline) -> Town:
    return await Town(hotline).settle()
