"""An endpoint: one method and path, who may use it, what it takes and answers.

What is declared here is enforced here and is what `openapi` describes: there is no second place.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from gateway.auth import sessions
from gateway.auth.roles import Person, Role
from gateway.errors import RouteUndeclaredError
from gateway.http.problems import Problem
from gateway.http.services import SERVICES, SETTINGS, Services
from gateway.http.validation import field_problems, malformed
from gateway.settings import Settings

DEADLINE_S = 10.0
UPLOAD_TYPE = "application/octet-stream"
PERSON: web.RequestKey[Person] = web.RequestKey("person", Person)

Access = frozenset[Role] | Literal["public"]
Method = Literal["GET", "POST", "PUT", "DELETE"]


class Strict(BaseModel):
    """Base of everything that is received: unknown fields are refused, texts are trimmed."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Nothing(Strict):
    """No body, or no query parameters."""


class Answer(BaseModel):
    """Base of everything that is answered."""

    model_config = ConfigDict(frozen=True)


Body = TypeVar("Body", bound=BaseModel)
Query = TypeVar("Query", bound=BaseModel)
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Inquiry(Generic[Body, Query]):
    """A request that passed its endpoint's declaration; ``upload`` is the file that was sent."""

    request: web.Request
    body: Body
    query: Query
    upload: bytes = b""

    @property
    def services(self) -> Services:
        """What to work with."""
        return self.request.app[SERVICES]

    @property
    def settings(self) -> Settings:
        """Settings of the program."""
        return self.request.app[SETTINGS]

    @property
    def person(self) -> Person:
        """Who asks; only public endpoints have nobody (`KeyError`)."""
        return self.request[PERSON]

    @property
    def token(self) -> str:
        """The session id that came with the request, or empty."""
        return self.request.cookies.get(sessions.COOKIE, "")

    def path(self, name: str) -> str:
        """A part of the path, of the form that the route's pattern allows."""
        return self.request.match_info[name]


Handler = Callable[[Inquiry[Body, Query]], Awaitable[Result | web.StreamResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A declared endpoint.

    ``answer`` describes the JSON of ``status`` and ``other_statuses``; none means no content.
    ``upload`` is the size in bytes up to which a file is taken in place of a JSON body.
    """

    method: Method
    path: str
    access: Access
    handler: Handler[Any, Any, Any]
    body: type[BaseModel]
    query: type[BaseModel]
    answer: TypeAdapter[Any] | None
    status: int
    other_statuses: tuple[int, ...]
    problems: tuple[int, ...]
    deadline_s: float | None
    upload: int | None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one request. Raises `Problem`, or `TimeoutError` after the deadline."""
        async with asyncio.timeout(self.deadline_s):
            if self.access != "public":
                await _permit(request, self.access)
            query = self._read_query(request)
            body, upload = await self._read_body(request), await self._read_upload(request)
            inquiry = Inquiry(request, body, query, upload)
            result = await self.handler(inquiry)
        return result if isinstance(result, web.StreamResponse) else self.respond(result)

    def respond(self, result: Any) -> web.Response:
        """``result`` in the declared shape."""
        if self.answer is None:
            return web.Response(status=self.status)
        return web.Response(
            status=self.status,
            body=self.answer.dump_json(self.answer.validate_python(result)),
            content_type="application/json",
            charset="utf-8",
        )

    async def _read_body(self, request: web.Request) -> BaseModel:
        if self.body is Nothing:
            return Nothing()
        if request.content_type != "application/json":
            raise Problem(415, "请求体必须是 JSON（Content-Type: application/json）")
        try:
            return self.body.model_validate_json(await request.read())
        except ValidationError as error:
            if malformed(error):
                raise Problem(400, "请求体不是合法的 JSON") from None
            raise _invalid(error) from None

    async def _read_upload(self, request: web.Request) -> bytes:
        if self.upload is None:
            return b""
        if request.content_type != UPLOAD_TYPE:
            raise Problem(415, f"文件须原样发送（Content-Type: {UPLOAD_TYPE}）")
        received = bytearray()
        async for chunk in request.content.iter_any():
            received += chunk
            if len(received) > self.upload:
                raise Problem(413, f"文件不能超过 {self.upload // 1024} KB")
        return bytes(received)

    def _read_query(self, request: web.Request) -> BaseModel:
        try:
            return self.query.model_validate(dict(request.query))
        except ValidationError as error:
            raise _invalid(error) from None


def _invalid(error: ValidationError) -> Problem:
    errors = field_problems(error)
    detail = "；".join(f"{e.field}：{e.message}" if e.field else e.message for e in errors)
    return Problem(422, detail, errors=errors)


async def _permit(request: web.Request, roles: frozenset[Role]) -> None:
    token = request.cookies.get(sessions.COOKIE)
    person = await sessions.find(request.app[SERVICES].redis, token) if token else None
    if person is None:
        raise Problem(401, "请先登录")
    request[PERSON] = person
    if person.role not in roles:
        raise Problem(403, "您的角色不能使用这项功能")


def endpoint(  # noqa: PLR0913 - a declaration names its parts
    method: Method,
    path: str,
    *,
    access: Access,
    answer: type[Result] | None,
    body: type[Body] = Nothing,  # type: ignore[assignment]  # a TypeVar has no default type yet
    query: type[Query] = Nothing,  # type: ignore[assignment]  # as above
    status: int = 200,
    other_statuses: tuple[int, ...] = (),
    problems: tuple[int, ...] = (),
    deadline_s: float | None = DEADLINE_S,
    upload: int | None = None,
) -> Callable[[Handler[Body, Query, Result]], Endpoint]:
    """Declare the decorated function an endpoint; ``access`` cannot be left out.

    ``problems`` are the statuses of its own; those of every endpoint are described anyway.
    """

    def declare(handler: Handler[Body, Query, Result]) -> Endpoint:
        return Endpoint(
            method=method,
            path=path,
            access=access,
            handler=handler,
            body=body,
            query=query,
            answer=None if answer is None else TypeAdapter(answer),
            status=status,
            other_statuses=other_statuses,
            problems=problems,
            deadline_s=deadline_s,
            upload=upload,
        )

    return declare


def require_declared(app: web.Application) -> None:
    """Deny by default: raises `RouteUndeclaredError` for a route that is no `Endpoint`."""
    for route in app.router.routes():
        if not isinstance(getattr(route.handler, "__self__", None), Endpoint):
            name = route.resource.canonical if route.resource else "?"
            raise RouteUndeclaredError(f"{route.method} {name} does not declare who may use it")
