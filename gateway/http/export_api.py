"""Sheets to take away: cases as one may see them, departments, categories, empty templates."""

from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from gateway.auth.roles import ADMINISTRATORS, EVERYONE
from gateway.http.case_api import CaseFilter
from gateway.http.case_export import TITLES as CASE_TITLES
from gateway.http.case_export import case_pages
from gateway.http.endpoint import Inquiry, Nothing, Strict, endpoint
from gateway.http.sheet_import_api import SHEET
from gateway.http.sheet_sending import FILES, SEND_S, Outgoing, Pages, file_headers, send
from gateway.sheets import templates
from gateway.sheets.tree_rows import category_rows, department_rows
from gateway.sheets.writing import Format, Row
from ticketing.case_lists import Wanted
from ticketing.imports.columns import COLUMNS, TITLES, Sheet

MOST = 100_000


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
    deadline_s=SEND_S,
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
    deadline_s=SEND_S,
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
    deadline_s=SEND_S,
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
    headers = file_headers(f"{TITLES[sheet]}导入模板", kind)
    return web.Response(body=templates.template(sheet, kind), headers=headers)


async def _once(rows: list[Row]) -> Pages:
    yield rows


async def _send(
    inquiry: Inquiry[Any, Any], sheet: Sheet, kind: Format, pages: Pages, detail: dict[str, Any]
) -> web.StreamResponse:
    titles = CASE_TITLES if sheet is Sheet.CASES else [each.title for each in COLUMNS[sheet]]
    outgoing = Outgoing(
        name=TITLES[sheet],
        titles=titles,
        format=kind,
        action="export",
        subject=sheet,
        detail=detail,
    )
    return await send(inquiry, outgoing, pages)


ENDPOINTS = (export_cases, export_departments, export_categories, get_template)
