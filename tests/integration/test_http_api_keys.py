"""Keys of other systems: made, used, renewed, closed (O4; FAULTS security 16, 18, 22)."""

import json
from typing import Any

import pytest
import structlog

from gateway.auth.keys import KeyScope
from gateway.auth.roles import Role
from gateway.users import NewUser, UserError, authenticate, set_password
from tests.support.web import Browser, Hotline

KEYS = "/api/v1/api-keys"
FORM = {"name": "市政府网站", "channel": "web", "scopes": ["inbound"]}
CASE = "/api/v1/inbound/cases/20261123-99999"


async def use(browser: Browser, secret: str, path: str = CASE, **how: Any) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {secret}"}
    return await browser.json("GET", path, headers=headers, **how)


async def test_life_of_a_key(hotline: Hotline) -> None:
    admin, nobody = await hotline.administrator(), await hotline.browser()
    with structlog.testing.capture_logs() as lines:
        status, made = await admin.json("POST", KEYS, json=FORM)
        assert (status, made["last_used_on"], made["active"]) == (201, None, True)
        secret = made.pop("secret")
        assert (await use(nobody, secret))[0] == 404
        status, problem = await use(nobody, secret[:-1] + ("A" if secret[-1] != "A" else "B"))
        assert (status, problem["detail"]) == (401, "密钥无效或已停用")
    assert secret not in str(lines)
    _, (listed,) = await admin.json("GET", KEYS)
    assert listed == made | {"last_used_on": "2026-11-23"}

    _, renewed = await admin.json("POST", f"{KEYS}/{made['key_id']}/renew")
    assert (await use(nobody, secret))[0] == 401
    assert (await use(nobody, renewed["secret"]))[0] == 404
    closed = FORM | {"name": "门户", "active": False}
    status, changed = await admin.json("PUT", f"{KEYS}/{made['key_id']}", json=closed)
    assert (status, changed["name"], changed["login"]) == (200, "门户", made["login"])
    assert (await use(nobody, renewed["secret"]))[0] == 401
    again = FORM | {"active": True, "scopes": ["open311"]}
    await admin.json("PUT", f"{KEYS}/{made['key_id']}", json=again)
    status, problem = await use(nobody, renewed["secret"])
    assert (status, problem["detail"]) == (403, "这个密钥没有开通“inbound”接口")

    rows = await hotline.pool.fetch(
        "select actor, action, subject, detail::text from audit_log order by audit_id"
    )
    acts = ["created", "renewed", "changed", "changed"]
    assert [row["action"] for row in rows] == [f"api_key.{act}" for act in acts]
    assert {row["subject"] for row in rows} == {made["login"]}
    assert json.loads(rows[2]["detail"])["after"]["active"] is False
    stored = str(await hotline.pool.fetch("select * from api_keys, users, audit_log"))
    assert secret not in stored
    assert renewed["secret"] not in stored


BAD_TERMS: list[tuple[dict[str, Any], str, str]] = [
    ({"name": " "}, "name", "至少 1 个字"),
    ({"channel": "phone"}, "channel", "只能是 web、letter、visit、app 之一"),
    ({"scopes": []}, "scopes", "至少选 1 项"),
    ({"scopes": ["all"]}, "scopes.0", "只能是 inbound、open311 之一"),
    ({"name": "门户"}, "name", "名称“门户”已被使用"),
]


async def test_terms_that_are_none(hotline: Hotline) -> None:
    admin = await hotline.administrator()
    await hotline.api_key("门户")
    for changed, field, sentence in BAD_TERMS:
        status, problem = await admin.json("POST", KEYS, json=FORM | changed)
        assert status == 422
        assert problem["errors"] == [{"field": field, "message": sentence}]
    status, problem = await admin.json("POST", f"{KEYS}/99/renew")
    assert (status, problem["detail"]) == (404, "没有这个接入密钥")


async def test_a_key_is_no_person_and_a_person_no_key(hotline: Hotline) -> None:
    key = await hotline.api_key("门户")
    agent, nobody = await hotline.agent(), await hotline.browser()
    assert (await nobody.json("GET", "/api/v1/cases", headers=key))[0] == 403
    # Beside a key no cookie counts.
    assert (await agent.json("GET", "/api/v1/cases", headers=key))[0] == 403
    bad = {"Authorization": "Bearer nonsense"}
    assert (await agent.json("GET", "/api/v1/cases", headers=bad))[0] == 401
    login = await hotline.pool.fetchval("select login from users where role = 'integration'")
    assert await authenticate(hotline.pool, login, "") is None
    async with hotline.pool.acquire() as connection:
        with pytest.raises(UserError, match="no user"):
            await set_password(connection, login, "correct horse battery")
    with pytest.raises(UserError, match="API key"):
        NewUser(login="x1", role=Role.INTEGRATION, display_name="x").check()


async def test_key_in_the_address_is_no_key(hotline: Hotline) -> None:
    key = await hotline.api_key("门户")
    secret = key["Authorization"].removeprefix("Bearer ")
    nobody = await hotline.browser()
    assert (await nobody.json("GET", f"{CASE}?api_key={secret}"))[0] == 401
    status, errors = await nobody.json(
        "POST", f"/open311/v2/requests.json?api_key={secret}", data={"service_code": "0101"}
    )
    assert (status, errors[0]["code"]) == (403, 403)


async def test_forgery_header_is_for_cookies(hotline: Hotline) -> None:
    key = await hotline.api_key("门户", KeyScope.INBOUND) | {"Idempotency-Key": "1"}
    nobody, agent = await hotline.browser(), await hotline.agent()
    body = {"kind": "help", "title": "路灯", "body": "不亮"}
    path = "/api/v1/inbound/cases"
    async with nobody.http.post(path, json=body, headers=key) as answer:
        assert answer.status == 201
    async with nobody.http.post(path, json=body) as answer:
        assert answer.status == 401
    async with agent.http.post("/api/v1/cases", json=body) as answer:
        assert answer.status == 403


async def test_too_many_requests(hotline: Hotline) -> None:
    settings = hotline.settings.model_copy(update={"integration_per_minute": 2})
    key, nobody = await hotline.api_key("门户"), await hotline.browser()
    async with hotline.serving(settings) as url:
        asked = [await nobody.ask("GET", f"{url}{CASE}", headers=key) for _ in range(3)]
    assert [answer.status for answer in asked] == [404, 404, 429]
    assert 1 <= int(asked[2].headers["Retry-After"]) <= 60
    bad = {"Authorization": "Bearer nonsense"}
    guesses = [(await nobody.ask("GET", CASE, headers=bad)).status for _ in range(21)]
    assert guesses == [401] * 20 + [429]
    assert (await nobody.ask("GET", CASE, headers=await hotline.api_key("另一个"))).status == 404
