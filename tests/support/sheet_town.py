"""Sheets of a small town, and an administrator of it."""

from tests.support.web import Browser, Hotline
from ticketing.categories import create_category
from ticketing.imports.columns import Sheet

D, K, C = Sheet.DEPARTMENTS, Sheet.CATEGORIES, Sheet.CASES


def department(code: str, level: str, parent: str = "", **changed: str) -> dict[str, str]:
    return {"code": code, "name": f"部门{code}", "level": level, "parent": parent} | changed


TOWN = [  # children before their parents
    department("S1", "街道镇级", "D1"),
    department("D1", "区县级", "C1"),
    department("D9", "区县级", "C1", active="停用"),
    department("C1", "市级"),
]
CATEGORIES = [
    {"code": "0301", "name": "路灯", "parent": "03", "department": "D1"},
    {"code": "0302", "name": "井盖", "parent": "03", "closed": "关闭"},
    {"code": "03", "name": "市政"},
]


async def settled(hotline: Hotline) -> Browser:
    """An administrator, in a town that is what `TOWN` and `CATEGORIES` say."""
    for code, parent in (("C1", None), ("D1", "C1"), ("D9", "C1"), ("S1", "D1")):
        await hotline.department(code, parent)
    async with hotline.pool.acquire() as connection, connection.transaction():
        for row in CATEGORIES[-1:] + CATEGORIES[:-1]:
            await create_category(
                connection,
                code=row["code"],
                name=row["name"],
                parent=row.get("parent"),
                department=row.get("department"),
            )
        await connection.execute("update departments set active = false where code = 'D9'")
        await connection.execute("update categories set closed = true where code = '0302'")
    return await hotline.administrator()
