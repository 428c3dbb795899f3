"""The lines of the hotline: everyone reads their names, administrators define them."""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from gateway.auth.roles import ADMINISTRATORS, STAFF
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import LINE
from gateway.http.problems import not_found
from gateway.lines import list_lines, remove_line, save_line
from telephony.events import LineMode
from telephony.lines import Line

PATH = f"/api/v1/lines/{{number:{LINE}}}"
WORDS = r"^[^\x00-\x1f\x7f]*$"
DISTRICT = r"^[^/\x00-\x1f\x7f]*$"  # a slash parts mode and district in the totals


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
    district: Annotated[str, Field(max_length=32, pattern=DISTRICT)] = ""


@endpoint("GET", "/api/v1/lines", access=STAFF, answer=list[LineAnswer])
async def get_lines(inquiry: Inquiry[Nothing, Nothing]) -> list[LineAnswer]:
    """Every line that is defined, the hotline's own number first."""
    async with inquiry.services.database() as connection:
        return [_answer(line) for line in await list_lines(connection)]


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


ENDPOINTS = (get_lines, put_line, delete_line)
