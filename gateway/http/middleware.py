"""What every request passes: access log, errors as problems, forgery check, headers."""

import time
import uuid
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from gateway.auth.roles import INTEGRATIONS
from gateway.http import open311_wire
from gateway.http.endpoint import PERSON, Endpoint
from gateway.http.permission import bearer_of
from gateway.http.problems import Problem, of_http_error, of_outage

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORGERY_HEADER = "X-Hotline"

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # Element Plus positions its pop-ups by style
        "img-src 'self' data:",
        "font-src 'self' data:",
        "media-src 'self'",  # recordings
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]
log = structlog.get_logger(__name__)


@web.middleware
async def log_access(request: web.Request, handler: Next) -> web.StreamResponse:
    """One line per request. It holds the route, never the path or query: they may hold ids."""
    started = time.monotonic()
    status = 499  # the client went away
    with structlog.contextvars.bound_contextvars(request_id=uuid.uuid4().hex[:12]):
        try:
            response = await handler(request)
            status = response.status
        finally:
            person = request.get(PERSON)
            log.info(
                "request",
                method=request.method,
                route=_route(request),
                status=status,
                duration_s=round(time.monotonic() - started, 4),
                login=person.login if person else None,
                address=request.remote,
            )
    return response


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"


@web.middleware
async def answer_problems(request: web.Request, handler: Next) -> web.StreamResponse:
    """Turn every error into a problem document; what nobody foresaw is logged and kept inside."""
    try:
        return await handler(request)
    except Problem as problem:
        return _response(request, problem)
    except web.HTTPException as error:
        return _response(request, of_http_error(error))
    except Exception as error:  # the border: no traceback may reach a user
        outage = of_outage(error)
        if outage is None:
            log.exception("request_failed")
            return _response(request, Problem(500, "服务出错，已记录，请联系管理员"))
        log.warning("request_refused", error=type(error).__name__, route=_route(request))
        return _response(request, outage)


def _response(request: web.Request, problem: Problem) -> web.Response:
    if request.path.startswith(open311_wire.ROOT):
        return open311_wire.respond_problem(request, problem)
    return problem.response()


@web.middleware
async def refuse_forgery(request: web.Request, handler: Next) -> web.StreamResponse:
    """Whatever may change something needs a header that a foreign page cannot send (CSRF)."""
    if forgeable(request) and request.headers.get(FORGERY_HEADER) != "1":
        raise Problem(403, f"缺少请求头 {FORGERY_HEADER}: 1")
    return await handler(request)


def forgeable(request: web.Request) -> bool:
    """Whether a foreign page could have a browser send this with somebody's cookie.

    Not with a key: a page cannot add that header, and where only keys count cookies are not read.
    """
    if request.method in SAFE_METHODS or bearer_of(request) is not None:
        return False
    served = getattr(request.match_info.handler, "__self__", None)
    return not (isinstance(served, Endpoint) and takes_keys_only(served))


def takes_keys_only(served: Endpoint) -> bool:
    """Whether an endpoint is for other systems alone."""
    return served.access == INTEGRATIONS


async def set_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Headers of every response; a response that may be stored says so itself."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers.pop("Server", None)


MIDDLEWARES = (log_access, answer_problems, refuse_forgery)
