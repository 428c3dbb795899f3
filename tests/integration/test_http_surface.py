"""What holds for every endpoint: problems, headers, logs (FAULTS security 18, 20–24, 29)."""

from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp import web

from gateway.errors import GatewayError, RouteUndeclaredError
from gateway.http.application import create_app, listening
from tests.support.ports import free_port
from tests.support.web import Browser, Hotline
from tests.support.web_switchboard import CALLER, call_data


async def test_route_without_declared_roles_stops_the_start(hotline: Hotline) -> None:
    async def undeclared(_request: web.Request) -> web.Response:
        return web.Response()

    app = create_app(hotline.services, hotline.settings)
    app.router.add_route("GET", "/open", undeclared)
    with pytest.raises(RouteUndeclaredError, match="GET /open"):
        async with listening(app, "127.0.0.1", 0):
            pass


async def test_port_in_use_is_one_clear_sentence(hotline: Hotline) -> None:
    app = create_app(hotline.services, hotline.settings)
    port = hotline.server.port
    assert port
    with pytest.raises(GatewayError, match=f"cannot listen on 127.0.0.1:{port}"):
        async with listening(app, "127.0.0.1", port):
            pass


async def problem_of(browser: Browser, method: str, path: str, **how: Any) -> tuple[int, Any]:
    response = await browser.ask(method, path, **how)
    assert response.content_type == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    problem = await response.json(content_type="application/problem+json")
    assert problem["status"] == response.status
    assert problem["title"]
    assert problem["detail"]
    return response.status, problem


@pytest.mark.parametrize(
    ("status", "method", "path", "how"),
    [
        (404, "GET", "/nowhere", {}),
        (404, "GET", "/api/v1/nowhere", {}),
        (404, "GET", "/assets/none.js", {}),
        (404, "GET", "/assets/..%2Findex.html", {}),
        (405, "POST", "/api/v1/seats", {}),
        (413, "PUT", "/api/v1/seat", {"json": {"state": "x" * 70_000}}),
        (415, "PUT", "/api/v1/seat", {"data": "state=ready"}),
        (415, "PUT", "/api/v1/seat", {}),
        (
            400,
            "PUT",
            "/api/v1/seat",
            {"data": "{", "headers": {"Content-Type": "application/json"}},
        ),
        (
            400,
            "PUT",
            "/api/v1/seat",
            {"data": b'{"state": "\\ud800"}', "headers": {"Content-Type": "application/json"}},
        ),
        (422, "PUT", "/api/v1/seat", {"json": []}),
        (422, "PUT", "/api/v1/seat", {"json": {"state": None}}),
        (422, "GET", "/api/v1/seat?who=1002", {}),
    ],
)
async def test_problems(
    hotline: Hotline, status: int, method: str, path: str, how: dict[str, Any]
) -> None:
    agent = await hotline.agent()
    assert (await problem_of(agent, method, path, **how))[0] == status


async def test_our_own_mistake_shows_nothing_of_the_inside(
    hotline: Hotline, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> None:
        raise ZeroDivisionError("secret inside")

    agent = await hotline.agent()
    monkeypatch.setattr("gateway.live_state.RedisLiveState.seat", fail)
    status, problem = await problem_of(agent, "GET", "/api/v1/seat")
    assert status == 500
    assert "secret" not in str(problem)
    assert "Traceback" not in str(problem)


async def test_pages_and_their_headers(hotline: Hotline) -> None:
    browser = await hotline.browser()
    page = await browser.ask("GET", "/")
    assert page.status == 200
    assert page.content_type == "text/html"
    policy = page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    asset = await browser.ask("GET", "/assets/index-C0ffee12.js")
    assert asset.status == 200
    assert "immutable" in asset.headers["Cache-Control"]
    icon = await browser.ask("GET", "/assets/icon.svg")
    assert icon.headers["Cache-Control"] == "no-cache"
    for path in ("/login", "/board", "/surges", "/cases", "/cases/20261123-00001"):
        assert (await browser.ask("GET", path)).content_type == "text/html"
    answer = await browser.ask("GET", "/healthz")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Server" not in answer.headers


async def test_pages_not_built(hotline: Hotline, tmp_path: Path) -> None:
    app = create_app(hotline.services, hotline.settings, dist=tmp_path / "absent")
    port = free_port()
    async with listening(app, "127.0.0.1", port):
        browser = await hotline.browser()
        status, problem = await browser.json("GET", f"http://127.0.0.1:{port}/")
    assert status == 404
    assert "构建" in problem["detail"]


async def test_readiness(hotline: Hotline) -> None:
    browser = await hotline.browser()
    readiness = hotline.services.readiness
    readiness.expect("postgres", "switchboard")
    readiness.report("postgres", ready=True)
    assert await browser.json("GET", "/readyz") == (
        503,
        {
            "ready": False,
            "components": {
                "postgres": {"ready": True, "detail": ""},
                "switchboard": {"ready": False, "detail": "not started"},
            },
        },
    )
    readiness.report("switchboard", ready=True, detail="connected")
    status, answer = await browser.json("GET", "/readyz")
    assert (status, answer["ready"]) == (200, True)
    assert await browser.json("GET", "/healthz") == (200, {"alive": True})


async def test_access_log_has_the_route_and_nothing_that_was_in_it(hotline: Hotline) -> None:
    agent = await hotline.agent()
    with structlog.testing.capture_logs() as lines:
        await agent.ask("GET", "/api/v1/seat?number=13800000001")
        await agent.ask("GET", "/13800000001")
    routes = [(line["route"], line["status"]) for line in lines if line["event"] == "request"]
    assert routes == [("/api/v1/seat", 422), ("unknown", 404)]
    assert "13800000001" not in str(lines)
    assert lines[0]["login"] == "agent1001"


async def test_number_is_neither_logged_nor_told(hotline: Hotline) -> None:
    agent = await hotline.agent("1001")
    answers: list[Any] = []
    with structlog.testing.capture_logs() as lines:
        async with await agent.socket() as page:
            answers.append(await page.receive_json(timeout=5))
            await hotline.switchboard.tell("call.ringing", call_data("sb1-5.1", agent="1001"))
            answers.append(await page.receive_json(timeout=5))
            form = {"kind": "help", "title": "停水", "body": "三天", "call_id": "sb1-5.1"}
            status, case = await agent.json("POST", "/api/v1/cases", json=form)
            assert status == 201
            answers.append(case)
            for path in ("calls/sb1-5.1/caller", "calls", "cases", f"cases/{case['case_no']}"):
                status, answer = await agent.json("GET", f"/api/v1/{path}")
                assert status == 200
                answers.append(answer)
            answers.append(await agent.json("POST", "/api/v1/cases", json=form))
    assert await hotline.pool.fetchval("select caller from cases") == CALLER
    assert "138****0001" in str(answers)
    assert CALLER not in str(answers)
    assert CALLER not in str(lines)
