"""The lines of the hotline: everyone reads their names, administrators define them."""

import re
from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import Field, field_validator

from gateway.auth.roles import ADMINISTRATORS, STAFF
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import LINE
from gateway.http.problems import FieldProblem, Problem, not_found
from gateway.lines import LineChange, add_line, line_changes, list_lines, remove_line, save_line
from telephony.events import LineMode
from telephony.lines import Line

PATH = f"/api/v1/lines/{{number:{LINE}}}"
# What PostgreSQL takes for control characters ([[:cntrl:]]) in every locale, as its checks do.
WORDS = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"


class LineAnswer(Answer):
    """A line; ``department`` is the one in charge, ``district`` empty for one of the whole city."""

    number: str
    name: str
    mode: LineMode
    department: str
    district: str


class LineTerms(Strict):
    """What a line is, for calls that arrive from now on."""

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=WORDS)]
    mode: LineMode
    department: Annotated[str, Field(max_length=64, pattern=WORDS)] = ""
    district: Annotated[str, Field(max_length=32, pattern=WORDS)] = ""

    @field_validator("district")
    @classmethod
    def _one_district(cls, district: str) -> str:
        if "/" in district:  # it parts mode and district in the totals
            raise ValueError("只能填一个区县，不能含有斜杠 /")
        return district


class NewLine(LineTerms):
    """A line that is not defined yet; ``number`` as the trunk delivers it."""

    number: str

    @field_validator("number")
    @classmethod
    def _digits(cls, number: str) -> str:
        if not re.fullmatch(LINE, number):
            raise ValueError("只能是 2 至 20 位数字，与中继送来的被叫号码一致")
        return number


class ChangePage(Strict):
    """Newest first, up to ``limit`` changes from before the one with the number ``before``."""

    number: Annotated[str, Field(pattern=f"^{LINE}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    before: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None


class LineChangeAnswer(Answer):
    """Who did what to a line: ``before`` is null of a new one, ``after`` of one removed.

    ``actor`` is a login, or the command that did it.
    """

    change_id: int
    number: str
    at: datetime
    actor: str
    before: LineAnswer | None
    after: LineAnswer | None


@endpoint("GET", "/api/v1/lines", access=STAFF, answer=list[LineAnswer])
async def get_lines(inquiry: Inquiry[Nothing, Nothing]) -> list[LineAnswer]:
    """Every line that is defined, the hotline's own number first."""
    async with inquiry.services.database() as connection:
        return [_answer(line) for line in await list_lines(connection)]


@endpoint(
    "POST",
    "/api/v1/lines",
    access=ADMINISTRATORS,
    body=NewLine,
    answer=LineAnswer,
    status=201,
    problems=(409,),
)
async def post_line(inquiry: Inquiry[NewLine, Nothing]) -> LineAnswer:
    """Define a line whose number is not defined yet."""
    line = Line(**inquiry.body.model_dump())
    services, actor = inquiry.services, inquiry.person.login
    async with services.database() as connection, connection.transaction():
        if not await add_line(connection, line, actor=actor, at=services.clock()):
            taken = FieldProblem("number", "这个号码已经登记，请在列表中修改")
            raise Problem(409, f"线路 {line.number} 已经登记", errors=[taken])
    return _answer(line)


@endpoint(
    "GET",
    "/api/v1/lines/changes",
    access=ADMINISTRATORS,
    query=ChangePage,
    answer=list[LineChangeAnswer],
)
async def get_changes(inquiry: Inquiry[Nothing, ChangePage]) -> list[LineChangeAnswer]:
    """Who defined, changed and removed lines, from the audit log."""
    page = inquiry.query
    async with inquiry.services.database() as connection:
        changes = await line_changes(
            connection, number=page.number, before=page.before, limit=page.limit
        )
    return [_change(change) for change in changes]


@endpoint("PUT", PATH, access=ADMINISTRATORS, body=LineTerms, answer=LineAnswer)
async def put_line(inquiry: Inquiry[LineTerms, Nothing]) -> LineAnswer:
    """Define a line, or define it anew; calls that have arrived keep what they are."""
    line = Line(number=inquiry.path("number"), **inquiry.body.model_dump())
    services, actor = inquiry.services, inquiry.person.login
    async with services.database() as connection, connection.transaction():
        await save_line(connection, line, actor=actor, at=services.clock())
    return _answer(line)


@endpoint("DELETE", PATH, access=ADMINISTRATORS, answer=None, status=204, problems=(404,))
async def delete_line(inquiry: Inquiry[Nothing, Nothing]) -> web.StreamResponse:
    """Forget a line; calls that arrive on it from now on are of no defined line."""
    services, actor = inquiry.services, inquiry.person.login
    async with services.database() as connection, connection.transaction():
        number = inquiry.path("number")
        if not await remove_line(connection, number, actor=actor, at=services.clock()):
            raise not_found("线路")
    return delete_line.respond(None)


def _answer(line: Line) -> LineAnswer:
    return LineAnswer(
        number=line.number,
        name=line.name,
        mode=line.mode,
        department=line.department,
        district=line.district,
    )


def _change(change: LineChange) -> LineChangeAnswer:
    return LineChangeAnswer(
        change_id=change.change_id,
        number=change.number,
        at=change.at,
        actor=change.actor,
        before=_answer(change.before) if change.before else None,
        after=_answer(change.after) if change.after else None,
    )


ENDPOINTS = (get_lines, post_line, get_changes, put_line, delete_line)
