"""C9 over HTTP: destinations and dead letters; each bad input has its sentence."""

from datetime import datetime
from typing import Any

import structlog

from gateway.webhooks.signing import new_secret
from tests.support.web import NOW, Browser, Hotline
from tests.support.web_switchboard import CALLER

URL = "https://erp.example/hook?token=1"
HOOK = {"name": "城管系统", "url": URL}
EVERY = "/api/v1/webhooks"


async def added(admin: Browser, **changed: Any) -> Any:
    status, hook = await admin.json("POST", EVERY, json=HOOK | changed)
    assert status == 201, hook
    return hook


async def acts(hotline: Hotline) -> list[tuple[str, str]]:
    rows = await hotline.pool.fetch(
        "select action, subject from audit_log where action like 'webhook.%' order by audit_id"
    )
    return [tuple(row) for row in rows]


async def test_life_of_a_destination(hotline: Hotline) -> None:
    admin = await hotline.administrator()
    with structlog.testing.capture_logs() as lines:
        hook = await added(admin, events=["case.closed"])
    secret, path = hook.pop("secret"), f"{EVERY}/{hook['destination_id']}"
    assert secret.startswith("whsec_")
    assert secret not in str(lines)
    assert hook == {
        "destination_id": hook["destination_id"],
        **HOOK,
        "events": ["case.closed"],
        "active": True,
        "inactive_reason": "",
        "created_at": NOW.isoformat().replace("+00:00", "Z"),
        "waiting": 0,
        "oldest_at": None,
        "dead": 0,
    }
    listed = await admin.json("GET", EVERY)
    assert listed[1]["destinations"] == [hook]
    assert "case.overdue" in listed[1]["events"]
    given = new_secret()
    assert (await admin.json("POST", f"{path}/secret", json={"secret": given}))[1][
        "secret"
    ] == given
    made = (await admin.json("POST", f"{path}/secret", json={}))[1]["secret"]
    row = await hotline.pool.fetchrow("select * from webhook_destinations")
    assert (row["secret"], row["former_secret"]) == (made, given)
    terms = HOOK | {"events": [], "active": True}
    assert (await admin.json("DELETE", path))[0] == 409
    status, changed = await admin.json("PUT", path, json=terms | {"active": False})
    assert (status, changed["active"], changed["inactive_reason"]) == (200, False, "person")
    assert (await admin.json("PUT", path, json=terms))[1]["inactive_reason"] == ""
    await admin.json("PUT", path, json=terms)  # nothing changed: no entry
    await admin.json("PUT", path, json=terms | {"active": False})
    assert (await admin.ask("DELETE", path)).status == 204
    assert (await admin.json("GET", EVERY))[1]["destinations"] == []
    subject = str(hook["destination_id"])
    names = ["created", "secret_changed", "secret_changed", *["changed"] * 3, "removed"]
    assert await acts(hotline) == [(f"webhook.{name}", subject) for name in names]
    audited = await hotline.pool.fetchval("select string_agg(detail::text, '') from audit_log")
    assert "whsec_" not in audited


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"url": "http://erp.example/"}, "url", "须使用 https"),
    ({"url": "https://127.0.0.1/"}, "url", "内部网络"),
    ({"url": "https://a:b@erp.example/"}, "url", "用户名、密码"),
    ({"url": ""}, "url", "至少 1 个字"),
    ({"name": ""}, "name", "至少 1 个字"),
    ({"name": "x" * 65}, "name", "64"),
    ({"events": ["call.answered"]}, "events.0", "没有名为 call.answered 的事件"),
    ({"secret": "geheim"}, "secret", "whsec_"),
    ({"secrets": "x"}, "secrets", ""),
]


async def test_bad_destinations(hotline: Hotline) -> None:
    admin = await hotline.administrator()
    for changed, field, sentence in BAD:
        status, problem = await admin.json("POST", EVERY, json=HOOK | changed)
        assert status == 422
        assert problem["errors"][0]["field"] == field
        assert sentence in problem["errors"][0]["message"]
    assert await hotline.pool.fetchval("select count(*) from webhook_destinations") == 0


async def test_name_is_taken_once(hotline: Hotline) -> None:
    admin = await hotline.administrator()
    await added(admin)
    other = await added(admin, name="另一个")
    status, problem = await admin.json("POST", EVERY, json=HOOK)
    assert (status, problem["detail"]) == (409, "已有同名的推送地址")
    path = f"{EVERY}/{other['destination_id']}"
    terms = HOOK | {"events": [], "active": True}
    assert (await admin.json("PUT", path, json=terms))[0] == 409
    assert (await admin.json("PUT", f"{EVERY}/999", json=terms))[0] == 404


async def give_up(hotline: Hotline, destination: int, *, because: str = "") -> list[int]:
    """Open a case from a call, note it, and let the first event be given up: ids of both."""
    agent = await hotline.agent()
    call_id = await hotline.store_call("5.1", "1001")
    form = {"kind": "help", "title": "停水", "body": f"请回电 {CALLER}", "call_id": call_id}
    _status, case = await agent.json("POST", "/api/v1/cases", json=form)
    step = {"step": "noted", "version": case["version"], "note": "看过"}
    await agent.json("POST", f"/api/v1/cases/{case['case_no']}/steps", json=step)
    first, second = (
        row["delivery_id"]
        for row in await hotline.pool.fetch(
            "select delivery_id from webhook_deliveries where destination_id = $1"
            " order by event_no",
            destination,
        )
    )
    await hotline.pool.execute(
        "update webhook_deliveries set state = 'dead', attempts = 20, tried_since = $2"
        " where delivery_id = $1",
        *(first, NOW),
    )
    await hotline.pool.execute("update webhook_lanes set due_at = null")
    await hotline.pool.execute(
        "insert into webhook_attempts (delivery_id, at, outcome, status, error, excerpt,"
        " duration_s) values ($1, $2, 'given_up', 500, 'status', $3, 0.1)",
        *(first, NOW, because),
    )
    return [first, second]


async def lanes(hotline: Hotline) -> list[datetime | None]:
    return [row["due_at"] for row in await hotline.pool.fetch("select due_at from webhook_lanes")]


async def test_dead_letters(hotline: Hotline) -> None:
    admin = await hotline.administrator()
    destination = (await added(admin))["destination_id"]
    first, second = await give_up(hotline, destination, because="<b>kaputt</b>")
    path = f"{EVERY}/{destination}"
    (hook,) = (await admin.json("GET", EVERY))[1]["destinations"]
    assert (hook["waiting"], hook["dead"]) == (1, 1)
    status, (letter,) = await admin.json("GET", f"{path}/deliveries")
    case_no = letter["case_no"]
    assert (status, letter["delivery_id"], letter["behind"]) == (200, first, 1)
    assert (letter["event"], letter["event_id"]) == ("case.opened", f"case_opened:{case_no}:1")
    assert letter["attempt"] == {
        "at": NOW.isoformat().replace("+00:00", "Z"),
        "outcome": "given_up",
        "status": 500,
        "error": "status",
        "excerpt": "<b>kaputt</b>",
    }
    status, (waiting,) = await admin.json("GET", f"{path}/deliveries?state=waiting")
    assert (waiting["delivery_id"], waiting["attempt"]) == (second, None)
    assert CALLER not in str((letter, waiting))
    bodies = await hotline.pool.fetchval("select string_agg(body, '') from webhook_events")
    assert CALLER not in bodies
    resend = f"/api/v1/webhook-deliveries/{first}/resend"
    assert (await admin.ask("POST", resend)).status == 204
    assert await lanes(hotline) == [NOW]
    status, problem = await admin.json("POST", resend)
    assert (status, problem["detail"]) == (409, "这条推送不在死信中，可能已由他人处理，请刷新")
    assert (await admin.json("GET", f"{path}/deliveries"))[1] == []
    assert await acts(hotline) == [
        ("webhook.created", str(destination)),
        ("webhook.resent", str(destination)),
    ]


async def test_resending_all_and_discarding(hotline: Hotline) -> None:
    admin = await hotline.administrator()
    destination = (await added(admin))["destination_id"]
    first, _second = await give_up(hotline, destination)
    path = f"{EVERY}/{destination}"
    assert (await admin.json("POST", f"{path}/resend"))[1] == {"resent": 1}
    assert (await admin.json("POST", f"{path}/resend"))[1] == {"resent": 0}
    assert await lanes(hotline) == [NOW]
    await hotline.pool.execute(
        "update webhook_deliveries set state = 'dead' where delivery_id = $1", first
    )
    await hotline.pool.execute("update webhook_lanes set due_at = null")
    discard = f"/api/v1/webhook-deliveries/{first}/discard"
    status, problem = await admin.json("POST", discard, json={"reason": " "})
    assert (status, problem["errors"][0]["field"]) == (422, "reason")
    assert (await admin.ask("POST", discard, json={"reason": "对方已手工补录"})).status == 204
    assert await lanes(hotline) == [NOW]
    _status, (gone,) = await admin.json("GET", f"{path}/deliveries?state=discarded")
    assert gone["delivery_id"] == first
    assert (await admin.json("POST", "/api/v1/webhook-deliveries/999/resend"))[0] == 404
    assert (await admin.json("GET", f"{EVERY}/999/deliveries"))[0] == 404
    audited = await hotline.pool.fetchval(
        "select detail ->> 'reason' from audit_log where action = 'webhook.discarded'"
    )
    assert audited == "对方已手工补录"
