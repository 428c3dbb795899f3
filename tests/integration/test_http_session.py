"""Logging in and out over HTTP (REQUIREMENTS O4; FAULTS security 17, 18, 22)."""

import pytest

from gateway.auth import limits, sessions
from gateway.auth.roles import Role
from tests.support.web import PASSWORD, Browser, Hotline

SESSION = "/api/v1/session"


async def log_in(browser: Browser, login: str, password: str = PASSWORD) -> int:
    response = await browser.ask("POST", SESSION, json={"login": login, "password": password})
    return response.status


async def test_session_from_login_to_logout(hotline: Hotline) -> None:
    await hotline.add_user(Role.AGENT, "li", agent="1001")
    browser = await hotline.browser()

    response = await browser.ask("POST", SESSION, json={"login": "li", "password": PASSWORD})
    expected = {
        "login": "li",
        "display_name": "姓名li",
        "role": "agent",
        "agent": "1001",
        "extension": "81001",
        "switchboard": "sb1",
        "department": None,
    }
    assert (response.status, await response.json()) == (200, expected)
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie

    assert await browser.json("GET", SESSION) == (200, expected)
    response = await browser.ask("DELETE", SESSION)
    assert response.status == 204
    status, problem = await browser.json("GET", SESSION)
    assert (status, problem["status"]) == (401, 401)


async def test_session_is_over_for_the_copied_cookie_too(hotline: Hotline) -> None:
    agent = await hotline.agent()
    copied = {"Cookie": f"{sessions.COOKIE}={agent.token}"}
    await agent.ask("DELETE", SESSION)
    stranger = await hotline.browser()
    status, _ = await stranger.json("GET", SESSION, headers=copied)
    assert status == 401


async def test_logging_in_again_ends_the_former_session(hotline: Hotline) -> None:
    agent = await hotline.agent()
    assert await log_in(agent, "agent1001") == 200
    assert await sessions.find(hotline.redis, agent.token) is None


async def test_session_ids_are_not_stored_in_clear(hotline: Hotline) -> None:
    agent = await hotline.agent()
    keys = await hotline.redis.keys("*")
    assert keys
    assert not [key for key in keys if agent.token in key]


@pytest.mark.parametrize("login", ["li", "nobody", "former"])
async def test_wrong_password_unknown_login_and_closed_account_look_alike(
    hotline: Hotline, login: str
) -> None:
    await hotline.add_user(Role.AGENT, "li", agent="1001")
    await hotline.add_user(Role.AGENT, "former", agent="1002")
    await hotline.pool.execute("update users set active = false where login = 'former'")
    browser = await hotline.browser()
    password = PASSWORD if login == "former" else "wrong"
    status, problem = await browser.json(
        "POST", SESSION, json={"login": login, "password": password}
    )
    assert (status, problem["detail"]) == (401, "用户名或密码不正确")


async def test_account_is_closed_for_a_while_after_five_failures(hotline: Hotline) -> None:
    await hotline.add_user(Role.AGENT, "li", agent="1001")
    browser = await hotline.browser()
    for _ in range(limits.PER_ACCOUNT):
        assert await log_in(browser, "li", "wrong") == 401
    response = await browser.ask("POST", SESSION, json={"login": "li", "password": PASSWORD})
    assert response.status == 429
    assert 0 < int(response.headers["Retry-After"]) <= limits.WINDOW_S


async def test_right_password_makes_the_account_start_anew(hotline: Hotline) -> None:
    await hotline.add_user(Role.AGENT, "li", agent="1001")
    browser = await hotline.browser()
    for _ in range(2):
        for _ in range(limits.PER_ACCOUNT - 1):
            assert await log_in(browser, "li", "wrong") == 401
        assert await log_in(browser, "li") == 200


async def test_address_is_stopped_after_twenty_failures(hotline: Hotline) -> None:
    await hotline.add_user(Role.AGENT, "li", agent="1001")
    for number in range(limits.PER_ADDRESS):
        await limits.begin(hotline.redis, f"guess{number}", "127.0.0.1")
    assert await log_in(await hotline.browser(), "li") == 429
    await limits.begin(hotline.redis, "li", "127.0.0.2")


async def test_attempts_at_the_same_moment_do_not_slip_through(hotline: Hotline) -> None:
    attempts = [await limits.begin(hotline.redis, "li", "10.0.0.1") for _ in range(5)]
    assert len(attempts) == limits.PER_ACCOUNT
    with pytest.raises(limits.TooManyAttemptsError):
        await limits.begin(hotline.redis, "li", "10.0.0.1")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_what_may_change_something_needs_the_header(hotline: Hotline, method: str) -> None:
    agent = await hotline.agent()
    for headers in ({"X-Hotline": ""}, {"X-Hotline": "0"}):
        status, problem = await agent.json(method, SESSION, headers=headers)
        assert (status, problem["status"]) == (403, 403)
    assert await sessions.find(hotline.redis, agent.token) is not None
