"""T11: a city's history imported by the command, into a real PostgreSQL."""

import asyncio
import bz2
import gzip
import lzma
import os
import random
import signal
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg
import pytest

from gateway.cli import main
from gateway.queue_log_import import files
from gateway.queue_log_import.errors import QueueLogImportError
from gateway.queue_log_import.files import find_files
from gateway.queue_log_import.importing import Importer
from gateway.queue_log_import.store import Store
from tests.support.importing import Silent, run_import, start_import, stored
from tests.support.postgres import administer, with_database
from tests.support.queue_log_history import history

SIGNS_OF_LIFE = timedelta(seconds=60)
ENTER = "1300000000|1.7|12345|NONE|ENTERQUEUE||13800000001|1"
CONNECT = "1300000009|1.7|12345|SIP/8001|CONNECT|9|1.8|4"
COMPLETE = "1300000069|1.7|12345|SIP/8001|COMPLETECALLER|9|60|1"


def write(path: Path, *lines: str) -> Path:
    """A file of these lines."""
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


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


async def imported(dsn: str, *paths: Path, now: float | None = None) -> None:
    """Import in this process, which is quicker than starting the command."""
    at = datetime.now(UTC).timestamp() if now is None else now
    connection = await asyncpg.connect(dsn)
    try:
        store = Store(connection, "sb1")
        await store.prepare()
        sources = find_files([str(path) for path in paths], at)
        await Importer("sb1", store, Silent(), at).run(sources)
    finally:
        await connection.close()


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


async def test_a_dry_run_changes_nothing(
    database_dsn: str, tmp_path: Path, past: list[str]
) -> None:
    log = write(tmp_path / "queue_log", *past, "nonsense")
    ran = await run_import(database_dsn, "--dry-run", log)
    assert ran.code == 0
    assert "stored now: nothing (dry run)" in ran.out
    assert "could not be read: queue_log: 1 line, no queue_log line" in ran.out
    assert not any((await stored(database_dsn)).values())
    connection = await asyncpg.connect(database_dsn)
    assert await connection.fetchval("select count(*) from queue_log_imports") == 0
    await connection.close()


async def test_a_dry_run_of_files_needs_no_database(tmp_path: Path) -> None:
    log = write(tmp_path / "queue_log", ENTER, CONNECT, COMPLETE)
    ran = await run_import("postgresql://nobody@127.0.0.1:16799/none", "--dry-run", log)
    assert (ran.code, ran.err) == (0, "")


async def test_what_cannot_be_read_is_told(database_dsn: str, tmp_path: Path) -> None:
    bad = [f"line {number}" for number in range(7)]
    log = tmp_path / "queue_log"
    log.write_bytes(
        "\n".join(
            [
                ENTER,
                "",
                *bad,
                "yesterday|1.9|12345|NONE|ABANDON|1|1|2",
                "99999999999|1.9|12345|NONE|ABANDON|1|1|2",
                f"1300000001|{'9' * 300}|12345|NONE|ENTERQUEUE||138|1",
                "1300000002|1.9|12345|NONE|ABANDON|1|1|2",
                "1300000003|1.9|12345|NONE|DID|12345",
                "\0\0\0" + CONNECT,
                COMPLETE.replace("SIP/8001", "张三"),
            ]
        ).encode("gb18030")
        + b"\n1300000100|1.10|12345|NONE|ENTERQ"
    )
    ran = await run_import(database_dsn, log)
    assert ran.code == 0
    told = ran.out.splitlines()
    assert "could not be read: queue_log: 7 lines, no queue_log line (3, 4, 5, 6, 7, …)" in told
    assert "could not be read: queue_log: 1 line, no time (10)" in told
    assert "could not be read: queue_log: 1 line, time out of range (11)" in told
    assert "could not be read: queue_log: 1 line, field too long (12)" in told
    assert "not used: queue_log: 1 line, no ENTERQUEUE seen for this call (13)" in told
    assert "events without use here: (DID 1)" in told
    assert "a last line without its end left out" in told[0]
    (call,) = (await stored(database_dsn))["calls"]
    assert (call["outcome"], call["agent"], call["talk_s"]) == ("answered", "8001", 60)


async def test_names_of_agents(database_dsn: str, tmp_path: Path) -> None:
    agents = tmp_path / "agents.csv"
    agents.write_text("李四,8001\nSIP/seat-a,8001\n", encoding="utf-8-sig")
    log = write(
        tmp_path / "queue_log",
        "1299999990|MANAGER|12345|SIP/seat-a|ADDMEMBER|",
        ENTER,
        CONNECT.replace("SIP/8001", "李四"),
        COMPLETE.replace("SIP/8001", "李四"),
    )
    await run_import(database_dsn, "--agents", agents, log)
    rows = await stored(database_dsn)
    assert [row["agent"] for row in rows["calls"]] == ["8001"]
    assert [(row["agent"], row["state"]) for row in rows["seats"]] == [
        ("8001", "ready"),
        ("8001", "ringing"),
        ("8001", "talking"),
    ]


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
async def test_compressed_files(
    database_dsn: str, tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    log = write(tmp_path / "queue_log.3", ENTER, CONNECT, COMPLETE)
    log.write_bytes(compress(log.read_bytes()))
    assert (await run_import(database_dsn, tmp_path / "queue_log.*")).code == 0
    assert len((await stored(database_dsn))["calls"]) == 1


async def test_a_damaged_file_is_read_up_to_the_damage(
    database_dsn: str, tmp_path: Path, past: list[str]
) -> None:
    data = gzip.compress(write(tmp_path / "whole", *past).read_bytes())
    (tmp_path / "queue_log.1.gz").write_bytes(data[: len(data) // 2])
    write(tmp_path / "queue_log", COMPLETE.replace("1300", "1700"))
    for _ in range(2):
        ran = await run_import(database_dsn, tmp_path / "queue_log*")
        assert ran.code == 0
        assert "what follows cannot be decompressed" in ran.out.splitlines()[0]
        assert "could not be read" not in ran.out
    read = int(ran.out.removeprefix("queue_log.1.gz: ").split(" lines")[0].replace(",", ""))
    assert len(past) // 3 < read < len(past)
    entered = {line.split("|")[1] for line in past[:read] if "|ENTERQUEUE|" in line}
    assert {row["uniqueid"] for row in (await stored(database_dsn))["calls"]} == entered


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """What the command says when it refuses."""
    assert main(["import-queue-log", *map(str, arguments)]) == 1
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.startswith("hotline: ")
    assert written.err.count("\n") == 1
    return written.err


def test_errors_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    future = int((datetime.now(UTC) + timedelta(days=40)).timestamp())
    write(tmp_path / "future", f"{future}|1.7|12345|NONE|ENTERQUEUE||138|1")
    write(tmp_path / "letter", "Dear Sir", "or Madam")
    (tmp_path / "torn.gz").write_bytes(gzip.compress(b"x" * 100)[:20])
    (tmp_path / "directory").mkdir()
    log = write(tmp_path / "log", ENTER)
    for arguments, sentence in (
        ([tmp_path / "none"], f"there is no file {tmp_path}/none"),
        ([tmp_path / "none.*"], f"there is no file {tmp_path}/none.*"),
        ([tmp_path / "directory"], f"cannot read {tmp_path}/directory: Is a directory"),
        ([tmp_path / "letter"], "letter is no queue_log: none of its first 2 lines is one"),
        ([tmp_path / "torn.gz"], "torn.gz cannot be decompressed"),
        ([tmp_path / "future"], "future lie in the future"),
        ([], "name either queue_log files or one --table"),
        (["--table", "queue_log", tmp_path / "x"], "name either queue_log files or one --table"),
        (["--switchboard", "SB 1", tmp_path / "x"], "setting switchboard"),
        (["--agents", tmp_path / "none", log], f"cannot read {tmp_path}/none: No such file"),
        (["--agents", tmp_path / "letter", log], "letter, line 1: a name and a number, please"),
    ):
        assert sentence in refusal(capsys, "--dry-run", *arguments)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_no_right_to_read() -> None:
    with TemporaryDirectory(dir="/tmp") as directory:
        home = Path(directory)
        home.chmod(0o755)  # somebody else may look at it
        log = write(home / "queue_log", ENTER)
        log.chmod(0o600)
        os.seteuid(54321)
        try:
            with pytest.raises(QueueLogImportError, match=f"cannot read {log}: Permission denied"):
                find_files([str(log)], 2e9)
        finally:
            os.seteuid(0)


async def test_nothing_readable_is_a_failure(database_dsn: str, tmp_path: Path) -> None:
    (tmp_path / "queue_log").write_bytes(b"")
    ran = await run_import(database_dsn, tmp_path / "queue_log")
    assert ran.code == 1


async def test_one_import_at_a_time(database_dsn: str, tmp_path: Path) -> None:
    log = write(tmp_path / "queue_log", ENTER, CONNECT, COMPLETE)
    connection = await asyncpg.connect(database_dsn)
    await Store(connection, "sb1").prepare()
    ran = await run_import(database_dsn, log)
    assert ran.code == 1
    assert "another import into sb1 is under way" in ran.err
    assert (await run_import(database_dsn, "--switchboard", "sb2", log)).code == 0
    await connection.close()
    assert [row["call_id"] for row in (await stored(database_dsn))["calls"]] == ["sb2-1.7"]


async def test_a_terminal_is_shown_a_bar(
    database_dsn: str, tmp_path: Path, past: list[str]
) -> None:
    log = write(tmp_path / "queue_log", *past)
    ours, terminal = os.openpty()
    process = await start_import(database_dsn, log, stderr=terminal)
    out, _ = await process.communicate()
    os.close(terminal)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert process.returncode == 0
    assert b"stored now" in out
    assert f"{len(past):,} lines" in shown
    assert "100%" in shown


async def first_commit(dsn: str) -> asyncpg.Connection:
    """A connection, once an import has committed something."""
    connection = await asyncpg.connect(dsn)
    async with asyncio.timeout(SIGNS_OF_LIFE.total_seconds()):
        while not await connection.fetchval("select count(*) from queue_log_imports"):
            await asyncio.sleep(0.01)
    return connection


async def test_stopped_by_hand(database_dsn: str, tmp_path: Path) -> None:
    log = write(tmp_path / "queue_log", *history(48_000, agents=40, calls_a_day=3000))
    process = await start_import(database_dsn, log)
    connection = await first_commit(database_dsn)
    process.send_signal(signal.SIGINT)
    _, err = await process.communicate()
    await connection.close()
    assert process.returncode == 130
    assert b"Traceback" not in err


async def test_the_database_goes_away(database_dsn: str, tmp_path: Path) -> None:
    log = write(tmp_path / "queue_log", *history(48_000, agents=40, calls_a_day=3000))
    process = await start_import(database_dsn, log)
    connection = await first_commit(database_dsn)
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid()"
    )
    await connection.close()
    _, err = await process.communicate()
    assert process.returncode == 1
    assert err.startswith(b"hotline: the import stopped (")
    assert err.count(b"\n") == 1
