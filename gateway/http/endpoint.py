"""An endpoint: one method and path, who may use it, what it takes and answers.

What is declared here is enforced here and is what `openapi` describes: there is no second place.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Literal, Self, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from gateway.api_keys import ApiKey
from gateway.auth import sessions
from gateway.auth.keys import KeyScope
from gateway.auth.roles import Person, Role
from gateway.errors import RouteUndeclaredError
from gateway.http.open311_wire import form_of, query_of
from gateway.http.permission import permit
from gateway.http.problems import Problem
from gateway.http.reading import RequiredHeader, invalid, validated
from gateway.http.services import SERVICES, SETTINGS, Services
from gateway.http.validation import malformed
from gateway.settings import Settings

DEADLINE_S = 10.0
UPLOAD_TYPE = "application/octet-stream"
PERSON: web.RequestKey[Person] = web.RequestKey("person", Person)
KEY: web.RequestKey[ApiKey] = web.RequestKey("key", ApiKey)

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

    @classmethod
    def about(cls, thing: object) -> Self:
        """What the attributes of ``thing`` that are called like the fields say, nested ones too."""
        return cls.model_validate(thing, from_attributes=True)


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
    def key(self) -> ApiKey:
        """Of the system that asks; people have none (`KeyError`)."""
        return self.request[KEY]

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
    ``upload`` is the size in bytes up to which a file is taken in place of a JSON body, ``files``
    are the media types of what is answered in place of JSON; ``scope`` is what an API key must be
    for. ``open311`` takes forms in place of JSON, and answers and refuses as GeoReport v2 has it.
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
    scope: KeyScope | None
    header: RequiredHeader | None
    open311: bool
    files: tuple[str, ...]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one request. Raises `Problem`, or `TimeoutError` after the deadline."""
        async with asyncio.timeout(self.deadline_s):
            if self.access != "public":
                await self._permit(request, self.access)
            if self.header is not None:
                self.header.read(request)
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

    async def _permit(self, request: web.Request, roles: frozenset[Role]) -> None:
        form = await form_of(request) if self.takes_form else {}
        asker = await permit(request, roles, self.scope, form.get("api_key"))
        request[PERSON] = asker.person
        if asker.key is not None:
            request[KEY] = asker.key

    @property
    def takes_form(self) -> bool:
        """Whether the body is a form."""
        return self.open311 and self.body is not Nothing

    async def _read_body(self, request: web.Request) -> BaseModel:
        if self.body is Nothing:
            return Nothing()
        if self.takes_form:
            return validated(self.body, await form_of(request))
        if request.content_type != "application/json":
            raise Problem(415, "请求体必须是 JSON（Content-Type: application/json）")
        try:
            return self.body.model_validate_json(await request.read())
        except ValidationError as error:
            if malformed(error):
                raise Problem(400, "请求体不是合法的 JSON") from None
            raise invalid(error) from None

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
        given = query_of(request) if self.open311 else dict(request.query)
        return validated(self.query, given)


def endpoint(
    method: Method,
    path: str,
    *,
    access: Access,
    answer: type[Result] | None,
    # mypy refuses every default of a generic parameter (python/mypy#3737).
    body: type[Body] = Nothing,  # type: ignore[assignment]
    query: type[Query] = Nothing,  # type: ignore[assignment]
    status: int = 200,
    other_statuses: tuple[int, ...] = (),
    problems: tuple[int, ...] = (),
    deadline_s: float | None = DEADLINE_S,
    upload: int | None = None,
    scope: KeyScope | None = None,
    header: RequiredHeader | None = None,
    open311: bool = False,
    files: tuple[str, ...] = (),
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
            scope=scope,
            header=header,
            open311=open311,
            files=files,
        )

    return declare


def require_declared(app: web.Application) -> None:
    """Deny by default: raises `RouteUndeclaredError` for a route that is no `Endpoint`."""
    for route in app.router.routes():
        if not isinstance(getattr(route.handler, "__self__", None), Endpoint):
            name = route.resource.canonical if route.resource else "?"
            raise RouteUndeclaredError(f"{route.method} {name} does not declare who may use it")
