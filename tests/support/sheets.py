"""Sheets as tests make them, uploaded as a page does, applied as a worker does."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import openpyxl

from gateway.case_clocks import timing_of
from gateway.sheets.applying import apply
from tests.support.web import Browser, Hotline
from ticketing.imports.columns import COLUMNS, Sheet
from ticketing.imports.staging import Import

FILE = {"Content-Type": "application/octet-stream"}
CASE = {
    "reference": "GD-1",
    "kind": "投诉",
    "title": "路灯不亮",
    "body": "人民路18号门前路灯三天不亮",
    "state": "已办结",
    "opened_at": "2019-05-06 09:30",
    "closed_at": "2019-05-09 16:00",
    "caller": "13800000001",
}


def case(reference: str, **changed: str) -> dict[str, str]:
    """A row of a sheet of cases."""
    return CASE | {"reference": reference} | changed


def sheet_of(sheet: Sheet, rows: Sequence[Mapping[str, str]]) -> list[list[str]]:
    """Headings and cells."""
    columns = COLUMNS[sheet]
    cells = [[row.get(column.name, "") for column in columns] for row in rows]
    return [[column.title for column in columns], *cells]


def as_csv(table: Sequence[Sequence[str]], delimiter: str = ",") -> bytes:
    """As a program writes it."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(table)
    return out.getvalue().encode()


def as_xlsx(table: Sequence[Sequence[Any]]) -> bytes:
    """As openpyxl writes it."""
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in table:
        book.active.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


async def upload(admin: Browser, sheet: Sheet, content: bytes) -> tuple[int, Any]:
    """Status and answer of the dry run."""
    named = FILE | {"X-File-Name": quote("旧表 13800000001.csv")}
    return await admin.json("POST", f"/api/v1/imports/{sheet}", data=content, headers=named)


async def checked(admin: Browser, sheet: Sheet, rows: Sequence[Mapping[str, str]]) -> Any:
    """The answer of a dry run that worked."""
    status, answer = await upload(admin, sheet, as_csv(sheet_of(sheet, rows)))
    assert status == 201, answer
    return answer


async def problems(admin: Browser, imported: Any) -> list[tuple[int, str, str]]:
    """Line, column, sentence."""
    status, found = await admin.json("GET", f"/api/v1/imports/{imported['import_id']}/problems")
    assert status == 200
    return sorted((each["line"], each["column"], each["message"]) for each in found)


async def accept(admin: Browser, imported: Any, *, only_good: bool = False) -> tuple[int, Any]:
    """Status and answer of an acceptance."""
    path = f"/api/v1/imports/{imported['import_id']}/accept"
    return await admin.json("POST", path, json={"only_good": only_good})


async def applied(hotline: Hotline, imported: Any) -> Import | None:
    """What a worker makes of it."""
    async with hotline.pool.acquire() as connection:
        return await apply(
            connection,
            imported["import_id"],
            timing=timing_of(hotline.settings),
            clock=hotline.services.clock,
        )
