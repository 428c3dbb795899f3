"""The switchboard's records in tables tell the same as in files."""

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.errors import ComparisonError
from telephony.cel import FIELDS
from tests.support.reconciling import Bench, assert_same

CEL_COLUMNS = (
    "eventtype", "userdeftype", "eventtime", "cid_name", "cid_num", "cid_ani", "cid_dnid", "exten",
    "context", "channame", "appname", "appdata", "uniqueid", "linkedid", "peer", "extra",
)  # fmt: skip


def local(epoch: str) -> datetime:
    """As Asterisk writes it: no zone, that of the switchboard."""
    return datetime.fromtimestamp(float(epoch) + 8 * 3600, UTC).replace(tzinfo=None)


def text(epoch: str) -> str:
    return local(epoch).isoformat(sep=" ", timespec="microseconds")


Times = tuple[str, Callable[[str], object]]
TYPES: dict[str, Times] = {
    "timestamp": ("timestamp", local),
    "text": ("varchar(32)", text),
    "number": ("double precision", float),
    "number as text": ("text", str),
}


async def fill(bench: Bench, times: Times) -> None:
    """The tables as the documentation of Asterisk makes them, from the files."""
    kind, written = times
    columns = ", ".join(
        f"{name} {kind if name == 'eventtime' else 'varchar'}" for name in CEL_COLUMNS
    )
    await bench.pool.execute(f"create table cel (id bigserial, {columns})")
    rows = [
        [*row[:2], written(row[2]), *row[3:]]
        for row in csv.reader(bench.cel_csv.read_text().splitlines())
    ]
    assert len(FIELDS) == len(CEL_COLUMNS)
    await bench.pool.copy_records_to_table("cel", records=rows, columns=CEL_COLUMNS)
    names = ("time", "callid", "queuename", "agent", "event", *(f"data{n}" for n in range(1, 6)))
    columns = ", ".join(f"{name} {kind if name == 'time' else 'varchar'}" for name in names)
    await bench.pool.execute(f"create table queue_log (id bigserial, {columns})")
    lines = [line.split("|") for line in bench.queue_log.read_text().splitlines()]
    rows = [[written(at), *rest, *[None] * 9][:10] for at, *rest in lines]
    await bench.pool.copy_records_to_table("queue_log", records=rows, columns=names)


def with_tables(bench: Bench) -> Bench:
    """The same without its files."""
    bench.queue_log.unlink()
    bench.cel_csv.unlink()
    return replace(bench, records_dsn=bench.dsn)


@pytest.mark.parametrize("times", TYPES)
async def test_tables_tell_the_same(bench: Bench, times: str) -> None:
    await fill(bench, TYPES[times])
    bench = with_tables(bench)
    done = await bench.reconciler().reconcile()
    assert done.found == {"missing": len(bench.live)}
    assert_same(await bench.stored(), bench.live)
    assert (await bench.reconciler().reconcile()).found == {}


async def test_no_table_of_asterisk(bench: Bench) -> None:
    bench = with_tables(bench)
    with pytest.raises(ComparisonError, match="no table queue_log with time, callid"):
        await bench.reconciler().reconcile()
    await bench.pool.execute("create table queue_log (time text, callid text)")
    with pytest.raises(ComparisonError, match="with queuename, agent, event"):
        await bench.reconciler().reconcile()
