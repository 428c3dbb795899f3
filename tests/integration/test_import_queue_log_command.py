"""T11: the command that imports: what it says, refuses, survives."""

import asyncio
import bz2
import gzip
import lzma
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest

from gateway.cli import main
from gateway.queue_log_import.errors import QueueLogImportError
from gateway.queue_log_import.files import find_files
from gateway.queue_log_import.store import Store
from tests.support.importing import (
    COMPLETE,
    CONNECT,
    ENTER,
    SIGNS_OF_LIFE,
    run_import,
    start_import,
    stored,
    write,
)
from tests.support.queue_log_history import history


@pytest.fixture(scope="module")
def past() -> list[str]:
    """Two days of a small hotline."""
    return list(history(4000, agents=12, calls_a_day=600))


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
