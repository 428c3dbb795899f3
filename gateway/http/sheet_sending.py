"""A sheet sent as a file while its rows are read, and noted in the audit log."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from aiohttp import web

from gateway.audit import Act, record
from gateway.http.endpoint import Inquiry
from gateway.sheets.writing import MEDIA_TYPE, Format, Row, SheetWriter, writer_of

FILES = tuple(MEDIA_TYPE.values())
SEND_S = 600.0

Pages = AsyncIterator[list[Row]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What is sent: ``action``, ``subject`` and ``detail`` are for the audit log."""

    name: str
    titles: Row
    format: Format
    action: str
    subject: str
    detail: Mapping[str, Any]


async def send(inquiry: Inquiry[Any, Any], sheet: Outgoing, pages: Pages) -> web.StreamResponse:
    """Stream the pages; the first one is read before the answer begins, so that it can refuse."""
    writer, rows, outcome = writer_of(sheet.format, sheet.name), 0, "broken off"
    first: list[Row] = await anext(pages, [])
    await _audit(inquiry, sheet, sheet.detail, "asked")
    response = web.StreamResponse(headers=file_headers(sheet.name, sheet.format))
    try:
        await response.prepare(inquiry.request)
        await _write(response, writer, [sheet.titles, *first])
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
        await _audit(inquiry, sheet, {**sheet.detail, "rows": rows}, outcome)
    return response


def file_headers(name: str, kind: Format) -> dict[str, str]:
    """Of an answer that a browser keeps as a file."""
    return {
        "Content-Type": MEDIA_TYPE[kind],
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}.{kind}",
    }


async def _write(response: web.StreamResponse, writer: SheetWriter, rows: list[Row]) -> None:
    piece = await asyncio.to_thread(writer.write, rows)
    if piece:
        await response.write(piece)


async def _audit(
    inquiry: Inquiry[Any, Any], sheet: Outgoing, detail: Mapping[str, Any], outcome: str
) -> None:
    login, now = inquiry.person.login, inquiry.services.clock()
    act = Act(actor=login, action=sheet.action, subject=sheet.subject, detail=detail)
    async with inquiry.services.database() as connection:
        await record(connection, act, outcome, at=now)
