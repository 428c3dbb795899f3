"""What is no HTTP request gets a problem, too, and nothing of the inside (FAULTS security 29).

aiohttp answers such a message before any application sees it, with its version and what was sent.
"""

import structlog
from aiohttp import web

from gateway.http.problems import Problem

log = structlog.get_logger(__name__)


class QuietRunner(web.AppRunner):
    """Runs an application; every connection's handler is a `_QuietHandler`."""

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        server.__class__ = _QuietServer  # aiohttp has no way to be given one
        return server


class _QuietServer(web.Server):
    def __call__(self) -> web.RequestHandler:
        handler = super().__call__()
        handler.__class__ = _QuietHandler
        return handler


class _QuietHandler(web.RequestHandler):
    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """One generic sentence. Raises `ConnectionError` when something was answered already."""
        del message  # it repeats what was sent
        log.warning("request_malformed", status=status, error=type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer was begun already")
        detail = "请求不是合法的 HTTP 报文" if status < 500 else "服务出错，已记录，请联系管理员"
        response = Problem(status, detail).response()
        response.headers["Server"] = "hotline"
        response.headers["Cache-Control"] = "no-store"
        response.force_close()
        return response
