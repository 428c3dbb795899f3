"""T11: a city's history imported into a real PostgreSQL: what is stored, however it comes."""

import asyncio
import gzip
import os
import random
import signal
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gateway.queue_log_import import files
from tests.support.importing import (
    COMPLETE,
    CONNECT,
    ENTER,
    SIGNS_OF_LIFE,
    imported,
    run_import,
    start_import,
    stored,
    write,
)
from tests.support.postgres import administer, with_database
from tests.support.queue_log_history import history


@pytest.fixture(scope="module")
def past() -> list[str]:
    """Two days of a small hotline."""
    return list(history(4000, agents=12, calls_a_day=600))


@pytest.fixture
async def other_dsn(
    postgres_server: str, template_database: str
) -> AsyncIterator[Callable[[], Any]]:
    """Makes more migrated databases."""
    names: list[str] = []

    async def make() -> str:
        name = f"hotline_import_{os.getpid()}_{len(names)}"
        await administer(postgres_server, f"create database {name} template {template_database}")
        names.append(name)
        return with_database(postgres_server, name)

    yield make
    for name in names:
        await administer(postgres_server, f"drop database {name} with (force)")


async def test_a_call_and_its_seat(database_dsn: str, tmp_path: Path) -> None:
    log = write(
        tmp_path / "queue_log",
        "1299999000|MANAGER|12345|SIP/8001|ADDMEMBER|",
        ENTER,
        CONNECT,
        COMPLETE,
        "1300003600|MANAGER|12345|SIP/8001|REMOVEMEMBER|",
    )
    process = await start_import(database_dsn, log)
    out, err = (written.decode() for written in await process.communicate())
    assert (process.returncode, err) == (0, "")
    assert "queue_log: 5 lines, 2011-03-13 14:50 to 2011-03-13 16:06" in out.splitlines()[0]
    assert "calls: 1 (answered 1)" in out
    assert "stored now: 1 new" in out
    rows = await stored(database_dsn)
    (call,) = rows["calls"]
    assert call["call_id"] == "sb1-1.7"
    assert (call["source"], call["line"], call["caller"]) == ("ledger", "", "13800000001")
    assert (call["outcome"], call["wait_s"], call["talk_s"], call["agent"]) == (
        "answered", 9, 60, "8001",
    )  # fmt: skip
    lasted = [
        (row["state"], (row["ended_at"] - row["started_at"]).seconds) for row in rows["seats"]
    ]
    assert lasted == [("ready", 1005), ("ringing", 4), ("talking", 60), ("ready", 3531)]
    (total,) = rows["totals"]
    assert (total["arrived"], total["answered"], total["wait_s"], total["talk_s"]) == (1, 1, 9, 60)


async def test_the_totals_are_those_of_the_rows(
    database_dsn: str, tmp_path: Path, past: list[str]
) -> None:
    log = write(tmp_path / "queue_log", *past)
    assert (await run_import(database_dsn, log)).code == 0
    rows = await stored(database_dsn)
    entered = {line.split("|")[1] for line in past if "|ENTERQUEUE|" in line}
    answered = {line.split("|")[1] for line in past if "|CONNECT|" in line}
    talked = sum(
        int(line.split("|")[-2])
        for line in past
        if any(
            f"|{event}|" in line for event in ("COMPLETEAGENT", "COMPLETECALLER", "BLINDTRANSFER")
        )
    )
    assert {row["uniqueid"] for row in rows["calls"]} == entered
    assert {row["uniqueid"] for row in rows["calls"] if row["answered_at"]} == answered
    assert sum(row["arrived"] for row in rows["totals"]) == len(entered)
    assert sum(row["answered"] for row in rows["totals"]) == len(answered)
    assert sum(row["talk_s"] for row in rows["totals"]) == talked
    seconds = sum((row["ended_at"] - row["started_at"]).total_seconds() for row in rows["seats"])
    counted = sum(row["amount"] for row in rows["events"] if row["name"] == "seat.time")
    assert counted == seconds


async def test_repeated_overlapping_and_renamed_files_change_nothing(
    database_dsn: str, tmp_path: Path, past: list[str]
) -> None:
    log = write(tmp_path / "queue_log", *past)
    await run_import(database_dsn, log)
    before = await stored(database_dsn)
    again = await run_import(database_dsn, log.rename(tmp_path / "queue_log.1"))
    assert "imported earlier, nothing new" in again.out
    assert await stored(database_dsn) == before
    middle = len(past) // 2
    for name, part in (("head", past[: middle + 300]), ("tail", past[middle - 300 :])):
        ran = await run_import(database_dsn, write(tmp_path / name, *part))
        assert "stored now: 0 new, 0 of which" in ran.out
        assert await stored(database_dsn) == before


async def test_overlapping_files_alone_give_the_same_calls(
    database_dsn: str, other_dsn: Callable[[], Any], tmp_path: Path, past: list[str]
) -> None:
    whole = await other_dsn()
    await imported(whole, write(tmp_path / "whole", *past))
    middle = len(past) // 2
    await imported(
        database_dsn,
        write(tmp_path / "a", *past[: middle + 400]),
        write(tmp_path / "b", *past[middle - 400 :]),
    )
    ours, truth = await stored(database_dsn), await stored(whole)
    assert ours["totals"] == truth["totals"]
    assert [row["call_id"] for row in ours["calls"]] == [row["call_id"] for row in truth["calls"]]


@pytest.mark.parametrize("seed", range(4))
async def test_any_rotation_gives_the_same_rows(
    database_dsn: str, other_dsn: Callable[[], Any], tmp_path: Path, past: list[str], seed: int
) -> None:
    """Cut into files at any lines, named in any order, imported in one run or in several."""
    chance = random.Random(seed)  # noqa: S311
    whole = await other_dsn()
    await imported(whole, write(tmp_path / "whole", *past))
    cuts = [0, *sorted(chance.sample(range(1, len(past)), 5)), len(past)]
    names = chance.sample(["queue_log", "queue_log.1", "queue_log.2.gz", "old", "a", "b"], 6)
    paths = []
    for name, start, end in zip(names, cuts, cuts[1:], strict=False):
        path = write(tmp_path / name, *past[start:end])
        if name.endswith(".gz"):
            path.write_bytes(gzip.compress(path.read_bytes()))
        paths.append(path)
    runs = [paths] if seed % 2 else [paths[:2], paths[2:5], paths[5:]]
    for run in runs:
        await imported(database_dsn, *chance.sample(run, len(run)))
    assert await stored(database_dsn) == await stored(whole)


@pytest.mark.parametrize("block", [300, 5000, 40_000])
async def test_any_batches_give_the_same_rows(  # noqa: PLR0917
    database_dsn: str,
    other_dsn: Callable[[], Any],
    tmp_path: Path,
    past: list[str],
    block: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = write(tmp_path / "whole", *(past if block > 300 else past[:600]))
    whole = await other_dsn()
    await imported(whole, log)
    monkeypatch.setattr(files, "BLOCK", block)
    await imported(database_dsn, log)
    assert await stored(database_dsn) == await stored(whole)


async def test_killed_in_the_middle_and_started_again(
    database_dsn: str, other_dsn: Callable[[], Any], tmp_path: Path
) -> None:
    """kill -9 of the real process, several times, each time after more was committed."""
    log = write(tmp_path / "queue_log", *history(48_000, agents=40, calls_a_day=3000))
    whole = await other_dsn()
    assert (await run_import(whole, log)).code == 0
    connection = await asyncpg.connect(database_dsn)
    places = [0]
    for _ in range(2):
        process = await start_import(database_dsn, log)
        async with asyncio.timeout(SIGNS_OF_LIFE.total_seconds()):
            while process.returncode is None:
                place = await connection.fetchval("select max(place) from queue_log_imports") or 0
                if place > places[-1]:
                    break
                await asyncio.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        places.append(place)
    assert 0 < places[1] < log.stat().st_size
    await connection.close()
    ran = await run_import(database_dsn, log)
    assert ran.code == 0
    assert "the others were imported earlier" in ran.out
    assert await stored(database_dsn) == await stored(whole)


async def test_a_growing_file_goes_on_where_it_ended(
    database_dsn: str, other_dsn: Callable[[], Any], tmp_path: Path, past: list[str]
) -> None:
    whole = await other_dsn()
    await imported(whole, write(tmp_path / "whole", *past))
    log = tmp_path / "queue_log"
    data = (tmp_path / "whole").read_bytes()
    for size in (9000, 9040, 60_001, len(data)):  # lines cut in two as well
        log.write_bytes(data[:size])
        await imported(database_dsn, log)
    assert await stored(database_dsn) == await stored(whole)


async def test_calls_that_may_still_be_up_are_left_alone(database_dsn: str, tmp_path: Path) -> None:
    now = datetime.now(UTC).timestamp()
    start = int(now) - 100
    log = write(
        tmp_path / "queue_log",
        f"{start}|1.7|12345|NONE|ENTERQUEUE||13800000001|1",
        f"{start + 1}|1.8|12345|NONE|ENTERQUEUE||13800000002|1",
        f"{start + 9}|1.8|12345|NONE|EXITWITHTIMEOUT|1|1|8",
    )
    ran = await run_import(database_dsn, log)
    assert "perhaps still up, left for the next import: 1" in ran.out
    assert [row["uniqueid"] for row in (await stored(database_dsn))["calls"]] == ["1.8"]
    write(log, *log.read_text().splitlines(), f"{start + 60}|1.7|12345|NONE|ABANDON|1|1|60")
    await run_import(database_dsn, log)
    rows = (await stored(database_dsn))["calls"]
    assert [(row["uniqueid"], row["outcome"]) for row in rows] == [
        ("1.7", "abandoned_queue"),
        ("1.8", "timed_out"),
    ]


LIVE = """
insert into calls (
  call_id, switchboard, uniqueid, line, caller, queue, arrived_at, offered_at, answered_at,
  ended_at, outcome, wait_s, talk_s, agents, revision, source
) values ('sb1-1.7', 'sb1', '1.7', '12333', '13811111111', 'live', $1, $1, null, $2, $3, 1, 0,
  '[]', $4, $5)
"""


@pytest.mark.parametrize(
    ("ended", "outcome", "revision", "source", "arrived", "replaced"),
    [
        (True, "abandoned_queue", 5, "live", -(10**8), False),
        (True, "unseen", 1, "ledger", -(10**8), False),
        (True, "unseen", -1, "ledger", -(10**8), True),
        (False, None, 5, "live", -3600, False),  # up
        (False, None, 5, "live", -(10**8), True),  # open for years
    ],
)
async def test_what_is_recorded_already(  # noqa: PLR0917
    database_dsn: str,
    tmp_path: Path,
    ended: bool,
    outcome: str | None,
    revision: int,
    source: str,
    arrived: float,
    replaced: bool,
) -> None:
    arrived_at = datetime.now(UTC) + timedelta(seconds=arrived)
    connection = await asyncpg.connect(database_dsn)
    await connection.execute(
        LIVE, arrived_at, arrived_at if ended else None, outcome, revision, source
    )
    await connection.close()
    before = (await stored(database_dsn))["calls"]
    await run_import(database_dsn, write(tmp_path / "queue_log", ENTER, CONNECT, COMPLETE))
    rows = await stored(database_dsn)
    (call,) = rows["calls"]
    if not replaced:
        assert [call] == before
        return
    assert (call["outcome"], call["talk_s"], call["queue"]) == ("answered", 60, "12345")
    assert (call["line"], call["caller"], call["arrived_at"]) == (
        "12333",
        "13811111111",
        arrived_at,
    )
    assert call["revision"] > revision
    assert [(row["queue"], row["answered"]) for row in rows["totals"]] == [("12345", 1)]


async def test_seat_states_recorded_live_stay(database_dsn: str, tmp_path: Path) -> None:
    live = datetime.fromtimestamp(1300000030, UTC)
    connection = await asyncpg.connect(database_dsn)
    await connection.executemany(
        "insert into seat_intervals (switchboard, agent, state, started_at, ended_at, source)"
        " values ('sb1', '8001', $1, $2, $3, 'ledger')",
        [("hold", live, live + timedelta(seconds=10)), ("ready", live + timedelta(hours=1), None)],
    )
    await connection.close()
    log = write(
        tmp_path / "queue_log",
        ENTER,
        CONNECT,
        COMPLETE,
        *(
            "1300003000|MANAGER|12345|8001|ADDMEMBER|",
            "1300009000|MANAGER|12345|8001|REMOVEMEMBER|",
        ),
    )
    await run_import(database_dsn, log)
    found = [
        (
            row["state"],
            row["started_at"].timestamp(),
            row["ended_at"] and row["ended_at"].timestamp(),
        )
        for row in (await stored(database_dsn))["seats"]
    ]
    assert found == [
        ("ringing", 1300000005, 1300000009),
        ("talking", 1300000009, 1300000030),
        ("hold", 1300000030, 1300000040),
        ("talking", 1300000040, 1300000069),
        ("ready", 1300003000, 1300003630),
        ("ready", 1300003630, None),
    ]
