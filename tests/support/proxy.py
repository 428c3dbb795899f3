"""A TCP proxy between the gateway and a switchboard that does what networks do on a bad day."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

_CHUNK = 1 << 16
_BLANK = b"\r\n\r\n"
_NEVER = b"\0"


@dataclass
class FaultProxy:
    """Forwards ``port`` to ``target_port`` of this machine, with the fault of the moment.

    `cut` ends every connection; `cut_inside_event` does so in the middle of a message. While
    ``frozen`` nothing gets through and nothing is refused (half-open). While ``slice_bytes`` is set
    what the switchboard says arrives in segments of that many bytes. Messages that begin with one
    of ``dropped`` are lost; those that begin with one of ``delayed`` wait for `release`.
    """

    target_port: int
    port: int = 0
    frozen: bool = False
    slice_bytes: int = 0
    connections: int = 0
    dropped: tuple[bytes, ...] = ()
    delayed: tuple[bytes, ...] = ()
    lost: int = 0
    _released: asyncio.Event = field(default_factory=asyncio.Event)
    _cut_after: int | None = None
    _thawed: asyncio.Event = field(default_factory=asyncio.Event)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def freeze(self) -> None:
        """Let nothing through."""
        self._thawed.clear()
        self.frozen = True

    def thaw(self) -> None:
        """Let everything through again, what waited first."""
        self.frozen = False
        self._thawed.set()

    def release(self) -> None:
        """Let through what was delayed, and delay no more."""
        self.delayed = ()
        self._released.set()

    def cut(self) -> None:
        """End every connection at once; new ones are accepted."""
        for writer in self._writers:
            writer.transport.abort()

    def cut_inside_event(self, after_bytes: int = 40) -> None:
        """End the connection ``after_bytes`` into the next thing the switchboard says."""
        self._cut_after = after_bytes

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the gateway."""
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            writer.transport.abort()
            return
        self.connections += 1
        pair = {writer, far_writer}
        self._writers |= pair
        try:
            with suppress(OSError):
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._say(reader, far_writer))
                    group.create_task(self._hear(far_reader, writer))
        except* OSError:
            pass
        finally:
            self._writers -= pair
            for one in pair:
                one.transport.abort()

    async def _say(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What the gateway says."""
        while data := await reader.read(_CHUNK):
            await self._until_thawed()
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What the switchboard says."""
        kept: list[bytes] = []
        late = asyncio.create_task(self._hear_late(kept, writer))
        try:
            await self._hear_now(reader, writer, kept)
        finally:
            late.cancel()
        raise ConnectionResetError

    async def _hear_late(self, kept: list[bytes], writer: asyncio.StreamWriter) -> None:
        while True:
            await self._released.wait()
            self._released.clear()
            writer.write(b"".join(kept))
            kept.clear()

    def _sieved(self, data: bytes, rest: bytearray, kept: list[bytes]) -> bytes:
        """What gets through of ``data``; a message that is not complete yet stays in ``rest``."""
        if not (self.dropped or self.delayed or rest):
            return data
        rest += data
        *whole, rest[:] = bytes(rest).split(_BLANK)
        through = []
        for message in whole:
            if message.startswith(self.dropped or (_NEVER,)):
                self.lost += 1
            elif message.startswith(self.delayed or (_NEVER,)):
                kept.append(message + _BLANK)
            else:
                through.append(message + _BLANK)
        return b"".join(through)

    async def _hear_now(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: list[bytes]
    ) -> None:
        rest = bytearray()
        writer.write(await reader.readline())  # the greeting, which no blank line ends
        while data := await reader.read(_CHUNK):
            await self._until_thawed()
            if not (data := self._sieved(data, rest, kept)):
                continue
            if self._cut_after is not None:
                writer.write(data[: self._cut_after])
                await writer.drain()
                self._cut_after = None
                break
            size = self.slice_bytes or len(data)
            for at in range(0, len(data), size):
                writer.write(data[at : at + size])
                await writer.drain()

    async def _until_thawed(self) -> None:
        while self.frozen:
            await self._thawed.wait()


@asynccontextmanager
async def fault_proxy(target_port: int) -> AsyncIterator[FaultProxy]:
    """A proxy that listens as long as the block."""
    proxy = FaultProxy(target_port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.thaw()
        proxy.cut()
        await server.wait_closed()
