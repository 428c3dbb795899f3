"""Every endpoint by every role, by nobody, and by keys of every scope (FAULTS security 19)."""

import json
from typing import Any

import pytest

from gateway.auth.keys import KeyScope
from gateway.auth.roles import EVERYONE, INTEGRATIONS, Role
from gateway.http.application import API
from gateway.http.endpoint import Endpoint
from gateway.http.openapi import plain_path
from tests.support.web import Browser, Hotline

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
    "notice_id": "1",
    "kind": "accepted",
    "attachment_id": "0" * 32,
    "link_id": "0" * 32,
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
        "POST /api/v1/calls/{call_id}/recording": case_workers,
        "GET /api/v1/recordings/{link_id}": case_workers,
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
        "GET /api/v1/imports/{import_id}/bad-rows": {Role.ADMINISTRATOR},
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
        "GET /api/v1/notices": {Role.ADMINISTRATOR},
        "POST /api/v1/notices/resend": {Role.ADMINISTRATOR},
        "POST /api/v1/notices/{notice_id}/resend": {Role.ADMINISTRATOR},
        "GET /api/v1/notice-templates": {Role.ADMINISTRATOR},
        "PUT /api/v1/notice-templates/{kind}": {Role.ADMINISTRATOR},
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
