"""The switchboard's records where it keeps them in PostgreSQL, written out as files.

Tables ``queue_log`` (res_pgsql or res_odbc, realtime) and ``cel`` (cel_pgsql or cel_odbc) in the
database of ``HOTLINE_RECORDS_URL``. PostgreSQL itself makes the lines, so that the gateway only
passes bytes on; from there on a table is compared as a file is.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import asyncpg

from gateway.errors import ComparisonError
from gateway.reconciliation.job import Job
from gateway.reconciliation.nights import CITY
from telephony.cel import FIELDS

TIMEOUT_S = 120.0
_TYPES = """
select attname::text as name, format_type(atttypid, null) as type from pg_attribute
where attrelid = to_regclass($1) and attnum > 0 and not attisdropped
"""
_NUMBERS = frozenset({"integer", "bigint", "numeric", "double precision"})
_END = datetime.max.replace(tzinfo=UTC)
# Columns of cel.conf's tables beside those that are called as in the file.
_CEL_NAMES = {
    "eventenum": "eventtype",
    "name": "cid_name",
    "num": "cid_num",
    "ani": "cid_ani",
    "dnid": "cid_dnid",
    "eventextra": "extra",
}
_CEL_NEEDED = (
    "eventtype", "eventtime", "exten", "context", "channame", "uniqueid", "linkedid", "extra",
)  # fmt: skip
_QUEUE_LOG_NEEDED = ("time", "callid", "queuename", "agent", "event")
_DATA = ("data", *(f"data{number}" for number in range(1, 6)))


@asynccontextmanager
async def written_out(job: Job, dsn: str) -> AsyncIterator[Job]:
    """The job over files that hold the rows of its period, while the block lasts.

    Raises `ComparisonError` for a table that is none of Asterisk's, `OSError`, and what asyncpg
    raises.
    """
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="hotline-records-")))
        connection = await asyncpg.connect(
            dsn, timeout=TIMEOUT_S, command_timeout=TIMEOUT_S, server_settings=_zone()
        )
        stack.push_async_callback(connection.close)
        queue_log, cel = directory / "queue_log", directory / "Master.csv"
        await _write(connection, await _queue_log_query(connection), job, queue_log, quoted=False)
        await _write(connection, await _cel_query(connection), job, cel, quoted=True)
        yield replace(job, queue_log=queue_log, cel_csv=cel)


def _zone() -> dict[str, str]:
    """A time without a zone is one of the switchboard's, hence of the city's."""
    return {"timezone": CITY.key}


async def _write(connection: Any, query: str, job: Job, path: Path, *, quoted: bool) -> None:
    until = _END if job.until is None else job.until
    form = {"quote": '"', "force_quote": True} if quoted else {"quote": "\x01", "delimiter": "\x02"}
    with path.open("wb") as file:

        async def write(data: bytes) -> None:
            await asyncio.to_thread(file.write, data)

        period = (job.since.timestamp(), until.timestamp())
        await connection.copy_from_query(query, *period, output=write, format="csv", **form)


async def _cel_query(connection: Any) -> str:
    types = await _columns(connection, "cel", _CEL_NEEDED)
    if types["eventtype"] in _NUMBERS:
        raise ComparisonError("the column eventtype of table cel must hold names, not numbers")
    at = _epoch("eventtime", types)
    values = []
    for name in FIELDS:
        column = _CEL_NAMES.get(name, name)
        if column == "eventtime":
            values.append(f"to_char({at}, 'FM9999999999.000000')")
        else:
            values.append(f"coalesce(\"{column}\"::text, '')" if column in types else "''")
    return _select(", ".join(values), "cel", at, types)


async def _queue_log_query(connection: Any) -> str:
    types = await _columns(connection, "queue_log", _QUEUE_LOG_NEEDED)
    at = _epoch("time", types)
    texts = [name for name in (*_QUEUE_LOG_NEEDED[1:], *_DATA) if name in types]
    # A line break, or what PostgreSQL quotes by here, would begin another line.
    fields = [f"regexp_replace(coalesce(\"{name}\"::text, ''), '[\\x01-\\x1f]', '', 'g')"
              for name in texts]  # fmt: skip
    line = f"concat_ws('|', to_char({at}, 'FM9999999999'), {', '.join(fields)})"
    return _select(line, "queue_log", at, types)


def _select(values: str, table: str, at: str, types: dict[str, str]) -> str:
    order = f'{at}, "id"' if "id" in types else at
    where = f"{at} >= $1 and {at} <= $2"
    return f"select {values} from {table} where {where} order by {order}"  # noqa: S608  # constants


def _epoch(column: str, types: dict[str, str]) -> str:
    """The time as epoch seconds: a number, a time, or either as text.

    Asterisk writes ``2011-01-01 10:00:00.123456``, up to 1.6 epoch seconds (ast_queue_log in
    logger.c).
    """
    number = f'"{column}"::double precision'
    moment = f'extract(epoch from "{column}"::timestamptz)::double precision'
    if types[column] in _NUMBERS:
        return number
    if types[column].startswith("timestamp"):
        return moment
    return f"case when \"{column}\" ~ '^[0-9]+([.][0-9]+)?$' then {number} else {moment} end"


async def _columns(connection: Any, table: str, needed: Sequence[str]) -> dict[str, str]:
    types = {row["name"]: row["type"] for row in await connection.fetch(_TYPES, table)}
    if lacking := [name for name in needed if name not in types]:
        raise ComparisonError(
            f"the database of the records has no table {table} with {', '.join(lacking)}"
        )
    return types
