"""A realtime ``queue_log`` table in PostgreSQL, as Asterisk fills it through res_odbc or res_pgsql.

Columns time, callid, queuename, agent, event and either data (all fields in one, ``|`` between
them) or data1 … data5 (``queue_adaptive_realtime``; a sixth field and on stays in data5): see
ast_queue_log in logger.c. The time is epoch seconds up to 1.6, from 1.8 on
``2011-01-01 10:00:00.123456`` in the switchboard's zone (GMT with ``queue_log_realtime_use_gmt``);
the column is text or whatever type the operator chose.
"""

import re
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.queue_log_import.errors import QueueLogImportError
from gateway.queue_log_import.source import FUTURE_S, Chunk, Place, checked
from telephony.queue_log import QueueLogLine

ROWS = 20_000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?")
_NEEDED = ("time", "callid", "queuename", "agent", "event")
_PARTS = tuple(f"data{number}" for number in range(1, 6))
_COLUMNS = """
select a.attname::text as name, format_type(a.atttypid, null) as type, c.relkind::text as kind
from pg_attribute a join pg_class c on c.oid = a.attrelid
where c.oid = to_regclass($1) and a.attnum > 0 and not a.attisdropped
"""
_TIMES = ("timestamp with time zone", "timestamp without time zone")
_NUMBERS = ("integer", "bigint", "numeric", "double precision")
_EPOCH_OF = {
    # A time without a zone is one of the session's.
    **dict.fromkeys(_TIMES, 'extract(epoch from "time"::timestamptz)::double precision'),
    **dict.fromkeys(_NUMBERS, '"time"::double precision'),
}


@dataclass(frozen=True, slots=True)
class _Query:
    """Rows in order of time, for one table."""

    table: str
    columns: str
    order: str
    time: str  # the column, ordered bytewise if it is text
    time_type: str

    def since_mark(self) -> str:
        """With one parameter: the time from which on, as text."""
        later = f"{self.time} >= $1::text::{self.time_type}"
        return f"{self.columns} from {self.table} where {later} order by {self.order}"

    def all(self) -> str:
        """Without parameters."""
        return f"{self.columns} from {self.table} order by {self.order}"


class LogTable:
    """A realtime table; a `Source`.

    ``mark`` is the time of the last row read, as text, and ``place`` how many rows of that time
    were read; rows of one time come in the order in which they were written.
    """

    def __init__(self, connection: Any, query: _Query, zone: ZoneInfo, now: float) -> None:
        self.name = query.table
        self.identity = ""
        self.first_at = 0.0
        self.size = 0
        self.remark = ""
        self._connection = connection
        self._query = query
        self._zone = zone
        self._now = now
        self._stack = AsyncExitStack()
        self._after = Place(0, "")
        self._done = 0

    @classmethod
    async def find(cls, connection: Any, table: str, zone: ZoneInfo, now: float) -> "LogTable":
        """Look at the table, which may be none: raises `QueueLogImportError`."""
        await connection.execute("select set_config('TimeZone', $1, false)", zone.key)
        self = cls(connection, await _query(connection, table), zone, now)
        database = await connection.fetchval("select current_database()")
        self.identity = f"table {database} {self.name}"
        # S608: `_query` takes a name of letters, digits and underscores alone.
        self.size = await connection.fetchval(f"select count(*) from {self.name}")  # noqa: S608
        rows = await connection.fetch(self._query.all() + " limit 1000")
        if rows and self._line(rows[0]).at > now + FUTURE_S:
            raise QueueLogImportError(f"the times in table {table} lie in the future")
        read = [checked(self._line(row), now) for row in rows]
        lines = [line for line in read if isinstance(line, QueueLogLine)]
        if rows and not lines:
            raise QueueLogImportError(f"none of the first {len(rows)} rows of {table} can be read")
        self.first_at = lines[0].at if lines else 0.0
        return self

    async def go_to(self, place: Place | None) -> bool:
        """As in `Source`; a table is the same one as long as it has the rows before the place."""
        await self._stack.aclose()
        await self._stack.enter_async_context(
            self._connection.transaction(isolation="repeatable_read", readonly=True)
        )
        self._after, self._done = place or Place(0, ""), 0
        if place is None:
            self._cursor = await self._connection.cursor(self._query.all())
            return True
        self._cursor = await self._connection.cursor(self._query.since_mark(), place.mark)
        read = await self._cursor.fetch(place.place)
        return len(read) == place.place and all(row["mark"] == place.mark for row in read)

    async def read(self) -> Chunk | None:
        """As in `Source`."""
        rows: Sequence[Any] = await self._cursor.fetch(ROWS)
        if not rows:
            return None
        mark = rows[-1]["mark"]
        of_that_time = sum(row["mark"] == mark for row in rows)
        if mark == self._after.mark:
            of_that_time += self._after.place
        self._after = Place(of_that_time, mark)
        self._done += len(rows)
        lines = [checked(self._line(row), self._now) for row in rows]
        return Chunk(lines, self._after, self._done)

    def _line(self, row: Any) -> QueueLogLine:
        at = row["epoch"]
        if at is None:
            at = _epoch(row["mark"], self._zone)
        data = tuple((row["data"] or "").rstrip("|").split("|"))
        uniqueid, queue, agent, event = (row[name] or "" for name in _NEEDED[1:])
        return QueueLogLine(at, uniqueid, queue, agent, event, data)

    async def close(self) -> None:
        """As in `Source`."""
        await self._stack.aclose()


async def _query(connection: Any, table: str) -> _Query:
    if not _NAME.fullmatch(table):
        raise QueueLogImportError(f"{table!r} is no name of a table")
    rows = await connection.fetch(_COLUMNS, table)
    if not rows:
        raise QueueLogImportError(f"there is no table {table}")
    types = {row["name"]: row["type"] for row in rows}
    parts = [name for name in _PARTS if name in types] or ["data"]
    if lacking := [name for name in (*_NEEDED, parts[0]) if name not in types]:
        raise QueueLogImportError(f"{table} is no queue_log table: it lacks {', '.join(lacking)}")
    epoch = _EPOCH_OF.get(types["time"], "null::double precision")
    texts = ", ".join(f'"{name}"::text as "{name}"' for name in _NEEDED[1:])
    data = " || '|' || ".join(f"coalesce(\"{name}\"::text, '')" for name in parts)
    time = '"time"' if types["time"] in _EPOCH_OF else '"time" collate "C"'
    written = '"id"' if "id" in types else "ctid" if rows[0]["kind"] in {"r", "p", "m"} else "1"
    return _Query(
        table=table,
        columns=f'select {epoch} as epoch, "time"::text as mark, {texts}, {data} as data',
        order=f"{time}, {written}",
        time=time,
        time_type=types["time"],
    )


def _epoch(text: str, zone: ZoneInfo) -> float:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return 0.0
    return (at if at.tzinfo else at.replace(tzinfo=zone)).timestamp()
