"""The board over HTTP: figures of the day with what goes on now (REQUIREMENTS M1, M8)."""

from datetime import timedelta

from tests.support.web import NOW, Hotline
from tests.support.web_switchboard import call_data

BOARD = "/api/v1/board"


async def test_day_without_anything_has_no_rates(hotline: Hotline) -> None:
    supervisor = await hotline.supervisor()
    status, board = await supervisor.json("GET", BOARD)
    assert status == 200
    assert board["day"] == "2026-11-23"
    assert board["figures"]["offered"] == 0
    none = {"numerator": 0, "denominator": 0, "rate": None}
    assert board["figures"]["connection_rate"] == none
    assert board["satisfaction"] == none
    assert board["figures"]["asa_s"] is None
    assert board["waiting"] == 0
    assert board["ratings"] == {"satisfied": 0, "basically_satisfied": 0, "dissatisfied": 0}


async def test_board(hotline: Hotline) -> None:
    await hotline.agent("1001")
    await hotline.agent("1002")
    supervisor = await hotline.supervisor()
    for number in range(3):
        await hotline.store_call(f"1.{number}", "1001")
    await hotline.store_call("1.9")
    await hotline.store_call("0.1", "1001", arrived_at=NOW - timedelta(days=1))
    await hotline.pool.execute(
        "insert into ratings (call_id, agent, queue, scale, answer, given_at) values"
        " ('sb1-1.0', '1001', '12345', 'three_step', 'satisfied', $1),"
        " ('sb1-1.1', '1001', '12345', 'three_step', 'dissatisfied', $1)",
        NOW,
    )
    await hotline.switchboard.tell_seat("1001", "talking", call_id="sb1-2.1")
    await hotline.switchboard.tell("call.queued", call_data("sb1-2.2"))

    _, board = await supervisor.json("GET", BOARD)

    figures = board["figures"]
    assert (figures["offered"], figures["answered"], figures["abandoned_queue"]) == (4, 3, 1)
    assert figures["connection_rate"] == {"numerator": 3, "denominator": 4, "rate": 0.75}
    assert figures["rate_15s_of_answered"]["rate"] == 1
    assert figures["asa_s"] == 10
    assert board["waiting"] == 1
    assert board["seats"] == {"talking": 1, "logged_out": 1}
    assert [(s["agent"], s["display_name"], s["state"]) for s in board["seat_list"]] == [
        ("1001", "姓名agent1001", "talking")
    ]
    assert board["ratings"]["satisfied"] == 1
    assert board["satisfaction"] == {"numerator": 1, "denominator": 2, "rate": 0.5}
    assert board["survey"]["solved"]["rate"] is None
    (switchboard,) = board["switchboards"]
    assert (switchboard["switchboard"], switchboard["connected"]) == ("sb1", True)
    assert switchboard["since"].startswith("2026-11-23T08:00:00")


async def test_switchboard_that_nobody_tells_of_is_not_connected(hotline: Hotline) -> None:
    supervisor = await hotline.supervisor()
    await hotline.redis.delete("hotline:link:sb1")
    _, board = await supervisor.json("GET", BOARD)
    unknown = {
        "switchboard": "sb1",
        "district": "",
        "connected": False,
        "since": None,
        "queues": [],
    }
    assert board["switchboards"] == [unknown]
