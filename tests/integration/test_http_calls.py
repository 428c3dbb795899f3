"""Calls and callers over HTTP (REQUIREMENTS T6; FAULTS security 19, 24)."""

from datetime import timedelta
from typing import Any

import pytest

from gateway import live_state
from tests.support.web import NOW, Hotline
from tests.support.web_switchboard import CALLER, call_data, part

CALLS = "/api/v1/calls"
MASKED = "138****0001"


async def test_agents_have_their_own_calls_and_overseers_all(hotline: Hotline) -> None:
    first, second = await hotline.agent("1001"), await hotline.agent("1002")
    supervisor = await hotline.supervisor()
    await hotline.store_call("1.1", "1001")
    await hotline.store_call("1.2", "1002", arrived_at=NOW + timedelta(minutes=1))
    await hotline.store_call("1.3", "1001", "1002", arrived_at=NOW + timedelta(minutes=2))
    await hotline.store_call("1.4", arrived_at=NOW + timedelta(minutes=3))

    async def ids(who: Any, query: str = "") -> list[str]:
        status, calls = await who.json("GET", CALLS + query)
        assert status == 200
        assert {call["caller"] for call in calls} <= {MASKED}
        return [call["call_id"] for call in calls]

    assert await ids(first) == ["sb1-1.3", "sb1-1.1"]
    assert await ids(second) == ["sb1-1.3", "sb1-1.2"]
    assert await ids(supervisor) == ["sb1-1.4", "sb1-1.3", "sb1-1.2", "sb1-1.1"]
    assert await ids(supervisor, "?limit=2") == ["sb1-1.4", "sb1-1.3"]
    assert await ids(supervisor, "?before=2026-11-23T16:01:00%2B08:00") == ["sb1-1.1"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("before=yesterday", "before"),
        ("before=2026-11-23T08:00:00", "before"),
        ("before=9999-12-31T23:59:59-23:00", "before"),
        ("order=caller;drop", "order"),
    ],
)
async def test_queries_that_are_none(hotline: Hotline, query: str, field: str) -> None:
    supervisor = await hotline.supervisor()
    status, problem = await supervisor.json("GET", f"{CALLS}?{query}")
    assert (status, problem["errors"][0]["field"]) == (422, field)


async def test_call_of_somebody_else_looks_like_none(hotline: Hotline) -> None:
    agent = await hotline.agent("1001")
    other = await hotline.store_call("1.2", "1002")
    for path in (f"{CALLS}/{other}", f"{CALLS}/{other}/caller"):
        theirs = await agent.json("GET", path)
        nobodys = await agent.json("GET", path.replace(other, "sb1-9.9"))
        assert theirs == nobodys
        assert theirs[0] == 404


async def test_call_with_its_case_and_rating(hotline: Hotline) -> None:
    agent = await hotline.agent("1001")
    call_id = await hotline.store_call("1.1", "1001")
    status, call = await agent.json("GET", f"{CALLS}/{call_id}")
    assert (status, call["case_no"], call["rating"]) == (200, None, None)
    assert call["agents"][0]["agent"] == "1001"
    assert call["outcome"] == "answered"
    assert call["wait_s"] == 10

    form = {"kind": "help", "title": "停水", "body": "三天没有水", "call_id": call_id}
    _, case = await agent.json("POST", "/api/v1/cases", json=form)
    await hotline.pool.execute(
        "insert into ratings (call_id, scale, answer, given_at)"
        " values ($1, 'three_step', 'satisfied', $2)",
        *(call_id, NOW),
    )
    _, call = await agent.json("GET", f"{CALLS}/{call_id}")
    assert call["case_no"] == case["case_no"]
    assert call["rating"]["answer"] == "satisfied"


async def test_caller_is_known_while_the_call_rings_and_is_not_stored(hotline: Hotline) -> None:
    ringing, other = await hotline.agent("1001"), await hotline.agent("1002")
    await hotline.store_call("1.1", "1002", arrived_at=NOW - timedelta(hours=2))
    await hotline.store_call("1.2", arrived_at=NOW - timedelta(hours=30))
    await hotline.store_call("1.3", "1002", caller="13900000002")
    await hotline.switchboard.tell("call.ringing", call_data("sb1-5.1", agent="1001"))

    status, caller = await ringing.json("GET", f"{CALLS}/sb1-5.1/caller")
    assert status == 200
    assert caller["caller"] == MASKED
    assert (caller["repeat_calls_24h"], caller["home_area"]) == (1, "北京市")
    assert [call["call_id"] for call in caller["past_calls"]] == ["sb1-1.1", "sb1-1.2"]
    assert caller["cases"] == []
    assert CALLER not in str(caller)
    assert (await other.json("GET", f"{CALLS}/sb1-5.1/caller"))[0] == 404


async def test_caller_stays_known_to_whom_it_rang(hotline: Hotline) -> None:
    missed = await hotline.agent("1001")
    tell = hotline.switchboard.tell
    await tell("call.ringing", call_data("sb1-5.1", agent="1001"))
    await tell("call.ring_missed", call_data("sb1-5.1", agent="1001"))
    await tell("call.answered", call_data("sb1-5.1", agent="1002", agents=[part("1002")]))
    assert (await missed.json("GET", f"{CALLS}/sb1-5.1/caller"))[0] == 200


async def test_ringing_seat_knows_its_caller_after_redis_was_emptied(hotline: Hotline) -> None:
    agent = await hotline.agent("1001")
    await hotline.redis.delete("hotline:calls:sb1", "hotline:seats:sb1")
    await hotline.switchboard.tell_seat("1001", "ringing", call_id="sb1-5.1")
    await hotline.switchboard.tell("call.queued", call_data("sb1-5.1"))
    assert (await agent.json("GET", f"{CALLS}/sb1-5.1/caller"))[0] == 200
    async with await agent.socket() as page:
        hello = await page.receive_json(timeout=5)
    assert [call["call_id"] for call in hello["data"]["calls"]] == ["sb1-5.1"]


async def test_number_that_is_withheld_has_no_history(hotline: Hotline) -> None:
    agent = await hotline.agent("1001")
    await hotline.store_call("1.1", "1001", caller="")
    await hotline.store_call("1.2", "1001", caller="")
    _, caller = await agent.json("GET", f"{CALLS}/sb1-1.2/caller")
    nothing = {
        "caller": "",
        "home_area": None,
        "repeat_calls_24h": 0,
        "past_calls": [],
        "cases": [],
        "card": None,
    }
    assert nothing.items() <= caller.items()
    assert (caller["calls_in_window"], caller["repeat_caller"]) == (0, False)


async def test_live_state_follows_a_call_to_its_end(hotline: Hotline) -> None:
    state, tell = hotline.services.live, hotline.switchboard.tell
    await tell("call.queued", call_data("sb1-5.1"))
    await tell("call.queued", call_data("sb1-5.2", arrived_at="2026-11-23T07:59:00.000Z"))
    assert [call["call_id"] for call in await state.calls()] == ["sb1-5.2", "sb1-5.1"]
    assert live_state.waiting(await state.calls()) == 2
    await tell("call.answered", call_data("sb1-5.1", agent="1001", agents=[part("1001")]))
    assert live_state.waiting(await state.calls()) == 1
    await tell("call.ended", call_data("sb1-5.1", ended_at="2026-11-23T08:03:00.000Z"))
    assert [call["call_id"] for call in await state.calls()] == ["sb1-5.2"]
    ended = await state.call("sb1-5.1")
    assert ended is not None
    assert ended.agents == {"1001"}
    assert await hotline.redis.ttl("hotline:call:sb1-5.1") > 3600
