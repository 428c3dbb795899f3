"""Sheets to take away: cases as one may see them, departments, categories, empty templates."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import quote

from aiohttp import web
from pydantic import Field

from gateway.audit import Act, record
from gateway.auth.roles import ADMINISTRATORS, EVERYONE
from gateway.http.case_api import CaseFilter
from gateway.http.case_export import TITLES as CASE_TITLES
from gateway.http.case_export import case_pages
from gateway.http.endpoint import Inquiry, Nothing, Strict, endpoint
from gateway.http.sheet_import_api import SHEET
from gateway.sheets import templates
from gateway.sheets.tree_rows import category_rows, department_rows
from gateway.sheets.writing import MEDIA_TYPE, Format, Row, SheetWriter, writer_of
from ticketing.case_lists import Wanted
from ticketing.imports.columns import COLUMNS, TITLES, Sheet

FILES = tuple(MEDIA_TYPE.values())
MOST = 100_000
EXPORT_S = 600.0

Pages = AsyncIterator[list[Row]]


class Wish(Strict):
    """As what the sheet is wanted."""

    format: Format = Format.XLSX


class CaseWish(CaseFilter):
    """The cases of a list, up to ``limit``, and as what they are wanted."""

    limit: Annotated[int, Field(ge=1, le=MOST)] = MOST
    format: Format = Format.XLSX


@endpoint(
    "GET",
    "/api/v1/exports/cases",
    access=EVERYONE,
    query=CaseWish,
    answer=None,
    files=FILES,
    problems=(404,),
    deadline_s=EXPORT_S,
)
async def export_cases(inquiry: Inquiry[Nothing, CaseWish]) -> web.StreamResponse:
    """The list of cases, as whoever asks may see it, with the same filters."""
    wish = inquiry.query
    wanted = Wanted(**wish.model_dump(exclude={"light", "after", "format"}))
    pages = case_pages(inquiry, wanted, wish.light, wish.after)
    detail = wish.model_dump(mode="json", exclude_defaults=True)
    return await _send(inquiry, Sheet.CASES, wish.format, pages, detail)


@endpoint(
    "GET",
    "/api/v1/exports/departments",
    access=ADMINISTRATORS,
    query=Wish,
    answer=None,
    files=FILES,
    deadline_s=EXPORT_S,
)
async def export_departments(inquiry: Inquiry[Nothing, Wish]) -> web.StreamResponse:
    """All departments, as a sheet that can be imported again."""
    async with inquiry.services.database() as connection:
        rows = await department_rows(connection)
    return await _send(inquiry, Sheet.DEPARTMENTS, inquiry.query.format, _once(rows), {})


@endpoint(
    "GET",
    "/api/v1/exports/categories",
    access=ADMINISTRATORS,
    query=Wish,
    answer=None,
    files=FILES,
    deadline_s=EXPORT_S,
)
async def export_categories(inquiry: Inquiry[Nothing, Wish]) -> web.StreamResponse:
    """All categories, as a sheet that can be imported again."""
    async with inquiry.services.database() as connection:
        rows = await category_rows(connection)
    return await _send(inquiry, Sheet.CATEGORIES, inquiry.query.format, _once(rows), {})


@endpoint(
    "GET",
    f"/api/v1/imports/{{sheet:{SHEET}}}/template",
    access=ADMINISTRATORS,
    query=Wish,
    answer=None,
    files=FILES,
)
async def get_template(inquiry: Inquiry[Nothing, Wish]) -> web.StreamResponse:
    """An empty sheet to be filled in; as XLSX with an example and what the columns mean."""
    sheet, kind = Sheet(inquiry.path("sheet")), inquiry.query.format
    headers = _headers(f"{TITLES[sheet]}导入模板", kind)
    return web.Response(body=templates.template(sheet, kind), headers=headers)


async def _once(rows: list[Row]) -> Pages:
    yield rows


async def _send(
    inquiry: Inquiry[Any, Any], sheet: Sheet, kind: Format, pages: Pages, detail: dict[str, Any]
) -> web.StreamResponse:
    """Stream the pages; the first one is read before the answer begins, so that it can refuse."""
    titles = CASE_TITLES if sheet is Sheet.CASES else [each.title for each in COLUMNS[sheet]]
    writer, rows, outcome = writer_of(kind, TITLES[sheet]), 0, "broken off"
    first: list[Row] = await anext(pages, [])
    await _audit(inquiry, sheet, detail, "asked")
    response = web.StreamResponse(headers=_headers(TITLES[sheet], kind))
    try:
        await response.prepare(inquiry.request)
        await _write(response, writer, [titles, *first])
        rows = len(first)
        async for page in pages:
            await _write(response, writer, page)
            rows += len(page)
        await response.write(await asyncio.to_thread(writer.end))
        await response.write_eof()
        outcome = "done"
    finally:
        if outcome != "done" and inquiry.request.transport is not None:
            inquiry.request.transport.abort()  # or the file would look complete
        await _audit(inquiry, sheet, {**detail, "rows": rows}, outcome)
    return response


async def _write(response: web.StreamResponse, writer: SheetWriter, rows: list[Row]) -> None:
    piece = await asyncio.to_thread(writer.write, rows)
    if piece:
        await response.write(piece)


async def _audit(
    inquiry: Inquiry[Any, Any], sheet: Sheet, detail: dict[str, Any], outcome: str
) -> None:
    act = Act(actor=inquiry.person.login, action="export", subject=sheet, detail=detail)
    async with inquiry.services.database() as connection:
        await record(connection, act, outcome, at=inquiry.services.clock())


def _headers(name: str, kind: Format) -> dict[str, str]:
    return {
        "Content-Type": MEDIA_TYPE[kind],
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}.{kind}",
    }


ENDPOINTS = (export_cases, export_departments, export_categories, get_template)
