"""Sends one event to one destination and says what came of it."""

import asyncio
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from gateway.webhooks.addresses import Guard
from gateway.webhooks.errors import AddressRefusedError, UrlRefusedError

READ_BYTES = 600
EXCERPT_MAX = 200
_GONE = 410
_OF_A_NUMBER = re.compile(r"[0-9]{7,}")


class Failure(StrEnum):
    """Why an event did not arrive; what each means is told on the page."""

    NONE = ""
    REFUSED_ADDRESS = "refused_address"
    TIMEOUT = "timeout"
    TLS = "tls"
    CONNECTION = "connection"
    REDIRECT = "redirect"
    STATUS = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came of sending; ``excerpt`` is the beginning of what was answered, made harmless.

    ``asked_s`` is how long the receiver asks us to wait (``Retry-After``), 0 for nothing.
    """

    failure: Failure
    status: int | None = None
    excerpt: str = ""
    asked_s: float = 0
    duration_s: float = 0

    @property
    def arrived(self) -> bool:
        """Whether the receiver has said that he has it."""
        return self.failure is Failure.NONE

    @property
    def gone(self) -> bool:
        """Whether the receiver wants nothing more, ever."""
        return self.status == _GONE


class GuardedResolver(AbstractResolver):
    """Looks names up and leaves out what `Guard` does not permit.

    The connection is made to what was looked at here, so a name cannot change its meaning between
    check and use.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Permitted addresses of ``host``; raises `AddressRefusedError` when there are none."""
        found = await self._inner.resolve(host, port, family)
        permitted = [each for each in found if self._guard.permits(each["host"])]
        if not permitted:
            raise AddressRefusedError("the name stands for no permitted address")
        return permitted

    async def close(self) -> None:
        """Nothing is held."""


class Sender:
    """An HTTP client that follows no redirect, keeps no connection and no cookie."""

    def __init__(self, session: aiohttp.ClientSession, guard: Guard, *, timeout_s: float) -> None:
        self._session = session
        self._guard = guard
        self.timeout_s = timeout_s

    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """POST ``body``; never raises for what the other side does."""
        started = time.monotonic()
        try:
            self._guard.check_url(url)  # settings may have changed since it was accepted
            async with asyncio.timeout(self.timeout_s):
                reply = await self._post(url, body, headers)
        except (OSError, aiohttp.ClientError, UrlRefusedError, ValueError) as error:
            reply = Reply(failure=_failure(error))
        return Reply(
            failure=reply.failure,
            status=reply.status,
            excerpt=reply.excerpt,
            asked_s=reply.asked_s,
            duration_s=time.monotonic() - started,
        )

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        async with self._session.post(
            url, data=body, headers=dict(headers), allow_redirects=False
        ) as response:
            failure = _judge(response.status)
            excerpt = ""
            if failure is not Failure.NONE:
                excerpt = harmless(await response.content.read(READ_BYTES))
            return Reply(
                failure=failure,
                status=response.status,
                excerpt=excerpt,
                asked_s=_asked_s(response.headers.get("Retry-After", "")),
            )


@asynccontextmanager
async def sending(guard: Guard, *, timeout_s: float) -> AsyncIterator[Sender]:
    """A `Sender` for the time of the context."""
    # No connection is used twice: what a receiver says unasked can then never pass for an answer
    # to the next event. `trust_env` stays off: a proxy would look names up for itself.
    connector = aiohttp.TCPConnector(
        resolver=GuardedResolver(guard), force_close=True, limit=0, use_dns_cache=False
    )
    async with aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "hotline-webhooks/1", "Content-Type": "application/json"},
        auto_decompress=False,
    ) as session:
        yield Sender(session, guard, timeout_s=timeout_s)


def harmless(answered: bytes) -> str:
    """The beginning of an answer as one line of text: no controls, nothing like a number."""
    text = " ".join(answered.decode("utf-8", "replace").split())
    shown = "".join(char if char.isprintable() else "�" for char in text)
    return _OF_A_NUMBER.sub("[number]", shown)[:EXCERPT_MAX]


def _judge(status: int) -> Failure:
    if 200 <= status < 300:
        return Failure.NONE
    if 300 <= status < 400:
        return Failure.REDIRECT
    return Failure.STATUS


def _failure(error: BaseException) -> Failure:
    causes = (error, error.__cause__, getattr(error, "os_error", None))
    refused = (UrlRefusedError, AddressRefusedError, aiohttp.InvalidURL)
    if any(isinstance(one, refused) for one in causes):
        return Failure.REFUSED_ADDRESS
    if isinstance(error, TimeoutError):
        return Failure.TIMEOUT
    if isinstance(error, ssl.SSLError | aiohttp.ClientSSLError):
        return Failure.TLS
    return Failure.CONNECTION


def _asked_s(header: str) -> float:
    """Seconds of ``Retry-After``; a date there is not looked at."""
    return float(header) if header.isascii() and header.isdigit() and len(header) < 8 else 0
