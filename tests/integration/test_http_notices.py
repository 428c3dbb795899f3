"""C7 over HTTP: notices that did not arrive, sent again; the words, changed within limits."""

import json
from typing import Any

import pytest

from gateway.http import notice_api
from tests.support.web import NOW, Hotline
from tests.support.web_switchboard import CALLER

PATH = "/api/v1/notices"
WORDS = "/api/v1/notice-templates"
TEXT = "您的工单{case_no}已受理。{enquiry}"


@pytest.fixture
async def told(hotline: Hotline) -> list[int]:
    """Ids of notices of a case: the first refused, the second waits."""
    agent = await hotline.agent()
    call_id = await hotline.store_call("5.1", "1001")
    form = {"kind": "help", "title": "停水", "body": "三天", "call_id": call_id, "result": "已办"}
    assert (await agent.json("POST", "/api/v1/cases", json=form))[0] == 201
    rows = await hotline.pool.fetch(
        "insert into citizen_notices"
        " (case_id, version, kind, text, at, state, due_at, expires_at, ended_at, attempts)"
        " select c.case_id, n.version, 'closed', '已办结', $1::timestamptz, n.state, $1,"
        "  $1 + interval '1 day', case when n.state = 'refused' then $1 end, 1"
        " from cases c, (values (1, 'refused'), (2, 'waiting')) as n (version, state)"
        " order by n.version returning notice_id",
        NOW,
    )
    ids = [row["notice_id"] for row in rows]
    await hotline.pool.execute(
        "insert into citizen_notice_attempts"
        " (notice_id, at, outcome, status, error, excerpt, duration_s)"
        " values ($1, $2, 'refused', 422, 'status', '<b>[number]</b>', 0.1)",
        *(ids[0], NOW),
    )
    return ids


async def acts(hotline: Hotline) -> list[tuple[str, str]]:
    rows = await hotline.pool.fetch(
        "select action, subject from audit_log where action like 'notice.%' order by audit_id"
    )
    return [tuple(row) for row in rows]


async def listed(admin: Any, state: str) -> list[Any]:
    status, answer = await admin.json("GET", f"{PATH}?state={state}")
    assert status == 200
    assert answer["sending"] is False
    return list(answer["notices"])


async def test_dead_notice_is_sent_again(hotline: Hotline, told: list[int]) -> None:
    admin = await hotline.administrator()
    (dead,) = await listed(admin, "refused")
    assert dead["notice_id"] == told[0]
    assert dead["attempt"] == {
        "at": "2026-11-23T08:00:00Z",
        "outcome": "refused",
        "status": 422,
        "error": "status",
        "excerpt": "<b>[number]</b>",
    }
    assert CALLER not in str(dead)
    assert (await admin.ask("POST", f"{PATH}/{told[0]}/resend")).status == 204
    assert await listed(admin, "refused") == []
    assert [each["notice_id"] for each in await listed(admin, "waiting")] == told[::-1]
    row = await hotline.pool.fetchrow(
        "select attempts, due_at, expires_at - due_at as left, ended_at from citizen_notices"
        " where notice_id = $1",
        told[0],
    )
    assert (row["attempts"], row["due_at"], row["left"].days, row["ended_at"]) == (0, NOW, 1, None)
    for known in told:
        assert (await admin.json("POST", f"{PATH}/{known}/resend"))[0] == 409
    assert (await admin.json("POST", f"{PATH}/999/resend"))[0] == 404
    assert await acts(hotline) == [("notice.resent", str(told[0]))]


async def test_dead_notices_of_a_state_are_sent_again_together(
    hotline: Hotline, told: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The longest dead first, so many at once; none that was sent, waits, or is in another one."""
    monkeypatch.setattr(notice_api, "RESENT_AT_ONCE", 2)
    admin = await hotline.administrator()
    rows = await hotline.pool.fetch(
        "insert into citizen_notices"
        " (case_id, version, kind, text, at, state, due_at, expires_at, ended_at, attempts)"
        " select c.case_id, n.version, 'closed', '已办结', $1::timestamptz, n.state, $1, $1,"
        "  $1::timestamptz - make_interval(mins => n.minutes), 3"
        " from cases c, (values (3, 'refused', 9), (4, 'refused', -9), (5, 'sent', 99),"
        "  (6, 'expired', 5)) as n (version, state, minutes)"
        " order by n.version returning notice_id",
        NOW,
    )
    old, young, sent, expired = (row["notice_id"] for row in rows)
    resend = f"{PATH}/resend"
    refused = {"state": "refused"}
    assert await admin.json("POST", resend, json=refused) == (200, {"resent": 2, "more": True})
    assert [each["notice_id"] for each in await listed(admin, "refused")] == [young]
    assert await admin.json("POST", resend, json=refused) == (200, {"resent": 1, "more": False})
    assert await admin.json("POST", resend, json=refused) == (200, {"resent": 0, "more": False})
    waiting = await hotline.pool.fetch(
        "select notice_id, attempts, due_at, expires_at - due_at as left, ended_at"
        " from citizen_notices where state = 'waiting' order by notice_id"
    )
    assert [row["notice_id"] for row in waiting] == [*told, old, young]
    for row in waiting:
        if row["notice_id"] != told[1]:
            assert (row["attempts"], row["due_at"]) == (0, NOW)
            assert (row["left"].days, row["ended_at"]) == (1, None)
    assert [each["notice_id"] for each in await listed(admin, "sent")] == [sent]
    assert [each["notice_id"] for each in await listed(admin, "expired")] == [expired]
    for state in ("sent", "waiting", "gone"):
        assert (await admin.json("POST", resend, json={"state": state}))[0] == 422
    details = await hotline.pool.fetch(
        "select detail from audit_log where action = 'notice.all_resent' order by audit_id"
    )
    assert await acts(hotline) == [("notice.all_resent", "refused")] * 2
    assert [json.loads(row["detail"]) for row in details] == [
        {"resent": 2, "more": True, "outcome": "done"},
        {"resent": 1, "more": False, "outcome": "done"},
    ]


async def test_only_administrators_send_dead_notices_again(
    hotline: Hotline, told: list[int]
) -> None:
    for browser in (await hotline.agent("1002"), await hotline.supervisor()):
        status, _ = await browser.json("POST", f"{PATH}/resend", json={"state": "refused"})
        assert status == 403
    (dead,) = await listed(await hotline.administrator(), "refused")
    assert dead["notice_id"] == told[0]
    assert await acts(hotline) == []


async def test_pages(hotline: Hotline, told: list[int]) -> None:
    admin = await hotline.administrator()
    await hotline.pool.execute("update citizen_notices set state = 'sent', ended_at = now()")
    status, first = await admin.json("GET", f"{PATH}?state=sent&limit=1")
    assert (status, [each["notice_id"] for each in first["notices"]]) == (200, [told[1]])
    _, second = await admin.json("GET", f"{PATH}?state=sent&limit=1&before={told[1]}")
    assert [each["notice_id"] for each in second["notices"]] == [told[0]]
    for query in ("state=gone", "limit=0", "limit=201", "before=0"):
        assert (await admin.json("GET", f"{PATH}?{query}"))[0] == 422


async def test_words(hotline: Hotline) -> None:
    admin = await hotline.administrator()
    _, before = await admin.json("GET", WORDS)
    assert [(each["kind"], each["active"]) for each in before] == [
        ("accepted", True),
        ("closed", True),
        ("enquiry", True),
    ]
    wanted = {"text": TEXT, "active": False}
    status, changed = await admin.json("PUT", f"{WORDS}/accepted", json=wanted)
    assert (status, changed["text"], changed["active"]) == (200, TEXT, False)
    assert changed["changed_at"] == "2026-11-23T08:00:00Z"
    await admin.json("PUT", f"{WORDS}/accepted", json=wanted)  # nothing changed: no entry
    status, hint = await admin.json("PUT", f"{WORDS}/enquiry", json={"text": "请致电12345查询。"})
    assert (status, hint["text"]) == (200, "请致电12345查询。")
    assert await acts(hotline) == [
        ("notice.template_changed", "accepted"),
        ("notice.template_changed", "enquiry"),
    ]
    assert (await admin.json("PUT", f"{WORDS}/merged", json=wanted))[0] == 404
    _, after = await admin.json("GET", WORDS)
    assert [each["text"] for each in after] == [TEXT, before[1]["text"], "请致电12345查询。"]


@pytest.mark.parametrize(
    ("kind", "terms", "sentence"),
    [
        ("accepted", {"text": "已受理。{enquiry}"}, "须含有且只含一个 {case_no}"),
        ("accepted", {"text": TEXT + "{case_no}"}, "须含有且只含一个 {case_no}"),
        ("closed", {"text": "工单{case_no}已办结"}, "须含有且只含一个 {enquiry}"),
        ("closed", {"text": TEXT + "{caller}"}, "花括号"),
        ("closed", {"text": TEXT + "\n回复TD退订"}, "一行文字"),
        ("closed", {"text": TEXT + "https://example.org"}, "网址链接"),
        ("closed", {"text": TEXT + "请联系13800000001"}, "不能填写电话号码"),
        ("closed", {"text": TEXT + "长" * 100}, "120"),
        ("closed", {"text": ""}, "至少 1 个字"),
        ("enquiry", {"text": "查询{case_no}"}, "不能含有 {case_no}"),
        ("enquiry", {"text": "查" * 81}, "1 至 80 个字"),
        ("enquiry", {"text": "请查询", "active": False}, "不能停用"),
    ],
)
async def test_words_within_limits(
    hotline: Hotline, kind: str, terms: dict[str, Any], sentence: str
) -> None:
    admin = await hotline.administrator()
    status, problem = await admin.json("PUT", f"{WORDS}/{kind}", json=terms)
    assert status == 422
    assert problem["errors"][0]["field"] == "text"
    assert sentence in problem["errors"][0]["message"]
    assert await acts(hotline) == []
