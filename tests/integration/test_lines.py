"""Merged lines (T9): defined with audit, carried by every call, split in the figures."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gateway import cli
from gateway.auth.roles import Role
from gateway.errors import LinesError
from gateway.line_commands import read_lines
from gateway.lines import list_lines
from gateway.recorder import save_calls
from gateway.stored_calls import calls_since
from metrics.calls import SHORT_ABANDON_S, call_counts
from metrics.counts import CallCounts
from telephony.events import CallRecord, LineMode, Outcome
from tests.support.figures import keeper, registry_of, scrape, total
from tests.support.web import NOW, Browser, Hotline
from tests.support.web_switchboard import call_data

LINES = "/api/v1/lines"
KEPT = {"name": "消费者投诉举报专线", "mode": "kept", "department": "市场监管局", "district": ""}
DUAL = {"name": "公共法律服务", "mode": "dual", "department": "司法局", "district": "东区"}


async def administrator(hotline: Hotline) -> Browser:
    return await hotline.browser(await hotline.add_user(Role.ADMINISTRATOR, "root"))


def record(uniqueid: str, line: str, *, switchboard: str = "city", **changed: Any) -> CallRecord:
    values: dict[str, Any] = {
        "switchboard": switchboard,
        "uniqueid": uniqueid,
        "line": line,
        "caller": "13800000001",
        "queue": "12345",
        "arrived_at": NOW,
        "offered_at": NOW,
        "answered_at": None,
        "ended_at": NOW + timedelta(seconds=3),
        "outcome": Outcome.ABANDONED_QUEUE,
        "wait_s": 3.0,
        "talk_s": 0.0,
        "hold_s": 0.0,
        "agents": (),
        "revision": 1,
    }
    return CallRecord(**values | changed)


async def save(pool: asyncpg.Pool, *calls: CallRecord) -> None:
    async with pool.acquire() as connection:
        await save_calls(connection, calls)


async def test_an_administrator_defines_lines_and_the_audit_log_tells(hotline: Hotline) -> None:
    root = await administrator(hotline)
    assert (await root.json("PUT", f"{LINES}/12315", json=KEPT))[0] == 200
    changed = KEPT | {"mode": "cancelled"}
    for _ in range(2):  # the second time it changes nothing
        status, line = await root.json("PUT", f"{LINES}/12315", json=changed)
        assert (status, line) == (200, {"number": "12315"} | changed)
    agent = await hotline.agent()
    _, lines = await agent.json("GET", LINES)
    assert [(line["number"], line["mode"]) for line in lines] == [
        ("12345", "main"),
        ("12315", "cancelled"),
    ]
    assert (await root.ask("DELETE", f"{LINES}/12315")).status == 204
    assert (await root.ask("DELETE", f"{LINES}/12315")).status == 404
    rows = await hotline.pool.fetch(
        "select actor, action, subject, detail from audit_log order by audit_id"
    )
    told = [(row["actor"], row["action"], row["subject"]) for row in rows]
    assert told == [("root", action, "12315") for action in ("line.saved",) * 2 + ("line.removed",)]
    second = json.loads(rows[1]["detail"])
    assert (second["before"]["mode"], second["after"]["mode"]) == ("kept", "cancelled")


@pytest.mark.parametrize(
    ("number", "terms", "status"),
    [
        ("12315", {"mode": "merged"}, 422),
        ("12315", {"name": ""}, 422),
        ("12315", {"district": "东区/西区"}, 422),
        ("12315", {"name": "线\x85路"}, 422),
        ("12315", {"price": 1}, 422),
        ("+8612315", {}, 404),
        ("1", {}, 404),
    ],
)
async def test_what_no_line_can_be(
    hotline: Hotline, number: str, terms: dict[str, Any], status: int
) -> None:
    root = await administrator(hotline)
    assert (await root.json("PUT", f"{LINES}/{number}", json=KEPT | terms))[0] == status
    assert len(await list_lines(hotline.pool)) == 1


async def test_a_new_line_does_not_overwrite_another(hotline: Hotline) -> None:
    root = await administrator(hotline)
    status, line = await root.json("POST", LINES, json=KEPT | {"number": "12315"})
    assert (status, line) == (201, KEPT | {"number": "12315"})
    status, problem = await root.json("POST", LINES, json=DUAL | {"number": "12315"})
    assert (status, problem["errors"][0]["field"]) == (409, "number")
    assert [line.name for line in await list_lines(hotline.pool)][1:] == [KEPT["name"]]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"number": "1"}, "number"),
        ({"number": "123-15"}, "number"),
        ({"number": "+8612315"}, "number"),
        ({"number": "１２３１５"}, "number"),
        ({"number": "1" * 21}, "number"),
        ({"name": " "}, "name"),
        ({"mode": "merged"}, "mode"),
        ({"district": "东区/西区"}, "district"),
    ],
)
async def test_a_new_line_is_refused_at_the_field(
    hotline: Hotline, wrong: dict[str, str], field: str
) -> None:
    root = await administrator(hotline)
    status, problem = await root.json("POST", LINES, json=KEPT | {"number": "12315"} | wrong)
    assert (status, [error["field"] for error in problem["errors"]]) == (422, [field])
    assert len(await list_lines(hotline.pool)) == 1


async def test_who_changed_what(hotline: Hotline) -> None:
    root = await administrator(hotline)
    changes = f"{LINES}/changes"
    assert await root.json("GET", changes) == (200, [])
    await root.json("POST", LINES, json=KEPT | {"number": "12315"})
    await root.json("POST", LINES, json=DUAL | {"number": "12348"})
    await root.json("PUT", f"{LINES}/12315", json=KEPT | {"mode": "cancelled"})
    await root.ask("DELETE", f"{LINES}/12315")
    _, all_of_them = await root.json("GET", changes)
    assert [change["number"] for change in all_of_them] == ["12315", "12315", "12348", "12315"]
    _, of_one = await root.json("GET", changes, params={"number": "12315", "limit": "2"})
    removed, changed = of_one
    assert (removed["before"]["mode"], removed["after"]) == ("cancelled", None)
    assert (changed["before"]["mode"], changed["after"]["mode"]) == ("kept", "cancelled")
    assert (changed["actor"], changed["after"]["name"]) == ("root", KEPT["name"])
    query = {"number": "12315", "before": str(changed["change_id"])}
    ((first,),) = (await root.json("GET", changes, params=query))[1:]
    assert (first["before"], first["after"]["mode"]) == (None, "kept")


async def test_a_recorded_call_keeps_what_its_line_was(pool: asyncpg.Pool) -> None:
    first = record("1.1", "12315", line_mode=LineMode.KEPT, district="东区")
    later = record("1.1", "12315", line_mode=LineMode.CANCELLED, district="", revision=2)
    renamed = record("1.2", "12348", line_mode=LineMode.DUAL, district="西区", revision=2)
    await save(pool, first, record("1.2", ""))
    await save(pool, later, renamed)
    stored = {call.uniqueid: call for call in await calls_since(pool, "city", NOW)}
    assert (stored["1.1"].line_mode, stored["1.1"].district) == (LineMode.KEPT, "东区")
    assert (stored["1.2"].line_mode, stored["1.2"].district) == (LineMode.DUAL, "西区")
    assert stored["1.1"].revision == 2


async def merged(hotline: Hotline) -> None:
    """Calls of three lines at two switchboards: kept, dual (of a district), and undefined."""
    kept, dual = LineMode.KEPT, LineMode.DUAL
    answered = {"answered_at": NOW + timedelta(seconds=9), "wait_s": 9.0, "talk_s": 60.0}
    done = answered | {"outcome": Outcome.ANSWERED, "ended_at": NOW + timedelta(seconds=90)}
    await save(
        hotline.pool,
        record("1.1", "12315", line_mode=kept, **done),
        record("1.2", "12315", line_mode=kept),
        record("1.3", "12348", line_mode=dual, district="东区", **done),
        record("1.1", "12348", switchboard="east", line_mode=dual, district="东区", **done),
        record("1.2", "96310", switchboard="east", district="东区"),
    )


async def test_figures_are_split_three_ways(hotline: Hotline) -> None:
    root = await administrator(hotline)
    await root.json("PUT", f"{LINES}/12348", json=DUAL)
    await merged(hotline)
    tell = hotline.switchboard.tell
    await tell("call.queued", call_data("sb1-9.1", line="12348", line_mode="dual", district="东区"))
    supervisor = await hotline.supervisor()
    _, board = await supervisor.json("GET", "/api/v1/board")
    day = {"first_day": "2026-11-23", "last_day": "2026-11-23"}
    status, answer = await supervisor.json("GET", "/api/v1/figures", params=day)
    assert status == 200
    for splits, waits in ((board["splits"], 1), (answer["splits"], 0)):
        by_line = {row["key"]: row for row in splits["by_line"]}
        assert {key: (row["offered"], row["answered"]) for key, row in by_line.items()} == {
            "12315": (2, 1),
            "12348": (2, 2),
            "96310": (1, 0),
        }
        assert by_line["12348"]["name"] == "公共法律服务"
        assert (by_line["96310"]["name"], by_line["12348"]["waiting"]) == ("", waits)
        assert by_line["12315"]["connection_rate"] == {
            "numerator": 1,
            "denominator": 2,
            "rate": 0.5,
        }
        assert counts(splits["by_mode"]) == {
            "dual": (2, waits),
            "kept": (2, 0),
            "undefined": (1, 0),
        }
        assert counts(splits["by_district"]) == {"东区": (3, waits), "": (2, 0)}
    assert board["figures"]["offered"] == 5


def counts(rows: list[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    return {row["key"]: (row["offered"], row["waiting"]) for row in rows}


async def test_figures_of_days_that_are_none(hotline: Hotline) -> None:
    supervisor = await hotline.supervisor()
    for first, last in (("2026-11-24", "2026-11-23"), ("2025-01-01", "2026-11-23"), ("x", "y")):
        days = {"first_day": first, "last_day": last}
        status, problem = await supervisor.json("GET", "/api/v1/figures", params=days)
        assert status == 422, problem


async def test_calls_can_be_asked_for_by_line_mode_and_district(hotline: Hotline) -> None:
    await merged(hotline)
    supervisor = await hotline.supervisor()
    for query, expected in (
        ({"line": "12315"}, {"city-1.1", "city-1.2"}),
        ({"mode": "dual"}, {"city-1.3", "east-1.1"}),
        ({"mode": "undefined"}, {"east-1.2"}),
        ({"district": "东区", "mode": "dual", "line": "12348"}, {"city-1.3", "east-1.1"}),
        ({"district": ""}, {"city-1.1", "city-1.2"}),
    ):
        _, calls = await supervisor.json("GET", "/api/v1/calls", params=query)
        assert {call["call_id"] for call in calls} == expected
    (call,) = (await supervisor.json("GET", "/api/v1/calls", params={"mode": "undefined"}))[1]
    assert (call["line"], call["line_mode"], call["district"]) == ("96310", None, "东区")
    assert call["switchboard"] == "east"


async def test_short_abandons_and_prometheus_are_split_too(hotline: Hotline) -> None:
    pool = hotline.pool
    await merged(hotline)
    groups = await call_counts(pool, NOW.date(), NOW.date(), short_abandon_s=SHORT_ABANDON_S)
    short = {(g.line_mode, g.district): c.short_abandoned for g, c in groups.items()}
    assert short == {("kept", ""): 1, ("dual", "东区"): 0, ("", "东区"): 1}
    assert sum(groups.values(), CallCounts()).short_abandoned == 2
    await pool.execute("update calls set line_mode = 'kept' where line = '96310'")
    source = keeper(pool)
    await source.refresh()
    samples = scrape(registry_of(source))
    place = {"line_mode": "dual", "district": "东区"}
    assert total(samples, "hotline_place_calls_answered_total", **place) == 2
    assert total(samples, "hotline_place_calls_offered_total") == 5
    assert total(samples, "hotline_line_info", line="12345", line_mode="main") == 1
    lines = {dict(labels).get("line") for _name, labels in samples} - {None}
    assert lines == {"12345", "other"}, "only lines that are defined have a label"


async def test_lines_of_a_table(
    database_dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HOTLINE_DATABASE_URL", database_dsn)
    table = tmp_path / "lines.csv"
    rows = (
        "number,name,mode,department\n"
        "12315,消费者投诉举报专线,kept,市场监管局\n"
        "12348,公共法律服务,dual,\n"
    )
    table.write_bytes(rows.encode("gb18030"))
    for changed in (2, 0):
        assert await asyncio.to_thread(cli.main, ["lines", "import", str(table)]) == 0
        assert capsys.readouterr().out == f"2 lines, {changed} of them changed\n"
    for wrong in ("12348x", "12348\0"):
        table.write_text(rows.replace("12348", wrong), "utf-8-sig")
        assert await asyncio.to_thread(cli.main, ["lines", "import", str(table)]) == 1
        assert "row 3" in capsys.readouterr().err
    assert await asyncio.to_thread(cli.main, ["lines", "list"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "12345,12345热线,main,,",
        "12315,消费者投诉举报专线,kept,市场监管局,",
        "12348,公共法律服务,dual,,",
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"number;name;mode\n", "the first row must name"),
        (b"number,name,mode,colour\n", "the first row must name"),
        (b"number,name,mode\n12315,a,merged\n", "row 2: the mode must be one of main, cancelled"),
        (b"number,name,mode\n\xff\xff", "neither UTF-8 nor GB 18030"),
    ],
)
def test_a_table_that_is_none(tmp_path: Path, content: bytes, says: str) -> None:
    table = tmp_path / "lines.csv"
    table.write_bytes(content)
    with pytest.raises(LinesError, match=says):
        read_lines(table)
