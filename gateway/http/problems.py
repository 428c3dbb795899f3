"""Errors as people and programs get them: RFC 9457 problem details with zh-CN sentences."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg
from aiohttp import web
from redis.exceptions import RedisError

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_S = "5"

TITLES = {
    400: "请求格式不正确",
    401: "未登录",
    403: "没有权限",
    404: "不存在",
    405: "不支持的操作",
    409: "与当前状态冲突",
    410: "已不存在",
    413: "内容过大",
    415: "内容类型不正确",
    422: "填写有误",
    429: "操作过于频繁",
    500: "服务内部错误",
    503: "服务暂不可用",
    504: "未能及时确认",
}

# What the operator of PostgreSQL can mend: connection, resources, intervention, system error,
# and a server that became read-only. Everything else from it is our own mistake.
_OUTAGE_CLASSES = frozenset({"08", "53", "57", "58"})
_READ_ONLY = "25006"


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field that is not as it must be; ``field`` is a dotted path into the body or query."""

    field: str
    message: str


class Problem(Exception):  # noqa: N818 - named as in RFC 9457
    """Ends a request with a problem document."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        """The problem document as a response."""
        document: dict[str, object] = {
            "type": "about:blank",
            "title": TITLES.get(self.status, "请求未能完成"),
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            document["errors"] = [{"field": e.field, "message": e.message} for e in self.errors]
        return web.Response(
            status=self.status,
            text=json.dumps(document, ensure_ascii=False),
            content_type=CONTENT_TYPE,
            headers=self.headers,
        )


def not_found(what: str) -> Problem:
    """404 for something that is not there, or not for this person."""
    return Problem(404, f"{what}不存在，或您无权查看")


def of_http_error(error: web.HTTPException) -> Problem:
    """The problem for an error that aiohttp itself raised."""
    details = {
        404: "没有这个地址",
        405: "这个地址不支持该操作",
        413: "请求内容超过上限 64 KB",
    }
    kept = {name: error.headers[name] for name in ("Allow",) if name in error.headers}
    return Problem(error.status, details.get(error.status, "请求不符合要求"), headers=kept)


def of_outage(error: BaseException) -> Problem | None:
    """The 503 for an engine that is away or too slow, or ``None`` if ``error`` is not that."""
    if isinstance(error, RedisError):
        detail = "实时服务（Redis）暂时不可用，请稍后重试"
    elif isinstance(error, TimeoutError):
        detail = "服务繁忙，未能及时完成，请稍后重试"
    elif _database_away(error):
        detail = "数据库暂时不可用，请稍后重试"
    else:
        return None
    return Problem(503, detail, headers={"Retry-After": RETRY_AFTER_S})


def _database_away(error: BaseException) -> bool:
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        return state[:2] in _OUTAGE_CLASSES or state == _READ_ONLY
    if isinstance(error, asyncpg.InterfaceError):
        return not isinstance(error, ValueError)  # those are arguments it could not encode
    # The latter: what asyncpg makes of a connection that is cut just when something is asked.
    return isinstance(error, OSError | asyncpg.InternalClientError)
