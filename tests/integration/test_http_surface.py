"""What holds for every endpoint: roles, problems, headers, logs (FAULTS security 18–24, 29)."""

import json
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp import web

from gateway.auth.keys import KeyScope
from gateway.auth.roles import EVERYONE, INTEGRATIONS, Role
from gateway.errors import GatewayError, RouteUndeclaredError
from gateway.http.application import API, create_app, listening
from gateway.http.endpoint import Endpoint
from gateway.http.openapi import plain_path
from tests.support.ports import free_port
from tests.support.web import CALLER, Browser, Hotline, call_data

EXAMPLES = {
    "case_no": "20261123-00001",
    "call_id": "sb1-1.1",
    "agent": "1001",
    "number": "12315",
    "task_id": "1",
    "run_id": "1",
    "surge_id": "1",
    "code": "D1",
    "sheet": "departments",
    "import_id": "1",
    "login": "wang",
    "article_id": "1",
    "version": "1",
    "feedback_id": "1",
    "destination_id": "1",
    "delivery_id": "1",
    "attachment_id": "0" * 32,
    "urgency": "ordinary",
    "day": "2026-11-24",
    "year": "2026",
    "key_id": "1",
    "format": "json",
    "service_code": "0101",
    "token": "20261123-00001",
    "list_id": "1",
    "campaign_id": "1",
    "mark_id": "1",
}


def example_path(endpoint: Endpoint) -> str:
    return plain_path(endpoint.path).format(**EXAMPLES)


PROTECTED = [each for each in API if each.access != "public"]


async def answered(browser: Browser, endpoint: Endpoint, **how: Any) -> tuple[int, str]:
    """Status, and the sentence of a refusal."""
    form = {"data": {"lat": "1"}} if endpoint.takes_form else {}
    path = example_path(endpoint)
    async with await browser.ask(endpoint.method, path, **form, **how) as answer:
        content = await answer.read()
    if answer.status not in {401, 403} or endpoint.path == "/ws":
        return answer.status, ""
    problem = json.loads(content)
    return answer.status, problem[0]["description"] if endpoint.open311 else problem["detail"]


def name_of(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


async def test_nobody_is_let_in(hotline: Hotline) -> None:
    nobody = await hotline.browser()
    let_in = []
    for each in PROTECTED:
        status, _ = await answered(nobody, each)
        if status != (403 if each.open311 else 401):  # as GeoReport v2 has it
            let_in.append(name_of(each))
    assert let_in == []


@pytest.mark.parametrize("role", sorted(EVERYONE))
async def test_roles(hotline: Hotline, role: Role) -> None:
    """A role that an endpoint does not declare gets 403, a declared one neither that nor 401."""
    number = "1001" if role is Role.AGENT else None
    department = await hotline.department("city") if role is Role.DEPARTMENT else None
    person = await hotline.add_user(role, role.value, agent=number, department=department)
    refusal = (403, "您的角色不能使用这项功能")
    wrong = {}
    for each in PROTECTED:
        browser = await hotline.browser(person)  # one of the endpoints ends the session
        got = await answered(browser, each)
        if each.path == "/ws" and role in each.access:
            continue  # which then wants an Origin
        if (got == refusal) is (role in each.access) or got[0] == 401:
            wrong[name_of(each)] = got
    assert wrong == {}


@pytest.mark.parametrize("scope", sorted(KeyScope))
async def test_keys(hotline: Hotline, scope: KeyScope) -> None:
    """A key opens what is for its scope, and nothing of people."""
    nobody = await hotline.browser()
    wrong = {}
    for number, each in enumerate(PROTECTED):
        key = await hotline.api_key(f"系统{number}", scope)  # each may ask so often a minute
        status, said = await answered(nobody, each, headers=key)
        served = each.access == INTEGRATIONS and scope is each.scope
        if (status == 403) is served or status == 401:
            wrong[name_of(each)] = (status, said)
    assert wrong == {}


def test_the_matrix_is_the_one_that_was_decided() -> None:
    everyone, overseers = set(Role) - {Role.INTEGRATION}, {Role.SUPERVISOR, Role.ADMINISTRATOR}
    staff = everyone - {Role.DEPARTMENT}
    case_workers = {Role.AGENT, Role.SUPERVISOR}
    decided: dict[str, Any] = {
        "POST /api/v1/session": "public",
        "GET /api/v1/session": everyone,
        "DELETE /api/v1/session": everyone,
        "GET /api/v1/seat": {Role.AGENT},
        "PUT /api/v1/seat": {Role.AGENT},
        "GET /api/v1/seat/choices": {Role.AGENT, Role.SUPERVISOR},
        "POST /api/v1/seat/wrap-up/finish": {Role.AGENT},
        "POST /api/v1/seat/wrap-up/prolong": {Role.AGENT},
        "GET /api/v1/seats/{agent}/queues": {Role.SUPERVISOR},
        "PUT /api/v1/seats/{agent}/queues": {Role.SUPERVISOR},
        "GET /api/v1/seats/figures": overseers,
        "GET /api/v1/seats": overseers,
        "GET /api/v1/calls": staff,
        "GET /api/v1/calls/{call_id}": staff,
        "GET /api/v1/calls/{call_id}/caller": staff,
        "POST /api/v1/calls/{call_id}/reveal": case_workers,
        "PUT /api/v1/calls/{call_id}/citizen": case_workers,
        "DELETE /api/v1/calls/{call_id}/citizen": case_workers,
        "POST /api/v1/calls/{call_id}/nuisance": case_workers,
        "GET /api/v1/nuisance-marks": overseers,
        "POST /api/v1/nuisance-marks/{mark_id}/approve": {Role.SUPERVISOR},
        "POST /api/v1/nuisance-marks/{mark_id}/refuse": {Role.SUPERVISOR},
        "POST /api/v1/nuisance-marks/{mark_id}/lift": {Role.SUPERVISOR},
        "GET /api/v1/exclusions": {Role.SUPERVISOR},
        "GET /api/v1/audit": {Role.ADMINISTRATOR},
        "GET /api/v1/audit/actions": {Role.ADMINISTRATOR},
        "GET /api/v1/directory": {Role.AGENT},
        "POST /api/v1/calls/{call_id}/hangup": {Role.AGENT},
        "POST /api/v1/calls/{call_id}/transfer": {Role.AGENT},
        "POST /api/v1/calls/{call_id}/consult": {Role.AGENT},
        "POST /api/v1/calls/{call_id}/consult/complete": {Role.AGENT},
        "POST /api/v1/calls/{call_id}/consult/cancel": {Role.AGENT},
        "POST /api/v1/calls/{call_id}/conference": {Role.AGENT},
        "POST /api/v1/seat/hangup": {Role.AGENT},
        "POST /api/v1/dial": {Role.AGENT},
        "PUT /api/v1/seats/{agent}/state": {Role.SUPERVISOR},
        "POST /api/v1/seats/{agent}/listen": {Role.SUPERVISOR},
        "POST /api/v1/seats/{agent}/whisper": {Role.SUPERVISOR},
        "POST /api/v1/seats/{agent}/barge": {Role.SUPERVISOR},
        "POST /api/v1/seats/{agent}/take-over": {Role.SUPERVISOR},
        "POST /api/v1/seats/{agent}/hangup": {Role.SUPERVISOR},
        "GET /api/v1/ringbacks": staff,
        "GET /api/v1/ringbacks/{task_id}": staff,
        "POST /api/v1/ringbacks/{task_id}/dial": {Role.AGENT},
        "POST /api/v1/ringbacks/{task_id}/drop": {Role.SUPERVISOR},
        "POST /api/v1/cases": case_workers,
        "GET /api/v1/cases": everyone,
        "POST /api/v1/cases/search": everyone,
        "GET /api/v1/cases/{case_no}": everyone,
        "POST /api/v1/cases/{case_no}/close": case_workers,
        "POST /api/v1/cases/{case_no}/steps": case_workers | {Role.DEPARTMENT},
        "GET /api/v1/cases/{case_no}/caller": case_workers,
        "PUT /api/v1/cases/{case_no}/citizen": case_workers,
        "DELETE /api/v1/cases/{case_no}/citizen": case_workers,
        "POST /api/v1/cases/{case_no}/reveal": case_workers | {Role.DEPARTMENT},
        "GET /api/v1/cases/{case_no}/attachments": everyone,
        "POST /api/v1/cases/{case_no}/attachments": case_workers | {Role.DEPARTMENT},
        "GET /api/v1/cases/{case_no}/attachments/{attachment_id}": everyone,
        "POST /api/v1/cases/{case_no}/attachments/{attachment_id}/remove": (
            case_workers | {Role.DEPARTMENT}
        ),
        "GET /api/v1/inbox": {Role.DEPARTMENT},
        "GET /api/v1/case-board": overseers,
        "GET /api/v1/campaigns": staff,
        "POST /api/v1/campaigns": {Role.SUPERVISOR},
        "PUT /api/v1/campaigns/{campaign_id}": {Role.SUPERVISOR},
        "GET /api/v1/campaigns/{campaign_id}/suggestions": staff,
        "GET /api/v1/campaigns/{campaign_id}/candidates": case_workers,
        "POST /api/v1/campaigns/{campaign_id}/suggestions": case_workers,
        "PUT /api/v1/campaigns/{campaign_id}/suggestions/{case_no}/screening": {Role.SUPERVISOR},
        "PUT /api/v1/campaigns/{campaign_id}/suggestions/{case_no}/adoption": {Role.SUPERVISOR},
        "GET /api/v1/hot-topics": overseers,
        "GET /api/v1/joints": {Role.SUPERVISOR, Role.DEPARTMENT},
        "GET /api/v1/supervision-lists": {Role.SUPERVISOR},
        "GET /api/v1/supervision-lists/{list_id}": {Role.SUPERVISOR},
        "GET /api/v1/supervision-lists/{list_id}/items": {Role.SUPERVISOR},
        "POST /api/v1/supervision-lists/{list_id}/sign": {Role.SUPERVISOR},
        "GET /api/v1/departments": everyone,
        "POST /api/v1/departments": {Role.ADMINISTRATOR},
        "PUT /api/v1/departments/{code}": {Role.ADMINISTRATOR},
        "DELETE /api/v1/departments/{code}": {Role.ADMINISTRATOR},
        "GET /api/v1/categories": everyone,
        "POST /api/v1/categories": {Role.ADMINISTRATOR},
        "PUT /api/v1/categories/{code}": {Role.ADMINISTRATOR},
        "DELETE /api/v1/categories/{code}": {Role.ADMINISTRATOR},
        "GET /api/v1/clock-rules": everyone,
        "GET /api/v1/clock-rules/{urgency}": everyone,
        "PUT /api/v1/clock-rules/{urgency}": {Role.ADMINISTRATOR},
        "POST /api/v1/clock-rules/{urgency}/withdraw": {Role.ADMINISTRATOR},
        "GET /api/v1/calendar/{year}": everyone,
        "PUT /api/v1/calendar/{year}": {Role.ADMINISTRATOR},
        "DELETE /api/v1/calendar/{year}": {Role.ADMINISTRATOR},
        "PUT /api/v1/calendar/days/{day}": {Role.ADMINISTRATOR},
        "DELETE /api/v1/calendar/days/{day}": {Role.ADMINISTRATOR},
        "GET /api/v1/knowledge/articles": everyone,
        "POST /api/v1/knowledge/articles": overseers | {Role.DEPARTMENT},
        "GET /api/v1/knowledge/articles/{article_id}": everyone,
        "GET /api/v1/knowledge/articles/{article_id}/versions/{version}": everyone,
        "PUT /api/v1/knowledge/articles/{article_id}/draft": overseers | {Role.DEPARTMENT},
        "POST /api/v1/knowledge/articles/{article_id}/steps": overseers | {Role.DEPARTMENT},
        "POST /api/v1/knowledge/articles/{article_id}/feedback": everyone,
        "POST /api/v1/knowledge/search": everyone,
        "GET /api/v1/knowledge/feedback": everyone,
        "POST /api/v1/knowledge/feedback": everyone,
        "POST /api/v1/knowledge/feedback/{feedback_id}/settle": overseers | {Role.DEPARTMENT},
        "GET /api/v1/cases/{case_no}/articles": everyone,
        "POST /api/v1/cases/{case_no}/articles": case_workers | {Role.DEPARTMENT},
        "GET /api/v1/board": overseers,
        "GET /api/v1/board/callers": overseers,
        "POST /api/v1/dispatch-suggestions": case_workers,
        "GET /api/v1/dispatch-suggestions/quality": overseers,
        "GET /api/v1/surges": overseers,
        "POST /api/v1/surges/{surge_id}/acknowledge": {Role.SUPERVISOR},
        "GET /api/v1/reconciliations": overseers,
        "GET /api/v1/reconciliations/{run_id}/differences": overseers,
        "GET /api/v1/lines": staff,
        "POST /api/v1/lines": {Role.ADMINISTRATOR},
        "GET /api/v1/lines/changes": {Role.ADMINISTRATOR},
        "PUT /api/v1/lines/{number}": {Role.ADMINISTRATOR},
        "DELETE /api/v1/lines/{number}": {Role.ADMINISTRATOR},
        "GET /api/v1/users": {Role.ADMINISTRATOR},
        "POST /api/v1/users": {Role.ADMINISTRATOR},
        "PUT /api/v1/users/{login}": {Role.ADMINISTRATOR},
        "POST /api/v1/users/{login}/password": {Role.ADMINISTRATOR},
        "GET /api/v1/imports": {Role.ADMINISTRATOR},
        "POST /api/v1/imports/{sheet}": {Role.ADMINISTRATOR},
        "GET /api/v1/imports/{sheet}/template": {Role.ADMINISTRATOR},
        "GET /api/v1/imports/{import_id}": {Role.ADMINISTRATOR},
        "GET /api/v1/imports/{import_id}/problems": {Role.ADMINISTRATOR},
        "POST /api/v1/imports/{import_id}/accept": {Role.ADMINISTRATOR},
        "DELETE /api/v1/imports/{import_id}": {Role.ADMINISTRATOR},
        "GET /api/v1/exports/cases": everyone,
        "GET /api/v1/exports/departments": {Role.ADMINISTRATOR},
        "GET /api/v1/exports/categories": {Role.ADMINISTRATOR},
        "GET /api/v1/webhooks": {Role.ADMINISTRATOR},
        "POST /api/v1/webhooks": {Role.ADMINISTRATOR},
        "PUT /api/v1/webhooks/{destination_id}": {Role.ADMINISTRATOR},
        "DELETE /api/v1/webhooks/{destination_id}": {Role.ADMINISTRATOR},
        "POST /api/v1/webhooks/{destination_id}/secret": {Role.ADMINISTRATOR},
        "GET /api/v1/webhooks/{destination_id}/deliveries": {Role.ADMINISTRATOR},
        "POST /api/v1/webhooks/{destination_id}/resend": {Role.ADMINISTRATOR},
        "POST /api/v1/webhook-deliveries/{delivery_id}/resend": {Role.ADMINISTRATOR},
        "POST /api/v1/webhook-deliveries/{delivery_id}/discard": {Role.ADMINISTRATOR},
        "GET /api/v1/figures": overseers,
        "GET /api/v1/api-keys": {Role.ADMINISTRATOR},
        "POST /api/v1/api-keys": {Role.ADMINISTRATOR},
        "PUT /api/v1/api-keys/{key_id}": {Role.ADMINISTRATOR},
        "POST /api/v1/api-keys/{key_id}/renew": {Role.ADMINISTRATOR},
        "POST /api/v1/inbound/cases": {Role.INTEGRATION},
        "GET /api/v1/inbound/cases/{case_no}": {Role.INTEGRATION},
        "POST /api/v1/enquiries": "public",
        "GET /open311/v2/discovery.{format}": "public",
        "GET /open311/v2/services.{format}": "public",
        "GET /open311/v2/services/{service_code}.{format}": "public",
        "POST /open311/v2/requests.{format}": {Role.INTEGRATION},
        "GET /open311/v2/requests.{format}": "public",
        "GET /open311/v2/requests/{case_no}.{format}": "public",
        "GET /open311/v2/tokens/{token}.{format}": "public",
        "GET /healthz": "public",
        "GET /readyz": "public",
        "GET /ws": everyone,
    }
    assert {f"{e.method} {plain_path(e.path)}": e.access for e in API} == decided


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
