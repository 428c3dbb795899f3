"""Whatever is sent, nothing breaks (FAULTS 35): requests made from our own description."""

import asyncio
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from gateway.auth.roles import Role
from gateway.auth.sessions import COOKIE
from gateway.http import calendar_api, clock_api
from gateway.http.application import API
from gateway.http.endpoint import Endpoint
from gateway.http.openapi import document
from tests.support.web import Browser, Hotline, call_data

EXAMPLES = 25
SKIPPED = {"/ws", "/api/v1/session"}  # handshakes, and what would log the fuzzer out


def fuzz(url: str, token: str, endpoints: tuple[Endpoint, ...] = API) -> int:
    """Send requests, right and wrong ones, to every endpoint; how many were answered."""
    answered = 0
    schema: Any = schemathesis.openapi.from_dict(document(endpoints))
    headers = {"X-Hotline": "1"}

    def try_out(strategy: Any) -> None:
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def send(case: Any) -> None:
            nonlocal answered
            response = case.call(base_url=url, headers=headers, cookies={COOKIE: token})
            answered += 1
            right = response.status_code < 400
            wanted = "application/json" if right else "application/problem+json"
            assert response.status_code < 500, (case.as_curl_command(), response.text)
            kind = str(response.headers.get("content-type", ""))
            empty = response.status_code == 204
            assert empty or wanted in kind, (case.as_curl_command(), response.status_code, kind)

        send()

    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        if operation.path not in SKIPPED | {"/readyz"}:
            for mode in GenerationMode:
                if mode is GenerationMode.POSITIVE or operation.body or operation.query:
                    try_out(operation.as_strategy(generation_mode=mode))
    return answered


@pytest.mark.parametrize("who", ["agent", "supervisor"])
async def test_fuzz(hotline: Hotline, who: str) -> None:
    browser: Browser = await (hotline.agent() if who == "agent" else hotline.supervisor())
    await hotline.switchboard.tell("call.ringing", call_data("sb1-5.1", agent="1001"))
    url = str(hotline.server.make_url("/")).rstrip("/")
    assert await asyncio.to_thread(fuzz, url, browser.token) > 100


async def test_fuzz_rules_and_calendar(hotline: Hotline) -> None:
    """As an administrator, who alone may change them."""
    browser = await hotline.browser(await hotline.add_user(Role.ADMINISTRATOR, "admin"))
    endpoints = (*clock_api.ENDPOINTS, *calendar_api.ENDPOINTS)
    url = str(hotline.server.make_url("/")).rstrip("/")
    assert await asyncio.to_thread(fuzz, url, browser.token, endpoints) > 50
