"""Imports departments and categories by the same functions that change them one by one.

A dry run does all of it in a transaction that is rolled back: what it finds is what would happen.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ticketing.categories import Category, change_category, create_category, list_categories
from ticketing.departments import (
    Department,
    Level,
    change_department,
    create_department,
    list_departments,
)
from ticketing.errors import ConflictError, FieldInvalidError, TicketingError
from ticketing.imports import staging
from ticketing.imports.columns import Sheet
from ticketing.imports.rows import RowProblem
from ticketing.imports.staging import QUERIES

_BY_WORD = {level.word: level for level in Level}


@dataclass(frozen=True, slots=True)
class TreeRow:
    """A row whose cells are right by themselves."""

    line: int
    fields: dict[str, Any]

    @property
    def code(self) -> str:
        """Of the department or category."""
        return str(self.fields["code"])


@dataclass(frozen=True, slots=True)
class Done:
    """What a row did; ``before`` none: it is new. Nothing for a row that changes nothing."""

    line: int
    before: Department | Category | None
    after: Department | Category

    @property
    def action(self) -> str:
        """As the audit log names it."""
        kind = "department" if isinstance(self.after, Department) else "category"
        return f"{kind}.created" if self.before is None else f"{kind}.changed"


def terms(done: Done) -> dict[str, Any]:
    """What was, and what is, for the audit log."""
    return {"before": done.before and _terms(done.before), "after": _terms(done.after)}


def _terms(row: Department | Category) -> dict[str, Any]:
    if isinstance(row, Department):
        return {"name": row.name, "level": row.level, "parent": row.parent, "active": row.active}
    department, closed = row.department, row.closed
    return {"name": row.name, "parent": row.parent, "department": department, "closed": closed}


class RowsRefusedError(TicketingError):
    """Ends the transaction of rows that cannot all be done."""

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        super().__init__(f"{len(problems)} rows")
        self.problems = problems


async def dry_run(conn: Any, import_id: int, sheet: Sheet) -> list[Done]:
    """Find everything that is wrong, and what the good rows would do; changes nothing else."""
    await staging.complain(conn, import_id, _repeated(await _rows(conn, import_id)))
    while True:
        await staging.mark_bad(conn, import_id)
        trial = conn.transaction()
        await trial.start()
        try:
            return await apply(conn, import_id, sheet)
        except RowsRefusedError as refused:
            problems = refused.problems
        finally:
            await trial.rollback()
        await staging.complain(conn, import_id, problems)


async def apply(conn: Any, import_id: int, sheet: Sheet) -> list[Done]:
    """Do what the good rows say, all of it, parents before children.

    Raises `RowsRefusedError`, upon which the caller's transaction must end.
    """
    rows = await _rows(conn, import_id)
    if sheet is Sheet.DEPARTMENTS:
        return await _Departments(conn, await list_departments(conn)).run(rows)
    return await _Categories(conn, await list_categories(conn)).run(rows)


async def _rows(conn: Any, import_id: int) -> list[TreeRow]:
    found = QUERIES.rows_of(conn, import_id=import_id)
    rows = [TreeRow(row["line"], json.loads(row["fields"])) async for row in found]
    return [row for row in rows if row.fields["code"] is not None]


def _repeated(rows: Sequence[TreeRow]) -> list[RowProblem]:
    first: dict[str, int] = {}
    problems = []
    for row in rows:
        line = first.setdefault(row.code, row.line)
        if line != row.line:
            problems.append(RowProblem(row.line, "code", f"与第{line}行的代码重复"))
    return problems


class _Tree:
    """Collects what rows do, and what cannot be done."""

    def __init__(self) -> None:
        self._done: dict[int, Done] = {}
        self._problems: list[RowProblem] = []

    async def _try(self, row: TreeRow, work: Callable[[TreeRow], Awaitable[None]]) -> None:
        try:
            await work(row)
        except FieldInvalidError as error:
            self._problems.append(RowProblem(row.line, error.field, str(error)))
        except ConflictError as error:
            self._problems.append(RowProblem(row.line, "", str(error)))

    def _note(
        self, row: TreeRow, before: Department | Category | None, after: Department | Category
    ) -> None:
        earlier = self._done.get(row.line)
        self._done[row.line] = Done(row.line, earlier.before if earlier else before, after)

    def _result(self) -> list[Done]:
        if self._problems:
            raise RowsRefusedError(self._problems)
        return list(self._done.values())


class _Departments(_Tree):
    def __init__(self, conn: Any, there: Sequence[Department]) -> None:
        super().__init__()
        self._conn = conn
        self._there = {department.code: department for department in there}

    async def run(self, rows: Sequence[TreeRow]) -> list[Done]:
        """From the top down, then those to be closed from below up."""
        by_level = sorted(rows, key=lambda row: _BY_WORD[row.fields["level"]].number)
        for row in by_level:
            await self._try(row, self._place)
        for row in reversed(by_level):
            if not row.fields["active"]:
                await self._try(row, self._close)
        return self._result()

    async def _place(self, row: TreeRow) -> None:
        code, name, parent = row.code, row.fields["name"], row.fields["parent"]
        level, before = _BY_WORD[row.fields["level"]], self._there.get(code)
        if before is None:
            after = await create_department(
                self._conn, code=code, name=name, level=level, parent=parent
            )
        elif before.level is not level:
            raise FieldInvalidError(
                "level", f"已有的部门“{before.name}”是{before.level.word}，级别不能更改"
            )
        else:
            active = before.active or row.fields["active"]
            if (before.name, before.parent, before.active) == (name, parent, active):
                return
            _, after = await change_department(
                self._conn, code, name=name, parent=parent, active=active
            )
        self._there[code] = after
        self._note(row, before, after)

    async def _close(self, row: TreeRow) -> None:
        before = self._there.get(row.code)
        if before is None or not before.active:
            return
        _, after = await change_department(
            self._conn, row.code, name=before.name, parent=before.parent, active=False
        )
        self._note(row, before, after)


class _Categories(_Tree):
    def __init__(self, conn: Any, there: Sequence[Category]) -> None:
        super().__init__()
        self._conn = conn
        self._there = {category.code: category for category in there}

    async def run(self, rows: Sequence[TreeRow]) -> list[Done]:
        """Classes first."""
        for row in sorted(rows, key=lambda row: row.fields["parent"] is not None):
            await self._try(row, self._place)
        return self._result()

    async def _place(self, row: TreeRow) -> None:
        terms = {name: row.fields[name] for name in ("name", "parent", "department")}
        closed, before = row.fields["closed"], self._there.get(row.code)
        now = before
        if now is None:
            now = await create_category(self._conn, code=row.code, **terms)
        wanted = (*terms.values(), closed)
        if (now.name, now.parent, now.department, now.closed) != wanted:
            _, now = await change_category(self._conn, row.code, **terms, closed=closed)
        if now != before:
            self._note(row, before, now)
