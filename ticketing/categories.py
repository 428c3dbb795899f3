"""Categories (分类) of cases: classes and their sub-classes; every change is checked here (C1)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import aiosql

from ticketing.departments import named_department
from ticketing.errors import ConflictError, FieldInvalidError, NotFoundError

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "categories.sql", "asyncpg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A class, or a sub-class of the class with code ``parent``.

    ``department`` is the code of the one that its cases are dispatched to unless told otherwise.
    """

    category_id: int
    code: str
    name: str
    parent: str | None
    department: str | None
    closed: bool

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `all_categories` or `category_by_code`."""
        names = ("category_id", "code", "name", "parent", "department", "closed")
        return cls(**{name: row[name] for name in names})


async def list_categories(conn: Any) -> list[Category]:
    """All of them, classes first, by code."""
    return [Category.from_row(row) async for row in _QUERIES.all_categories(conn)]


async def find_category(conn: Any, code: str) -> Category:
    """The one with this code; raises `NotFoundError`."""
    return Category.from_row(await _row_of(conn, code))


async def categories_named(conn: Any, code: str | None) -> list[int] | None:
    """Ids of a category that is looked for and of its sub-classes; ``None`` for no code.

    Raises `FieldInvalidError` for one that is not there.
    """
    if code is None:
        return None
    try:
        chosen = await find_category(conn, code)
    except NotFoundError as error:
        raise FieldInvalidError("category", str(error)) from None
    rows = _QUERIES.with_sub_classes(conn, category_id=chosen.category_id)
    return [row["category_id"] async for row in rows]


async def open_category(conn: Any, code: str) -> Category:
    """A sub-class that cases may be of.

    Raises `FieldInvalidError` for ``category``: unknown, a class, or closed.
    """
    try:
        row = await _row_of(conn, code)
    except NotFoundError as error:
        raise FieldInvalidError("category", str(error)) from None
    found = Category.from_row(row)
    if found.parent is None:
        raise FieldInvalidError("category", f"“{found.name}”是大类，请选择其下的小类")
    if found.closed or row["parent_closed"]:
        raise FieldInvalidError("category", f"分类“{found.name}”已关闭，请选择其他分类")
    return found


async def create_category(
    conn: Any, *, code: str, name: str, parent: str | None, department: str | None
) -> Category:
    """Add a class, or a sub-class of ``parent``; raises `FieldInvalidError`."""
    await _QUERIES.lock_categories(conn)
    if await _QUERIES.category_by_code(conn, code=code) is not None:
        raise FieldInvalidError("code", f"代码{code}已被使用")
    await _QUERIES.insert_category(
        conn,
        code=code,
        name=name,
        level=1 if parent is None else 2,
        parent_id=await _class_id(conn, code, parent),
        department_id=await _department_id(conn, department),
    )
    return await find_category(conn, code)


async def change_category(
    conn: Any, code: str, *, name: str, parent: str | None, department: str | None, closed: bool
) -> tuple[Category, Category]:
    """Rename, move, close or reopen a category; as it was and as it is.

    Raises `NotFoundError` or `FieldInvalidError`; a class stays a class.
    """
    await _QUERIES.lock_categories(conn)
    before = await find_category(conn, code)
    if (parent is None) != (before.parent is None):
        kind = "大类不能移到其他分类之下" if before.parent is None else "小类必须属于一个大类"
        raise FieldInvalidError("parent", kind)
    if department == before.department:  # which may have been closed meanwhile
        department_id = (await _row_of(conn, code))["department_id"]
    else:
        department_id = await _department_id(conn, department)
    await _QUERIES.update_category(
        conn,
        code=code,
        name=name,
        parent_id=await _class_id(conn, code, parent),
        department_id=department_id,
        closed=closed,
    )
    return before, await find_category(conn, code)


async def delete_category(conn: Any, code: str) -> Category:
    """Remove a category that nothing refers to; raises `NotFoundError`, `ConflictError`."""
    await _QUERIES.lock_categories(conn)
    found = await find_category(conn, code)
    if await _QUERIES.is_referred_to(conn, category_id=found.category_id):
        raise ConflictError(f"分类“{found.name}”已被使用，不能删除，只能关闭")
    await _QUERIES.delete_category(conn, code=code)
    return found


async def _row_of(conn: Any, code: str) -> Any:
    row = await _QUERIES.category_by_code(conn, code=code)
    if row is None:
        raise NotFoundError(f"没有代码为{code}的分类")
    return row


async def _class_id(conn: Any, code: str, parent: str | None) -> int | None:
    if parent is None:
        return None
    if parent == code:
        raise FieldInvalidError("parent", "分类不能属于它自己")
    try:
        above = await find_category(conn, parent)
    except NotFoundError as error:
        raise FieldInvalidError("parent", str(error)) from None
    if above.parent is not None:
        raise FieldInvalidError("parent", f"“{above.name}”是小类，小类之下不再分类")
    return above.category_id


async def _department_id(conn: Any, code: str | None) -> int | None:
    if code is None:
        return None
    return (await named_department(conn, code, "department")).department_id
