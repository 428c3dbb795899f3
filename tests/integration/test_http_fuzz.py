"""Whatever is sent, nothing breaks (FAULTS 35): requests made from our own description."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from gateway.auth.sessions import COOKIE
from gateway.http.application import API
from gateway.http.openapi import document
from tests.support.web import Browser, Hotline, call_data

EXAMPLES = 25
SKIPPED = {"/ws", "/api/v1/session"}  # handshakes, and what would log the fuzzer out


def fuzz(url: str, token: str, paths: tuple[str, ...]) -> int:
    """Send requests, right and wrong ones, to endpoints of ``paths``; how many were answered."""
    answered = 0
    schema: Any = schemathesis.openapi.from_dict(document(API))
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
        if operation.path.startswith(paths) and operation.path not in SKIPPED | {"/readyz"}:
            for mode in GenerationMode:
                if mode is GenerationMode.POSITIVE or operation.body or operation.query:
                    try_out(operation.as_strategy(generation_mode=mode))
    return answered


async def department(hotline: Hotline) -> Browser:
    """Somebody of a department."""
    return await hotline.department_user(await hotline.department("D1"))


# Who, and of which paths; administrators and departments of those that are theirs alone.
WHO: dict[str, tuple[Callable[[Hotline], Awaitable[Browser]], tuple[str, ...]]] = {
    "agent": (lambda hotline: hotline.agent(), ("/",)),
    "supervisor": (lambda hotline: hotline.supervisor(), ("/",)),
    "administrator": (
        lambda hotline: hotline.administrator(),
        (
            "/api/v1/departments",
            "/api/v1/categories",
            "/api/v1/clock-rules",
            "/api/v1/calendar",
            "/api/v1/audit",
            "/api/v1/webhook",
        ),
    ),
    "department": (department, ("/api/v1/cases", "/api/v1/inbox")),
}


@pytest.mark.parametrize("who", sorted(WHO))
async def test_fuzz(hotline: Hotline, who: str) -> None:
    make, paths = WHO[who]
    browser = await make(hotline)
    await hotline.switchboard.tell("call.ringing", call_data("sb1-5.1", agent="1001"))
    url = str(hotline.server.make_url("/")).rstrip("/")
    assert await asyncio.to_thread(fuzz, url, browser.token, paths) > 100
