"""Departments and categories as rows of the sheets by which they are imported."""

from typing import Any

from gateway.sheets.writing import Row
from ticketing.categories import list_categories
from ticketing.departments import list_departments


async def department_rows(connection: Any) -> list[Row]:
    """From the top level down."""
    return [
        (
            each.code,
            each.name,
            each.level.word,
            each.parent or "",
            "启用" if each.active else "停用",
        )
        for each in await list_departments(connection)
    ]


async def category_rows(connection: Any) -> list[Row]:
    """Classes first."""
    return [
        (
            each.code,
            each.name,
            each.parent or "",
            each.department or "",
            "关闭" if each.closed else "开放",
        )
        for each in await list_categories(connection)
    ]
