"""The tree of departments (承办单位) of four levels; every change is checked here (C3)."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import aiosql

from ticketing.errors import ConflictError, FieldInvalidError, NotFoundError

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "departments.sql", "asyncpg")


class Level(StrEnum):
    """Where in the tree a department is, from the top: 市, 区县, 街道镇, 社区村."""

    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"

    @property
    def number(self) -> int:
        """1 at the top to 4."""
        return list(Level).index(self) + 1

    @property
    def word(self) -> str:
        """Its name in Chinese."""
        return _WORDS[self]


_WORDS = {
    Level.CITY: "市级",
    Level.DISTRICT: "区县级",
    Level.STREET: "街道镇级",
    Level.COMMUNITY: "社区村级",
}
_BY_NUMBER = {level.number: level for level in Level}


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """A department; ``parent`` is the code of the one above, which those of a city have not."""

    department_id: int
    code: str
    name: str
    level: Level
    parent: str | None
    active: bool

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `all_departments` or `department_by_code`."""
        return cls(
            department_id=row["department_id"],
            code=row["code"],
            name=row["name"],
            level=_BY_NUMBER[row["level"]],
            parent=row["parent"],
            active=row["active"],
        )


async def list_departments(conn: Any) -> list[Department]:
    """All of them, from the top level down, each level by code."""
    return [Department.from_row(row) async for row in _QUERIES.all_departments(conn)]


async def find_department(conn: Any, code: str) -> Department:
    """The one with this code; raises `NotFoundError`."""
    row = await _QUERIES.department_by_code(conn, code=code)
    if row is None:
        raise NotFoundError(f"没有代码为{code}的部门")
    return Department.from_row(row)


async def named_department(conn: Any, code: str, field: str) -> Department:
    """An active department; raises `FieldInvalidError` for ``field`` when it is not one."""
    try:
        found = await find_department(conn, code)
    except NotFoundError as error:
        raise FieldInvalidError(field, str(error)) from None
    if not found.active:
        raise FieldInvalidError(field, f"部门“{found.name}”已停用")
    return found


async def with_all_below(conn: Any, department_id: int) -> list[int]:
    """Ids of a department and of every department below it."""
    rows = _QUERIES.with_all_below(conn, department_id=department_id)
    return [row["department_id"] async for row in rows]


async def departments_named(conn: Any, code: str | None) -> list[int] | None:
    """Ids of a department that is looked for and of all below it; ``None`` for no code.

    Raises `FieldInvalidError` for one that is not there.
    """
    if code is None:
        return None
    try:
        chosen = await find_department(conn, code)
    except NotFoundError as error:
        raise FieldInvalidError("department", str(error)) from None
    return await with_all_below(conn, chosen.department_id)


async def create_department(
    conn: Any, *, code: str, name: str, level: Level, parent: str | None
) -> Department:
    """Add a department below ``parent``; raises `FieldInvalidError`."""
    await _QUERIES.lock_tree(conn)
    if await _QUERIES.department_by_code(conn, code=code) is not None:
        raise FieldInvalidError("code", f"代码{code}已被使用")
    parent_id = await _parent_id(conn, level, parent)
    await _QUERIES.insert_department(
        conn, code=code, name=name, level=level.number, parent_id=parent_id
    )
    return await find_department(conn, code)


async def change_department(
    conn: Any, code: str, *, name: str, parent: str | None, active: bool
) -> tuple[Department, Department]:
    """Rename, move, close or reopen a department; as it was and as it is.

    Raises `NotFoundError`, `FieldInvalidError`, or `ConflictError` for one that is to be closed
    while departments below it are not.
    """
    await _QUERIES.lock_tree(conn)
    before = await find_department(conn, code)
    if parent is not None and parent != before.parent:
        await _check_no_cycle(conn, before, parent)
    if not active and await _QUERIES.has_active_below(conn, department_id=before.department_id):
        raise ConflictError(f"部门“{before.name}”还有启用的下级部门，不能停用")
    parent_id = await _parent_id(conn, before.level, parent, active=active)
    await _QUERIES.update_department(conn, code=code, name=name, parent_id=parent_id, active=active)
    return before, await find_department(conn, code)


async def delete_department(conn: Any, code: str) -> Department:
    """Remove a department that nothing refers to; raises `NotFoundError`, `ConflictError`."""
    await _QUERIES.lock_tree(conn)
    found = await find_department(conn, code)
    if await _QUERIES.is_referred_to(conn, department_id=found.department_id):
        raise ConflictError(f"部门“{found.name}”已被使用，不能删除，只能停用")
    await _QUERIES.delete_department(conn, code=code)
    return found


async def _check_no_cycle(conn: Any, moved: Department, parent: str) -> None:
    above = await _QUERIES.department_by_code(conn, code=parent)
    below = await with_all_below(conn, moved.department_id)
    if above is not None and above["department_id"] in below:
        raise FieldInvalidError("parent", "上级部门不能是本部门或它的下级部门")


async def _parent_id(
    conn: Any, level: Level, parent: str | None, *, active: bool = True
) -> int | None:
    """The id of a parent exactly one level up, in use where the department below is."""
    if level is Level.CITY:
        if parent is not None:
            raise FieldInvalidError("parent", "市级部门没有上级部门")
        return None
    wanted = _BY_NUMBER[level.number - 1]
    if parent is None:
        raise FieldInvalidError("parent", f"{level.word}部门必须有{wanted.word}的上级部门")
    try:
        above = await find_department(conn, parent)
    except NotFoundError as error:
        raise FieldInvalidError("parent", str(error)) from None
    if above.level is not wanted:
        sentence = (
            f"{level.word}部门的上级必须是{wanted.word}部门，“{above.name}”是{above.level.word}"
        )
        raise FieldInvalidError("parent", sentence)
    if active and not above.active:
        raise FieldInvalidError("parent", f"部门“{above.name}”已停用")
    return above.department_id
