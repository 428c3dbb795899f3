"""FAULTS security 26: the audit log is added to, read, taken off the host, and nothing else."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from deploy.grants import grant_program_role
from deploy.migrate import MigrationError, migrate
from gateway.audit import Act, record
from gateway.audit_command import last_exported
from gateway.audit_trail import acts_after
from gateway.cli import main
from gateway.errors import AuditError
from tests.support.web import NOW, Hotline

AUDIT = "/api/v1/audit"
DENIED = r"permission denied|must be owner"
ACT = Act(actor="li", action="number.revealed", subject="sb1-1.1", detail={"reason": "核实"})


async def noted(pool: asyncpg.Pool, count: int = 1) -> None:
    async with pool.acquire() as connection:
        for number in range(count):
            act = Act(actor=f"p{number % 3}", action=f"a.{number % 2}", subject=str(number))
            await record(connection, act, "done", at=NOW + timedelta(minutes=number // 2))


@pytest.mark.parametrize("tampering", ["update audit_log set actor = 'x'", "delete from audit_log"])
async def test_nobody_changes_a_row(pool: asyncpg.Pool, tampering: str) -> None:
    await noted(pool)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await pool.execute(tampering)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await pool.execute("truncate audit_log")
    assert await pool.fetchval("select actor from audit_log") == "p0"


@pytest.fixture
async def program_role(postgres_server: str) -> AsyncIterator[str]:
    """A role that owns nothing."""
    connection = await asyncpg.connect(postgres_server)
    name = "Hotline program"  # has to be quoted
    await connection.execute(f"create role \"{name}\" login password 'program role'")
    yield name
    await connection.execute(f'drop role "{name}"')  # the database is gone: it is set up later
    await connection.close()


async def test_the_role_of_the_program_adds_and_reads(program_role: str, database_dsn: str) -> None:
    owner = await asyncpg.connect(database_dsn)
    try:
        await owner.execute(f'grant truncate on audit_log to "{program_role}"')  # in error
        tables = await grant_program_role(database_dsn, program_role)
        assert {"audit_log", "case_history", "case_clock_history", "clock_rules"} <= set(tables)
        await owner.execute(f'set role "{program_role}"')
        await record(owner, ACT, "done", at=NOW)
        assert await owner.fetchval("select count(*) from audit_log") == 1
        await owner.execute("update users set active = active")
        for tampering in (
            "update audit_log set actor = 'x'",
            "delete from audit_log",
            "truncate audit_log",
            "alter table audit_log disable trigger all",
            "drop trigger audit_log_append_only on audit_log",
            "drop table audit_log",
            "set session_replication_role = replica",
            "create or replace function refuse_change() returns trigger language plpgsql"
            " as 'begin return null; end'",
            "delete from case_history",
            "update alembic_version set version_num = '0001'",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match=DENIED):
                await owner.execute(tampering)
        await owner.execute("reset role")
        assert await owner.fetchval("select count(*) from audit_log") == 1
    finally:
        await owner.close()


async def test_the_program_starts_as_that_role(program_role: str, database_dsn: str) -> None:
    await grant_program_role(database_dsn, program_role)
    parts = urlsplit(database_dsn)
    quoted = program_role.replace(" ", "%20")
    where = parts.netloc.rpartition("@")[2]
    as_program = urlunsplit(parts._replace(netloc=f"{quoted}:program%20role@{where}"))
    connection = await asyncpg.connect(as_program)
    try:
        assert await connection.fetchval("select current_user") == program_role
    finally:
        await connection.close()
    reached = await migrate(as_program)  # as `hotline run` does: nothing is left to do
    assert reached.found == reached.wanted
    with pytest.raises(MigrationError, match="only the owner of the tables can grant"):
        await grant_program_role(as_program, program_role)
    with pytest.raises(MigrationError, match="what it may do cannot be limited"):
        await grant_program_role(database_dsn, urlsplit(database_dsn).username or "")
    with pytest.raises(MigrationError, match="there is no role nobody"):
        await grant_program_role(database_dsn, "nobody")


async def test_pages_of_the_log(hotline: Hotline) -> None:
    admin = await hotline.administrator()
    await noted(hotline.pool, 12)
    seen: list[int] = []
    cursor = ""
    while True:
        _, page = await admin.json("GET", f"{AUDIT}?limit=5{cursor}")
        if not page:
            break
        seen += [row["audit_id"] for row in page]
        cursor = f"&cursor={seen[-1]}"
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 12
    oldest = (await admin.json("GET", f"{AUDIT}?order=oldest&limit=3&cursor={seen[-1]}"))[1]
    assert [row["audit_id"] for row in oldest] == seen[::-1][1:4]
    for query, subjects in (
        ("actor=p0", ["9", "6", "3", "0"]),
        ("action=a.1&limit=2", ["11", "9"]),
        ("subject=7", ["7"]),
        ("since=2026-11-23T08:05:00Z", ["11", "10"]),
        ("until=2026-11-23T08:01:00Z", ["1", "0"]),
        ("actor=p0&action=a.0", ["6", "0"]),
        ("cursor=99999", []),
    ):
        _, rows = await admin.json("GET", f"{AUDIT}?{query}")
        assert [row["subject"] for row in rows] == subjects, query
    assert (await admin.json("GET", f"{AUDIT}/actions"))[1] == ["a.0", "a.1"]


async def test_only_the_two_orders_can_be_asked_for(hotline: Hotline) -> None:
    """FAULTS security 12."""
    admin = await hotline.administrator()
    for query in ("order=at;drop table audit_log", "order=actor", "sort=at", "since=today"):
        status, problem = await admin.json("GET", f"{AUDIT}?{query}")
        assert (status, "errors" in problem) == (422, True), query


async def test_a_number_that_somebody_wrote_into_a_reason_is_masked(
    hotline: Hotline, pool: asyncpg.Pool
) -> None:
    detail = {"reason": "回拨 138-0000-0001 或 0571-88880000，工单 20261123-00001", "n": 1}
    async with pool.acquire() as connection:
        act = Act(actor="li", action="ringback.dropped", subject="7", detail=detail)
        await record(connection, act, "done", at=NOW)
        (row,) = [row async for row in acts_after(connection, 0)]
    admin = await hotline.administrator()
    _, (shown,) = await admin.json("GET", AUDIT)
    assert shown["detail"] == {
        "reason": "回拨 138****0001 或 057*****0000，工单 20261123-00001",
        "n": 1,
        "outcome": "done",
    }
    assert json.loads(row.to_json())["detail"] == shown["detail"]


async def test_export_leaves_nothing_out_that_is_still_being_written(pool: asyncpg.Pool) -> None:
    """A row with a smaller number may be there later than one with a greater."""
    async with pool.acquire() as slow, pool.acquire() as quick, pool.acquire() as reader:
        transaction = slow.transaction()
        await transaction.start()
        await record(slow, ACT, "first", at=NOW)
        await record(quick, ACT, "second", at=NOW)

        async def export() -> list[str]:
            return [str(row.detail["outcome"]) async for row in acts_after(reader, 0)]

        exporting = asyncio.create_task(export())
        done, _ = await asyncio.wait({exporting}, timeout=0.3)
        assert not done
        async with asyncio.timeout(5):
            await record(quick, ACT, "third", at=NOW)  # nobody waits for the export
        await transaction.commit()
        assert await exporting == ["first", "second", "third"]


Export = Callable[..., Awaitable[str]]


@pytest.fixture
def export(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Export:
    """``hotline audit-export`` with these options: what it says."""
    monkeypatch.setenv("HOTLINE_DATABASE_URL", database_dsn)

    async def run(*options: str) -> str:
        await asyncio.to_thread(main, ["audit-export", *options])
        said = capfd.readouterr()
        return said.out or said.err

    return run


async def test_export_goes_on_where_it_ended(
    pool: asyncpg.Pool, export: Export, tmp_path: Path
) -> None:
    file = tmp_path / "audit.jsonl"
    await noted(pool, 3)
    assert "3 rows" in await export("--to", str(file))
    await noted(pool, 2)
    with file.open("a") as torn:
        torn.write('{"audit_id": 4, "at": "2026-')  # the host lost its power
    assert "2 rows" in await export("--to", str(file))
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["audit_id"] for row in rows] == [1, 2, 3, 4, 5]
    assert rows[0] == {
        "audit_id": 1,
        "at": "2026-11-23T08:00:00.000Z",
        "actor": "p0",
        "action": "a.0",
        "subject": "0",
        "detail": {"outcome": "done"},
    }
    out = await export("--after", "4")
    assert [json.loads(line)["audit_id"] for line in out.splitlines()] == [5]
    said = await export("--after", "4", "--to", str(file))
    assert said == "hotline: give --to or --after: a file says by itself where to go on\n"


@pytest.mark.parametrize("content", ["my diary", "one\ntwo\n", '{"audit_id": "x"}\n', "[1]\n{\n"])
def test_a_file_that_is_no_export_stays_as_it_is(tmp_path: Path, content: str) -> None:
    file = tmp_path / "notes.txt"
    file.write_text(content)
    with pytest.raises(AuditError, match="no export of the audit log"):
        last_exported(file)
    assert file.read_text() == content


def test_the_last_whole_row_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    assert last_exported(file) == 0
    for content, last, left in (
        ("", 0, ""),
        ('{"audi', 0, ""),
        ('{"audit_id": 7}\n', 7, '{"audit_id": 7}\n'),
        ('{"audit_id": 7}\n{"audit_id": 8', 7, '{"audit_id": 7}\n'),
        ('{"audit_id": 7, "x": "' + "长" * 50_000 + '"}\n', 7, None),
    ):
        file.write_text(content, "utf-8")
        assert last_exported(file) == last
        assert file.read_text("utf-8") == (content if left is None else left)
