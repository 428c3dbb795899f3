"""Imports in the database: what was uploaded, its rows until they are applied, its problems."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import aiosql

from ticketing.imports.columns import Sheet
from ticketing.imports.rows import RowProblem

QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql", "asyncpg")


class ImportState(StrEnum):
    """Where an import is."""

    READING = "reading"  # the dry run is under way, or was broken off
    CHECKED = "checked"  # a person decides
    ACCEPTED = "accepted"  # being applied
    APPLIED = "applied"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """An uploaded sheet; ``added`` and ``changed`` are of its good rows, by the dry run.

    ``rows_kept``: those that are not done with are still there, under their ``headings``.
    """

    import_id: int
    sheet: Sheet
    file_name: str
    sha256: str
    state: ImportState
    made_at: datetime
    made_by: str
    rows: int
    bad: int
    added: int
    changed: int
    accepted_at: datetime | None
    accepted_by: int | None
    only_good: bool
    applied: int
    finished_at: datetime | None
    remark: str
    headings: tuple[str, ...]
    rows_kept: bool

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `sheet_imports`."""
        typed = {
            "sheet": Sheet(row["sheet"]),
            "state": ImportState(row["state"]),
            "headings": tuple(row["headings"]),
        }
        return cls(**{**dict(row), **typed})

    @property
    def good(self) -> int:
        """Rows that may be accepted."""
        return self.rows - self.bad

    @property
    def bad_kept(self) -> bool:
        """Whether the bad rows can be had back."""
        return self.bad > 0 and self.rows_kept and bool(self.headings)


@dataclass(frozen=True, slots=True)
class StoredProblem:
    """A problem with its place in the list."""

    problem_id: int
    line: int
    field: str
    sentence: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row as it was uploaded, with pairs of column and sentence."""

    line: int
    cells: tuple[str, ...]
    problems: tuple[tuple[str, str], ...]

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `bad_rows`; what was found twice is told once."""
        problems = dict.fromkeys(zip(row["fields"], row["sentences"], strict=True))
        return cls(row["line"], tuple(row["cells"]), tuple(problems))


async def begin(
    conn: Any, sheet: Sheet, *, file_name: str, sha256: str, actor: str, at: datetime
) -> int:
    """Note an upload whose rows follow; its id."""
    return int(
        await QUERIES.begin_import(
            conn, sheet=sheet, file_name=file_name, sha256=sha256, made_by=actor, made_at=at
        )
    )


async def note_headings(conn: Any, import_id: int, headings: Sequence[str]) -> None:
    """What stood above the columns."""
    await QUERIES.note_headings(conn, import_id=import_id, headings=list(headings))


async def stage(
    conn: Any,
    import_id: int,
    rows: Iterable[tuple[int, str, list[str]]],
    problems: Iterable[RowProblem],
) -> None:
    """Store rows, (line, JSON of its fields, its cells), and what is wrong with them."""
    await conn.copy_records_to_table(
        "sheet_import_rows",
        records=[(import_id, *row) for row in rows],
        columns=("import_id", "line", "fields", "cells"),
    )
    await complain(conn, import_id, problems)


async def complain(conn: Any, import_id: int, problems: Iterable[RowProblem]) -> None:
    """Store what is wrong with rows."""
    await conn.copy_records_to_table(
        "sheet_import_problems",
        records=[(import_id, each.line, each.field, each.sentence) for each in problems],
        columns=("import_id", "line", "field", "sentence"),
    )


async def mark_bad(conn: Any, import_id: int) -> None:
    """Every row with a problem is bad; the import counts them anew."""
    await QUERIES.mark_bad(conn, import_id=import_id)
    await QUERIES.count_rows(conn, import_id=import_id)


async def finish_check(conn: Any, import_id: int, *, added: int, changed: int) -> Import:
    """The dry run is done."""
    await QUERIES.finish_check(conn, import_id=import_id, added=added, changed=changed)
    return await found(conn, import_id)


async def find(conn: Any, import_id: int, *, lock: bool = False) -> Import | None:
    """An import; ``lock``: until the transaction ends."""
    query = QUERIES.lock_import if lock else QUERIES.one_import
    row = await query(conn, import_id=import_id)
    return None if row is None else Import.from_row(row)


async def found(conn: Any, import_id: int) -> Import:
    """An import that is known to be there."""
    return Import.from_row(await QUERIES.one_import(conn, import_id=import_id))


async def newest(conn: Any, limit: int) -> list[Import]:
    """Imports, the newest first."""
    return [Import.from_row(row) async for row in QUERIES.newest_imports(conn, limit=limit)]


async def problems(conn: Any, import_id: int, *, after: int, limit: int) -> list[StoredProblem]:
    """What is wrong, in the order in which it was found, from behind a ``problem_id`` on."""
    rows = QUERIES.problems_of(conn, import_id=import_id, after=after, limit=limit)
    return [StoredProblem(**dict(row)) async for row in rows]


async def bad_rows(conn: Any, import_id: int, *, after: int, limit: int) -> list[BadRow]:
    """Rows that cannot be imported, in the order of the sheet, from behind a line on."""
    rows = QUERIES.bad_rows(conn, import_id=import_id, after=after, limit=limit)
    return [BadRow.from_row(row) async for row in rows]


async def accept(
    conn: Any, import_id: int, *, user_id: int, only_good: bool, at: datetime
) -> Import:
    """Somebody wants the rows, or those that are good."""
    await QUERIES.accept_import(
        conn, import_id=import_id, accepted_by=user_id, only_good=only_good, accepted_at=at
    )
    return await found(conn, import_id)


async def take_back(conn: Any, import_id: int, remark: str) -> None:
    """Things have changed since the dry run: a person decides again."""
    await QUERIES.take_back(conn, import_id=import_id, remark=remark)


async def close(
    conn: Any, import_id: int, state: ImportState, at: datetime, remark: str = ""
) -> Import:
    """It is applied, or discarded: its rows go, but the bad ones of one that is applied."""
    await QUERIES.close_import(conn, import_id=import_id, state=state, at=at, remark=remark)
    keep_bad = state is ImportState.APPLIED
    await QUERIES.forget_rows(conn, import_id=import_id, keep_bad=keep_bad)
    return await found(conn, import_id)


async def count_applied(conn: Any, import_id: int, lines: Sequence[int]) -> None:
    """These rows are applied."""
    await QUERIES.count_applied(conn, import_id=import_id, lines=list(lines))


async def count_applied_all(conn: Any, import_id: int) -> None:
    """All good rows are applied."""
    await QUERIES.count_applied_all(conn, import_id=import_id)


async def drop(conn: Any, import_id: int) -> None:
    """There was no such import: its file could not be read."""
    await QUERIES.drop_import(conn, import_id=import_id)


async def stale(conn: Any, before: datetime) -> list[int]:
    """Imports from before that time that nobody accepted."""
    return [row["import_id"] async for row in QUERIES.stale_imports(conn, before=before)]


async def forget_bad_rows(conn: Any, before: datetime) -> None:
    """Nobody has asked for the bad rows of imports that were made before that time."""
    await QUERIES.forget_bad_rows(conn, before=before)


async def waiting(conn: Any) -> list[int]:
    """Imports that were accepted and are not applied to their end."""
    return [row["import_id"] async for row in QUERIES.accepted_imports(conn)]
