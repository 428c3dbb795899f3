"""The rows of an import that cannot be imported, to be mended and uploaded again (C9)."""

from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from gateway.auth.roles import ADMINISTRATORS
from gateway.http.endpoint import Inquiry, Nothing, Strict, endpoint
from gateway.http.problems import Problem
from gateway.http.sheet_import_api import PATH, find_import
from gateway.http.sheet_sending import FILES, SEND_S, Outgoing, send
from gateway.sheets.writing import Format, Row
from ticketing.imports import staging
from ticketing.imports.columns import PROBLEMS_TITLE, TITLES, Sheet, title_of
from ticketing.imports.staging import BadRow, Import

PAGE = 500


class BadRowsWish(Strict):
    """As what the bad rows are wanted."""

    format: Format = Format.CSV


@endpoint(
    "GET",
    f"{PATH}/bad-rows",
    access=ADMINISTRATORS,
    query=BadRowsWish,
    answer=None,
    files=FILES,
    problems=(404, 409),
    deadline_s=SEND_S,
)
async def get_bad_rows(inquiry: Inquiry[Nothing, BadRowsWish]) -> web.StreamResponse:
    """The rows that cannot be imported as they were uploaded, each behind what is wrong with it."""
    kind = inquiry.query.format
    async with inquiry.services.database() as connection:
        imported = await find_import(connection, inquiry)
    if not imported.bad_kept:
        raise Problem(409, "没有不能导入的行，或它们已被删除：放弃时即删除，其他的保留七天")
    outgoing = Outgoing(
        name=f"{TITLES[imported.sheet]}不能导入的行",
        titles=(PROBLEMS_TITLE, *imported.headings),
        format=kind,
        action="import.bad_rows",
        subject=str(imported.import_id),
        detail={"sheet": imported.sheet, "format": kind},
    )
    return await send(inquiry, outgoing, _pages(inquiry, imported))


async def _pages(inquiry: Inquiry[Any, Any], imported: Import) -> AsyncIterator[list[Row]]:
    """The database is asked for each page anew. Raises `Problem` when rows are gone meanwhile."""
    told, after = 0, 0
    while True:
        async with inquiry.services.database() as connection:
            page = await staging.bad_rows(connection, imported.import_id, after=after, limit=PAGE)
        if not page:
            break
        yield [_row(each, imported.sheet) for each in page]
        told, after = told + len(page), page[-1].line
    if told < imported.bad:
        raise Problem(409, "这些行刚刚被删除")


def _row(row: BadRow, sheet: Sheet) -> Row:
    sentences = (
        f"{title}：{sentence}" if (title := title_of(sheet, field)) else sentence
        for field, sentence in row.problems
    )
    return ("；".join(sentences), *row.cells)


ENDPOINTS = (get_bad_rows,)
