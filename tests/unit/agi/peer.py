"""A scripted switchboard: speaks raw AGI bytes to the server over a real socket."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass

from telephony.agi.limits import AgiLimits
from telephony.agi.server import AgiServer
from telephony.agi.session import Script, SessionReport

DEADLINE_S = 10

HEADER = {
    "agi_network": "yes",
    "agi_network_script": "script",
    "agi_request": "agi://127.0.0.1/script",
    "agi_channel": "PJSIP/trunk-00000001",
    "agi_language": "zh",
    "agi_type": "PJSIP",
    "agi_uniqueid": "1795420800.7",
    "agi_callerid": "13800000001",
    "agi_calleridname": "unknown",
    "agi_dnid": "12345",
    "agi_context": "from-trunk",
    "agi_extension": "12345",
    "agi_priority": "6",
}


def header(**changes: str) -> bytes:
    """Header bytes; ``script="entry"`` changes ``agi_network_script``, others ``agi_<name>``."""
    names = {"script": "agi_network_script"}
    fields = HEADER | {names.get(name, f"agi_{name}"): value for name, value in changes.items()}
    lines = "".join(f"{name}: {value}\n" for name, value in fields.items())
    return f"{lines}\n".encode()


@dataclass
class Harness:
    """A running server and what it reported."""

    server: AgiServer
    reports: list[SessionReport]
    serving: asyncio.Task[None]

    async def connect(self) -> "Peer":
        return Peer(*await asyncio.open_connection(self.server.host, self.server.port))

    async def report(self, count: int = 1) -> SessionReport:
        """The last of ``count`` reports, once they are all there and no session is left."""
        async with asyncio.timeout(DEADLINE_S):
            while len(self.reports) < count or self.server.active:  # a deadline
                await asyncio.sleep(0.001)
        assert len(self.reports) == count
        return self.reports[-1]

    async def play(self, sent: bytes, *turns: tuple[str, bytes]) -> SessionReport:
        """Send ``sent``, then for each turn expect a command and answer it; then hang around."""
        async with await self.connect() as peer:
            peer.send(sent)
            for command, answer in turns:
                assert await peer.command() == command
                peer.send(answer)
            peer.rest = await peer.until_end()
            return await self.report()


class Peer:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.rest = b""

    async def __aenter__(self) -> "Peer":
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def end(self) -> None:
        self.writer.close()

    async def command(self) -> str:
        async with asyncio.timeout(DEADLINE_S):
            return (await self.reader.readline()).decode().rstrip("\n")

    async def until_end(self) -> bytes:
        """What the server still sends until it closes."""
        async with asyncio.timeout(DEADLINE_S):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""


@contextlib.asynccontextmanager
async def serving(
    scripts: Mapping[str, Script] | Script,
    *,
    peers: Iterable[str] = ("127.0.0.1",),
    **limits: float,
) -> AsyncIterator[Harness]:
    """Run a server for the block and stop it in order."""
    reports: list[SessionReport] = []
    server = AgiServer(
        host="127.0.0.1",
        port=0,
        peers=peers,
        scripts=scripts if isinstance(scripts, Mapping) else {"script": scripts},
        limits=AgiLimits(**limits),  # type: ignore[arg-type]
        ended=reports.append,
    )
    task = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(DEADLINE_S):
            await server.started.wait()
        yield Harness(server, reports, task)
    finally:
        server.stop()
        async with asyncio.timeout(DEADLINE_S):
            await task
