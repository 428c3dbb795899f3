"""One FastAGI connection: lines from the socket, one command and its answer at a time."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

from telephony.agi.errors import (
    AgiDisconnectedError,
    AgiHangup,
    AgiProtocolError,
    AgiTimeoutError,
)
from telephony.agi.framing import LineFramer
from telephony.agi.limits import AgiLimits
from telephony.agi.request import AgiCall, parse_header
from telephony.agi.response import (
    Response,
    closes_usage,
    is_provisional,
    opens_usage,
    parse_response,
)


class AgiConnection(asyncio.Protocol):
    """Keeps the order of lines: an answer that came before ``HANGUP`` is still delivered.

    Asterisk sends a bare ``HANGUP`` line once the channel is gone, between two answers; commands
    that need the channel then get 511 (res_agi.c, run_agi).
    """

    def __init__(self, limits: AgiLimits, opened: Callable[["AgiConnection"], None]) -> None:
        self._limits = limits
        self._opened = opened
        self._framer = LineFramer(limits.max_line_bytes)
        self._lines: deque[bytes] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._fault: Exception | None = None
        self._closed = asyncio.Event()
        self.hung_up = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio calls this once; whoever listens takes the connection over."""
        self._transport = cast("asyncio.Transport", transport)
        self._opened(self)

    def data_received(self, data: bytes) -> None:
        """Asyncio calls this with each piece; a peer that breaks a bound is cut off."""
        if self._fault:
            return
        try:
            for line in self._framer.feed(data):
                self._take(line)
        except AgiProtocolError as error:
            self._fault = error
            self._transport.abort()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio calls this once, last."""
        del exc
        self._fault = self._fault or AgiDisconnectedError("the peer closed the connection")
        self._closed.set()
        self._wake()

    @property
    def peer(self) -> str:
        """The peer's address."""
        return str((self._transport.get_extra_info("peername") or ("",))[0])

    def send(self, line: bytes) -> None:
        """Send one command line. Raises `AgiProtocolError` when the peer spoke out of turn.

        The transport's buffer stays small: a session sends the next line after the answer only.
        """
        if self._lines:
            raise AgiProtocolError("the peer answered what nobody asked")
        self._transport.write(line + b"\n")

    def say_failure(self) -> None:
        """Make the AGI's status in the dialplan FAILURE: res_agi.c looks for a line so called."""
        self._transport.write(b"FAILURE\n")

    async def header(self) -> AgiCall:
        """Read the session's header. Raises `AgiHangup` or a `PeerError`."""
        lines: list[bytes] = []
        async with _deadline(self._limits.header_timeout_s):
            while line := await self._line():
                lines.append(line)
                if len(lines) > self._limits.max_header_lines:
                    raise AgiProtocolError("the header has too many lines")
        return parse_header(lines)

    async def answer(self, timeout_s: float) -> Response:
        """Read the answer to the command just sent. Raises `AgiHangup` or a `PeerError`."""
        async with _deadline(timeout_s):
            line = await self._line()
            while is_provisional(line):
                line = await self._line()
            lines = [line]
            if opens_usage(line):
                while not closes_usage(lines[-1]):
                    lines.append(await self._line())
                    if len(lines) > self._limits.max_pending_lines:
                        raise AgiProtocolError("a usage text has too many lines")
        return parse_response(lines)

    async def close(self) -> None:
        """Send what is left, then close; cut the connection when the peer does not take it."""
        self._transport.close()
        try:
            async with asyncio.timeout(self._limits.close_timeout_s):
                await self._closed.wait()
        except TimeoutError:
            self.abort()

    def abort(self) -> None:
        """Cut the connection at once."""
        self._transport.abort()

    def _take(self, line: bytes) -> None:
        if line == b"HANGUP":
            self.hung_up = True
        elif len(self._lines) < self._limits.max_pending_lines:
            self._lines.append(line)
        else:
            raise AgiProtocolError("the peer sends lines that nobody asked for")

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    async def _line(self) -> bytes:
        while not self._lines:
            if self.hung_up:
                raise AgiHangup("the caller hung up")
            if self._fault:
                raise self._fault
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._lines.popleft()


@asynccontextmanager
async def _deadline(timeout_s: float) -> AsyncIterator[None]:
    """``asyncio.timeout`` that blames the peer."""
    try:
        async with asyncio.timeout(timeout_s):
            yield
    except TimeoutError:
        raise AgiTimeoutError(f"the peer did not answer within {timeout_s:g} s") from None
