"""Administration of people who may log in, over HTTP (O4)."""

from typing import Any

from gateway.auth.roles import Role
from tests.support.web import PASSWORD, Hotline

USERS = "/api/v1/users"
WANG = {
    "login": "wang",
    "display_name": "王",
    "role": "agent",
    "agent": "1007",
    "extension": "81007",
}


def terms(**changed: Any) -> dict[str, Any]:
    return {name: value for name, value in WANG.items() if name != "login"} | changed


async def test_a_given_password_is_replaced_at_the_first_login(hotline: Hotline) -> None:
    admin, nobody = await hotline.administrator(), await hotline.browser()
    status, given = await admin.json("POST", USERS, json=WANG)
    assert (status, given["user"]["agent"]) == (201, "1007")
    form = {"login": "wang", "password": given["password"]}
    for new, sentence in (
        ({}, "这是管理员给出的临时密码，请设置新密码"),
        ({"new_password": "short"}, "新密码至少10位"),
        ({"new_password": given["password"]}, "新密码不能与临时密码相同"),
    ):
        status, problem = await nobody.json("POST", "/api/v1/session", json=form | new)
        assert (status, problem["detail"]) == (422, sentence)
        assert problem["errors"][0]["field"] == "new_password"
    assert (await nobody.ask("GET", "/api/v1/session")).status == 401
    chosen = {"login": "wang", "password": PASSWORD}
    status, _ = await nobody.json("POST", "/api/v1/session", json=form | {"new_password": PASSWORD})
    assert status == 200
    assert (await nobody.json("POST", "/api/v1/session", json=chosen))[0] == 200
    refused = chosen | {"new_password": "another horse"}
    assert (await nobody.json("POST", "/api/v1/session", json=refused))[0] == 422
    _, again = await admin.json("POST", f"{USERS}/wang/password")
    assert (await nobody.ask("GET", "/api/v1/session")).status == 401
    assert (await nobody.json("POST", "/api/v1/session", json=chosen))[0] == 401
    acts = await hotline.pool.fetch(
        "select action, detail::text from audit_log where subject = 'wang' order by audit_id"
    )
    assert [act["action"] for act in acts] == ["user.created", "user.password_reset"]
    assert again["password"] not in str(acts)


async def test_changes_end_sessions_at_once(hotline: Hotline) -> None:
    admin, agent = await hotline.administrator(), await hotline.agent("1001")
    await hotline.department("D1")
    path = f"{USERS}/agent1001"
    same = terms(display_name="姓名agent1001", agent="1001", extension="81001")
    assert (await admin.json("PUT", path, json=same))[0] == 200
    assert (await agent.ask("GET", "/api/v1/session")).status == 200  # nothing was changed
    socket = await agent.socket()
    changed = {"display_name": "陈", "role": "department", "department": "D1"}
    status, answer = await admin.json("PUT", path, json=changed)
    assert (status, answer["role"], answer["agent"]) == (200, "department", None)
    assert (await agent.ask("GET", "/api/v1/session")).status == 401
    while not socket.closed:
        await socket.receive(timeout=5)
    closed = changed | {"active": False}
    assert (await admin.json("PUT", path, json=closed))[0] == 200
    form = {"login": "agent1001", "password": PASSWORD}
    assert (await agent.json("POST", "/api/v1/session", json=form))[0] == 401
    _, users = await admin.json("GET", USERS)
    assert [(user["login"], user["active"]) for user in users] == [
        ("admin", True),
        ("agent1001", False),
    ]


async def test_bad_input(hotline: Hotline) -> None:
    admin = await hotline.administrator()
    await hotline.agent("1001")
    for form, field, sentence in (
        (WANG | {"login": "admin"}, "login", "这个账号已被使用"),
        (WANG | {"agent": "1001"}, "agent", "这个工号已由账号“agent1001”使用"),
        (WANG | {"extension": None}, "extension", "坐席必须填写工号和分机"),
        (WANG | {"department": "D1"}, "department", "这个角色没有部门"),
        (WANG | {"role": "department"}, "department", "承办单位的人员必须选择部门"),
        (WANG | {"role": "department", "department": "D9"}, "department", "没有代码为D9的部门"),
    ):
        status, problem = await admin.json("POST", USERS, json=form)
        assert status == 422, problem
        assert problem["errors"] == [{"field": field, "message": sentence}]
    assert (await admin.json("PUT", f"{USERS}/wang", json=terms()))[0] == 404
    assert (await admin.json("POST", f"{USERS}/wang/password"))[0] == 404


async def test_the_last_administrator_stays(hotline: Hotline) -> None:
    admin = await hotline.administrator()
    same = {"display_name": "管理员", "role": "administrator"}
    for gone in ({"active": False}, {"role": "supervisor"}):
        status, problem = await admin.json("PUT", f"{USERS}/admin", json=same | gone)
        assert (status, problem["detail"]) == (409, "至少要有一个启用的系统管理员，这是最后一个")
    await hotline.add_user(Role.ADMINISTRATOR, "second")
    assert (await admin.json("PUT", f"{USERS}/admin", json=same | {"active": False}))[0] == 200
