"""The made-up city in a real PostgreSQL: its departments, categories, and the cases it has had."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from tests.support.corpus import MadeCase, offices, subclasses

COLUMNS = (
    *("case_no", "kind", "title", "body", "address", "confidential", "state", "opened_by"),
    *("opened_at", "category_id", "lead_id", "closed_at", "result"),
)


async def build_city(conn: Any) -> tuple[dict[str, int], dict[str, int]]:
    """Store departments and categories; ids by code of categories and of departments."""
    await conn.executemany(
        "insert into departments (code, name, level) values ($1, $2, 1)", list(offices().items())
    )
    known = subclasses()
    await conn.executemany(
        "insert into categories (code, name, level) values ($1, $2, 1)",
        sorted({(each.parent, each.class_name) for each in known}),
    )
    await conn.executemany(
        "insert into categories (code, name, level, parent_id) select $1, $2, 2, category_id"
        " from categories where code = $3",
        [(each.code, each.name, each.parent) for each in known],
    )
    categories = await conn.fetch("select code, category_id from categories where level = 2")
    departments = await conn.fetch("select code, department_id from departments")
    return dict(categories), dict(departments)


async def store_cases(
    conn: Any,
    made: Iterable[MadeCase],
    ids: tuple[dict[str, int], dict[str, int]],
    until: datetime,
    *,
    spacing: timedelta = timedelta(minutes=1),
) -> int:
    """Store closed cases, one every ``spacing``, the last one just before ``until``; how many."""
    opened_by = await conn.fetchval(
        "insert into users (login, password_hash, role, display_name) values"
        " ('long-ago', 'x', 'supervisor', '前') returning user_id"
    )
    listed = list(made)
    start = until - len(listed) * spacing
    categories, departments = ids
    records = (
        (
            f"{20_200_000 + number // 90_000:08}-{10_000 + number % 90_000}",
            *("complaint", case.title, case.body, case.address, False, "closed", opened_by),
            start + number * spacing,
            categories[case.category],
            departments[case.department],
            start + number * spacing + timedelta(hours=1),
            "已办理",
        )
        for number, case in enumerate(listed)
    )
    await conn.copy_records_to_table("cases", records=records, columns=COLUMNS)
    return len(listed)
