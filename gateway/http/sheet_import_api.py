"""Bulk import of departments, categories and cases: upload, dry run, a person's decision (C9)."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from gateway.auth.roles import ADMINISTRATORS
from gateway.http.actors import actor_of
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.file_names import uploaded_name
from gateway.http.problems import Problem, not_found
from gateway.sheets import importing
from gateway.sheets.errors import ImportGoneError, ImportStateError, SheetError
from gateway.sheets.importing import Upload
from gateway.sheets.limits import UPLOAD_BYTES, UPLOADED
from ticketing.imports import staging
from ticketing.imports.columns import Sheet, title_of
from ticketing.imports.staging import Import, ImportState

SHEET = "|".join(Sheet)
PATH = "/api/v1/imports/{import_id:[0-9]{1,18}}"
CHECK_S = 300.0
NAME_MAX = 200


class ImportAnswer(Answer):
    """An import: how many rows it has, how many cannot be imported, and what the others would do.

    ``added`` and ``changed`` are of the good rows, the rest of them change nothing. ``applied``
    grows while it is being applied. ``bad_kept``: the bad rows can be had back.
    """

    import_id: int
    sheet: Sheet
    file_name: str
    state: ImportState
    made_at: datetime
    made_by: str
    rows: int
    bad: int
    added: int
    changed: int
    accepted_at: datetime | None
    only_good: bool
    applied: int
    finished_at: datetime | None
    remark: str
    bad_kept: bool


class RowProblemAnswer(Answer):
    """What is wrong with a row; ``column`` is the heading, empty for the whole row."""

    problem_id: int
    line: int
    column: str
    message: str


class ProblemPage(Strict):
    """Up to ``limit`` problems from behind the one with the number ``after`` on."""

    after: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    limit: Annotated[int, Field(ge=1, le=1000)] = 200


class Acceptance(Strict):
    """Whether only the good rows are wanted, where there are bad ones."""

    only_good: bool = False


@endpoint(
    "POST",
    f"/api/v1/imports/{{sheet:{SHEET}}}",
    access=ADMINISTRATORS,
    upload=UPLOAD_BYTES,
    answer=ImportAnswer,
    status=201,
    problems=(409,),
    deadline_s=CHECK_S,
)
async def post_import(inquiry: Inquiry[Nothing, Nothing]) -> ImportAnswer:
    """Check a sheet (CSV or XLSX) row by row; nothing is changed before somebody accepts it.

    Its name for the list of imports, percent-encoded, is in the header X-File-Name.
    """
    with TemporaryDirectory(prefix="hotline-sheet-") as directory:
        path = Path(directory) / "sheet"
        await asyncio.to_thread(path.write_bytes, inquiry.upload)
        upload = Upload(
            path=path,
            sheet=Sheet(inquiry.path("sheet")),
            file_name=_listed(uploaded_name(inquiry)),
            limits=UPLOADED,
            actor=inquiry.person.login,
        )
        with _problems():
            async with inquiry.services.database() as connection:
                now = inquiry.services.clock()
                return ImportAnswer.about(await importing.check(connection, upload, now=now))


@endpoint("GET", "/api/v1/imports", access=ADMINISTRATORS, answer=list[ImportAnswer])
async def get_imports(inquiry: Inquiry[Nothing, Nothing]) -> list[ImportAnswer]:
    """The newest fifty imports."""
    async with inquiry.services.database() as connection:
        return [ImportAnswer.about(each) for each in await staging.newest(connection, 50)]


@endpoint("GET", PATH, access=ADMINISTRATORS, answer=ImportAnswer, problems=(404,))
async def get_import(inquiry: Inquiry[Nothing, Nothing]) -> ImportAnswer:
    """An import and how far it is."""
    async with inquiry.services.database() as connection:
        return ImportAnswer.about(await find_import(connection, inquiry))


@endpoint(
    "GET",
    f"{PATH}/problems",
    access=ADMINISTRATORS,
    query=ProblemPage,
    answer=list[RowProblemAnswer],
    problems=(404,),
)
async def get_problems(inquiry: Inquiry[Nothing, ProblemPage]) -> list[RowProblemAnswer]:
    """Every row that cannot be imported: line, column and why."""
    page = inquiry.query
    async with inquiry.services.database() as connection:
        imported = await find_import(connection, inquiry)
        found = await staging.problems(
            connection, imported.import_id, after=page.after, limit=page.limit
        )
    return [
        RowProblemAnswer(
            problem_id=each.problem_id,
            line=each.line,
            column=title_of(imported.sheet, each.field),
            message=each.sentence,
        )
        for each in found
    ]


@endpoint(
    "POST",
    f"{PATH}/accept",
    access=ADMINISTRATORS,
    body=Acceptance,
    answer=ImportAnswer,
    problems=(404, 409),
)
async def accept_import(inquiry: Inquiry[Acceptance, Nothing]) -> ImportAnswer:
    """Import what was checked: all rows, or the good ones. A second time nothing more is done."""
    with _problems():
        async with inquiry.services.database() as connection, connection.transaction():
            accepted = await importing.accept(
                connection,
                int(inquiry.path("import_id")),
                by=actor_of(inquiry.person),
                only_good=inquiry.body.only_good,
                now=inquiry.services.clock(),
            )
    return ImportAnswer.about(accepted)


@endpoint("DELETE", PATH, access=ADMINISTRATORS, answer=None, status=204, problems=(404, 409))
async def discard_import(inquiry: Inquiry[Nothing, Nothing]) -> web.StreamResponse:
    """Give up an import that was checked; its rows are forgotten."""
    with _problems():
        async with inquiry.services.database() as connection, connection.transaction():
            await importing.discard(
                connection,
                int(inquiry.path("import_id")),
                actor=inquiry.person.login,
                now=inquiry.services.clock(),
            )
    return discard_import.respond(None)


@contextmanager
def _problems() -> Iterator[None]:
    try:
        yield
    except SheetError as error:
        raise Problem(422, str(error)) from None
    except ImportStateError as error:
        raise Problem(409, str(error)) from None
    except ImportGoneError:
        raise not_found("导入") from None


async def find_import(connection: Any, inquiry: Inquiry[Any, Any]) -> Import:
    """The import that the path names; raises `Problem` 404."""
    imported = await staging.find(connection, int(inquiry.path("import_id")))
    if imported is None:
        raise not_found("导入")
    return imported


def _listed(name: str) -> str:
    """A file's name, as far as a list shows it."""
    return "".join(each for each in name if each.isprintable())[:NAME_MAX]


ENDPOINTS = (
    post_import,
    get_imports,
    get_import,
    get_problems,
    accept_import,
    discard_import,
)
