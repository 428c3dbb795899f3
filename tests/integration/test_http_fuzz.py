"""Whatever is sent, nothing breaks (FAULTS 35; issue "It shows" 2): requests from our description.

Each endpoint is asked by one of its roles, with right and with wrong data, for things that are
there and for others; each answer must have a described status and be of the described shape.
``HOTLINE_TEST_FUZZ=200`` sends that many examples to each, at random, by all of its roles.
"""

import asyncio
import os
from collections.abc import Mapping
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from gateway import enquiries
from gateway.auth.roles import Role
from gateway.auth.sessions import COOKIE
from gateway.http import enquiry_api, open311_asking
from gateway.http.application import API
from gateway.http.openapi import document
from tests.support.web import Hotline
from tests.support.web_switchboard import call_data

LONG = os.environ.get("HOTLINE_TEST_FUZZ")
EXAMPLES = int(LONG or 4)
SKIPPED = {
    ("get", "/ws"),  # a handshake
    ("delete", "/api/v1/session"),  # would log the fuzzer out
    ("get", "/readyz"),  # 503 is its answer here
}
NOBODY = "nobody"
ASKERS = sorted([*Role, NOBODY])
THERE: Mapping[str, str] = {  # what paths may name, beside what is made up
    "case_no": "20261123-00001",
    "token": "20261123-00001",
    "call_id": "sb1-5.1",
    "agent": "1001",
    "code": "D1",
    "service_code": "0101",
    "key_id": "1",
    "number": "12345",
    "day": "2026-11-24",
    "year": "2026",
}
CHECKS = [
    check
    for check in schemathesis.checks.CHECKS.get_all()
    if check.__name__
    in {
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
        "response_headers_conformance",
    }
]


def askers(operation: Any, number: int) -> list[str]:
    """Who asks: all that may in a long run, else one of them in turn."""
    roles = operation.definition.raw.get("x-roles", [NOBODY])
    return roles if LONG else [roles[number % len(roles)]]


def fuzz(url: str, who: str, headers: dict[str, str], cookies: dict[str, str]) -> int:
    """Send requests to what ``who`` is to ask; how many operations were asked."""
    schema: Any = schemathesis.openapi.from_dict(document(API))

    def try_out(operation: Any, mode: GenerationMode) -> None:
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=not LONG,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), there=st.booleans())
        def send(case: Any, there: bool) -> None:
            if there:
                known = {
                    name: THERE.get(name, value) for name, value in case.path_parameters.items()
                }
                case.path_parameters = known
            response = case.call(base_url=url, session=session, headers=headers, cookies=cookies)
            case.validate_response(response, checks=CHECKS)

        send()

    asked, session = 0, requests.Session()
    for number, result in enumerate(schema.get_all_operations()):
        assert isinstance(result, Ok)
        operation = result.ok()
        skipped = (operation.method, operation.path) in SKIPPED
        if skipped or who not in askers(operation, number):
            continue
        asked += 1
        for mode in GenerationMode:
            if mode is GenerationMode.POSITIVE or operation.body or operation.query:
                try_out(operation, mode)
    return asked


async def sign_in(hotline: Hotline, who: str) -> tuple[dict[str, str], dict[str, str]]:
    """Headers and cookies of somebody of this role."""
    if who == NOBODY:
        return {"X-Hotline": "1"}, {}
    if who == Role.INTEGRATION:
        return await hotline.api_key("接入系统"), {}
    number = "1001" if who == Role.AGENT else None
    department = "D1" if who == Role.DEPARTMENT else None
    person = await hotline.add_user(Role(who), who, agent=number, department=department)
    return {"X-Hotline": "1"}, {COOKIE: (await hotline.browser(person)).token}


async def furnish(hotline: Hotline) -> None:
    """Things that are there, as `THERE` names them."""
    await hotline.department("D1")
    await hotline.category("0101")
    await hotline.api_key("另一个系统")
    opener = await hotline.agent("1009")
    form = {"kind": "help", "title": "停水", "body": "三天", "department": "D1"}
    status, _ = await opener.json("POST", "/api/v1/cases", json=form)
    assert status == 201
    await hotline.switchboard.tell("call.ringing", call_data("sb1-5.1", agent="1001"))


@pytest.mark.parametrize("who", ASKERS)
@pytest.mark.timeout(int(LONG or 1) * 120)
async def test_fuzz(hotline: Hotline, who: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enquiries, "PER_CASE", 10**6)
    for api in (enquiry_api, open311_asking):
        monkeypatch.setattr(api, "PER_ADDRESS", 10**6)
    await furnish(hotline)
    headers, cookies = await sign_in(hotline, who)
    many = hotline.settings.model_copy(update={"integration_per_minute": 100_000})
    async with hotline.serving(many) as url:
        asked = await asyncio.to_thread(fuzz, url, who, headers, cookies)
    assert asked > 0
