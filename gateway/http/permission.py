"""Who asks: a person by the session in his cookie, another system by its API key.

A key comes in the header ``Authorization: Bearer`` (RFC 6750 section 2.1), never in a URL: those
are kept in logs and histories (ibid. section 5.3). With it cookies count for nothing.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import web

from gateway.api_keys import ApiKey, recognise
from gateway.auth import rates, sessions
from gateway.auth.keys import KeyScope
from gateway.auth.roles import INTEGRATIONS, Person, Role
from gateway.http.problems import Problem
from gateway.http.services import SERVICES, SETTINGS

WINDOW_S = 60
UNKNOWN_PER_ADDRESS = 20
SCHEME = "Bearer"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks; ``key`` where it is another system."""

    person: Person
    key: ApiKey | None = None


def bearer_of(request: web.Request) -> str | None:
    """The key in the header, or ``None`` when there is no such header."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == SCHEME.lower() else None


async def permit(
    request: web.Request,
    roles: Iterable[Role],
    scope: KeyScope | None,
    given_key: str | None = None,
) -> Asker:
    """Who asks, if that is somebody of ``roles``; a system needs ``scope``.

    ``given_key`` came in the body. Raises `Problem` 401, 403 or 429.
    """
    text = bearer_of(request) or given_key
    if text is None:
        asker = await _by_session(request, roles)
    else:
        key = await by_key(request, text)
        asker = Asker(key.person, key)
    if asker.person.role not in roles:
        raise Problem(403, "您的角色不能使用这项功能")
    if scope is not None and asker.key is not None and scope not in asker.key.terms.scopes:
        raise Problem(403, f"这个密钥没有开通“{scope.value}”接口")
    return asker


async def by_key(request: web.Request, text: str) -> ApiKey:
    """The system with this key. Raises `Problem` 401 or 429."""
    services, settings = request.app[SERVICES], request.app[SETTINGS]
    address = request.remote or ""
    async with services.database() as connection:
        key = await recognise(connection, text, now=services.clock())
    kind, value, limit = (
        ("key", str(key.key_id), settings.integration_per_minute)
        if key
        else ("unknown-key", address, UNKNOWN_PER_ADDRESS)
    )
    await limited(request, kind, value, limit=limit, window_s=WINDOW_S)
    if key is None:
        raise Problem(401, "密钥无效或已停用", headers={"WWW-Authenticate": SCHEME})
    return key


async def limited(
    request: web.Request, kind: str, value: str, *, limit: int, window_s: int
) -> None:
    """Count a request; raises `Problem` 429 beyond ``limit`` in ``window_s`` seconds."""
    with too_often():
        redis = request.app[SERVICES].redis
        await rates.count(redis, kind, value, limit=limit, window_s=window_s)


@contextmanager
def too_often() -> Iterator[None]:
    """Make what is asked too often `Problem` 429."""
    try:
        yield
    except rates.RateExceededError as error:
        raise Problem(429, str(error), headers={"Retry-After": str(error.retry_s)}) from None


async def _by_session(request: web.Request, roles: Iterable[Role]) -> Asker:
    token = request.cookies.get(sessions.COOKIE)
    person = await sessions.find(request.app[SERVICES].redis, token) if token else None
    if person is not None:
        return Asker(person)
    if set(roles) == INTEGRATIONS:
        headers = {"WWW-Authenticate": SCHEME}
        raise Problem(401, "需要密钥（Authorization: Bearer …）", headers=headers)
    raise Problem(401, "请先登录")
