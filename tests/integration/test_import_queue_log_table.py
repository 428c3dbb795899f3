"""T11: the same history out of a realtime queue_log table, however Asterisk writes it."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from gateway.queue_log_import import table as tables
from gateway.queue_log_import.importing import Importer
from gateway.queue_log_import.store import Store
from gateway.queue_log_import.table import LogTable
from tests.support.importing import Ran, Silent, run_import, stored
from tests.support.postgres import administer
from tests.support.queue_log_history import history

NOW = 1_790_000_000.0
LINES = list(history(1500, agents=8, calls_a_day=400))
LINKED = (
    "1300000000|1.7|q|NONE|ENTERQUEUE||13800000001|1",
    "1300000000|1.7|q|8001|CONNECT|0|1.8|0",
    "1300000069|1.7|q|8001|ATTENDEDTRANSFER|LINK|Local/1@a;1|Local/1@a;2|0|69|1",
)


def local(epoch: str, zone: str = "Asia/Shanghai") -> str:
    """As ast_queue_log writes it since 1.8."""
    at = datetime.fromtimestamp(float(epoch), ZoneInfo(zone))
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


PARTS = "data1 text, data2 text, data3 text, data4 text, data5 text"
REST = "callid text, queuename text, agent text, event text"


class Written:
    """A table of one form, filled like Asterisk does."""

    def __init__(self, dsn: str, time: str, data: str, extra: str = "") -> None:
        self.dsn = dsn
        self.adaptive = data == PARTS
        self.time = time
        self.columns = f"{extra}time {time}, {REST}, {data}"

    async def create(self) -> None:
        await administer(self.dsn, f"create table queue_log ({self.columns})")

    async def add(self, lines: Sequence[str], zone: str = "Asia/Shanghai") -> None:
        """Insert rows, one after the other."""
        rows = [self._row(line, zone) for line in lines]
        marks = ", ".join(f"${n}" for n in range(2, len(rows[0]) + 1))
        names = "time, callid, queuename, agent, event, "
        names += "data1, data2, data3, data4, data5" if self.adaptive else "data"
        connection = await asyncpg.connect(self.dsn, server_settings={"timezone": zone})
        await connection.executemany(
            f"insert into queue_log ({names}) values ($1::text::{self.time}, {marks})",  # noqa: S608
            rows,
        )
        await connection.close()

    def _row(self, line: str, zone: str) -> tuple[str, ...]:
        epoch, callid, queue, agent, event, data = line.split("|", 5)
        number = self.time in {"bigint", "varchar(10)", "numeric"}
        time = epoch if number else local(epoch, zone)
        parts = (data.split("|", 4) + [""] * 5)[:5]
        return (time, callid, queue, agent, event, *(parts if self.adaptive else [data]))


FORMS = {
    "1.6": ("varchar(10)", "data text", ""),
    "1.6, a number": ("bigint", "data text", ""),
    "1.8": ("char(26)", "data char(100)", ""),
    "adaptive": ("varchar(30)", PARTS, ""),
    "adaptive, with an id": ("text", PARTS, "id serial, "),
    "a time without a zone": ("timestamp", PARTS, ""),
    "a time": ("timestamptz", PARTS, "id bigserial, "),
}


async def from_file(dsn: str, tmp_path: Path, lines: Sequence[str]) -> dict[str, object]:
    """What the same lines give as a file, stored as another switchboard, and told as ``sb1``."""
    log = tmp_path / "queue_log"
    log.write_text("".join(line + "\n" for line in lines))
    await run_import(dsn, "--switchboard", "file", log)
    return await of_switchboard(dsn, "file")


async def of_switchboard(dsn: str, name: str) -> dict[str, object]:
    """Calls and seats of one switchboard without its name."""
    rows = await stored(dsn)
    return {
        kind: [
            {key: value for key, value in row.items() if key not in {"switchboard", "call_id"}}
            for row in rows[kind]
            if row["switchboard"] == name
        ]
        for kind in ("calls", "seats")
    }


def succeeded(ran: Ran) -> Ran:
    assert (ran.code, ran.err) == (0, "")
    return ran


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
async def test_every_form_gives_what_the_file_gives(
    database_dsn: str, tmp_path: Path, form: tuple[str, str, str]
) -> None:
    written = Written(database_dsn, *form)
    await written.create()
    lines = [*LINKED, *LINES]
    await written.add(lines)
    ran = succeeded(await run_import(database_dsn, "--table", "queue_log"))
    assert "queue_log: " in ran.out
    assert "could not be read" not in ran.out
    ours = await of_switchboard(database_dsn, "sb1")
    assert ours["calls"]
    assert ours == await from_file(database_dsn, tmp_path, sorted(lines, key=_time))


def _time(line: str) -> str:
    return line.split("|", maxsplit=1)[0]


async def test_the_switchboard_wrote_gmt(database_dsn: str, tmp_path: Path) -> None:
    written = Written(database_dsn, "varchar(30)", PARTS)
    await written.create()
    await written.add(LINES[:200], "UTC")
    succeeded(await run_import(database_dsn, "--table", "queue_log", "--timezone", "UTC"))
    ours = await of_switchboard(database_dsn, "sb1")
    assert ours == await from_file(database_dsn, tmp_path, LINES[:200])


async def test_new_rows_are_added_to_what_is_known(database_dsn: str, tmp_path: Path) -> None:
    written = Written(database_dsn, "varchar(30)", PARTS)
    await written.create()
    done = 0
    for step in (400, 1, 3, 350, 0):
        if step:
            await written.add(LINES[done : done + step])
        done += step
        ran = succeeded(await run_import(database_dsn, "--table", "public.queue_log"))
        if not step:
            assert "nothing new" in ran.out
    ours = await of_switchboard(database_dsn, "sb1")
    assert ours == await from_file(database_dsn, tmp_path, LINES[:done])


async def test_a_table_in_another_database(
    database_dsn: str, empty_database_dsn: str, tmp_path: Path
) -> None:
    written = Written(empty_database_dsn, "text", PARTS)
    await written.create()
    await written.add(LINES)
    where = {"QUEUE_LOG_DATABASE_URL": empty_database_dsn}
    succeeded(await run_import(database_dsn, "--table", "queue_log", "--dry-run", **where))
    assert (await of_switchboard(database_dsn, "sb1"))["calls"] == []
    succeeded(await run_import(database_dsn, "--table", "queue_log", **where))
    ours = await of_switchboard(database_dsn, "sb1")
    assert ours == await from_file(database_dsn, tmp_path, LINES)


@pytest.mark.parametrize("rows", [1, 7, 100])
async def test_any_batches_give_the_same_rows(
    database_dsn: str, tmp_path: Path, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "ROWS", rows)
    written = Written(database_dsn, "text", PARTS)
    await written.create()
    lines = LINES[: rows * 30]
    await written.add(lines)
    connection, reading = await asyncpg.connect(database_dsn), await asyncpg.connect(database_dsn)
    store = Store(connection, "sb1")
    await store.prepare()
    table = await LogTable.find(reading, "queue_log", ZoneInfo("Asia/Shanghai"), NOW)
    await Importer("sb1", store, Silent(), NOW).run([table])
    await connection.close()
    await reading.close()
    ours = await of_switchboard(database_dsn, "sb1")
    assert ours == await from_file(database_dsn, tmp_path, lines)


async def test_tables_that_are_none(database_dsn: str) -> None:
    await administer(database_dsn, f"create table no_data (time text, {REST})")
    await administer(database_dsn, f"create table late (time text, {REST}, data text)")
    await administer(database_dsn, f"create table odd (time text, {REST}, data text)")
    await administer(database_dsn, "insert into late values ('2999-01-01 00:00:00', '1.7')")
    await administer(database_dsn, "insert into odd values ('soon', '1.7')")
    for table, sentence in (
        ("nowhere", "there is no table nowhere"),
        ("a; drop table calls", "'a; drop table calls' is no name of a table"),
        ("calls", "calls is no queue_log table: it lacks time, callid, queuename, event, data"),
        ("no_data", "no_data is no queue_log table: it lacks data"),
        ("late", "the times in table late lie in the future"),
        ("odd", "none of the first 1 rows of odd can be read"),
    ):
        ran = await run_import(database_dsn, "--table", table)
        assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
        assert sentence in ran.err
