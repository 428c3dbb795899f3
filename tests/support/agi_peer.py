"""FastAGI servers of the tests: one that speaks just enough, and the ways a gateway can fail."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

# Script name ("entry") to the AGI commands it sends, one after another.
Scripts = Mapping[str, Sequence[str]]
_Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def speaking_agi(
    port: int, scripts: Scripts, *, expert_line: str = ""
) -> AsyncIterator[list[str]]:
    """Runs each script's commands; yields the list of answers that grows meanwhile.

    Calls to ``expert_line`` are sent to the queue ``expert`` at their entry.
    """
    answers: list[str] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        header = (await reader.readuntil(b"\n\n")).decode("utf-8", "replace")
        fields = dict(line.partition(": ")[::2] for line in header.splitlines())
        script = fields["agi_network_script"]
        commands = [*scripts.get(script, ())]
        if script == "entry" and fields["agi_extension"] == expert_line:
            commands.append('SET VARIABLE HOTLINE_QUEUE "expert"')
        for command in commands:
            writer.write(f"{command}\n".encode())
            answer = (await reader.readline()).decode().strip()
            answers.append(f"{script}: {answer}")
            if not answer.startswith("200"):
                break

    async with _server(port, handle):
        yield answers


@asynccontextmanager
async def frozen_agi(port: int) -> AsyncIterator[None]:
    """Accepts, reads, never says a word: a gateway stopped by SIGSTOP."""

    async def handle(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with _server(port, handle):
        yield


@asynccontextmanager
async def dying_agi(port: int) -> AsyncIterator[None]:
    """Starts a command and is gone before the answer: a gateway killed in the middle."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\n\n")
        writer.write(b"WAIT FOR DIGIT 60000\n")
        await writer.drain()
        writer.transport.abort()

    async with _server(port, handle):
        yield


@asynccontextmanager
async def _server(port: int, handle: _Handler) -> AsyncIterator[None]:
    open_writers: set[asyncio.StreamWriter] = set()

    async def handle_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_writers.add(writer)
        try:
            await handle(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the caller hung up: Asterisk closed the socket
        finally:
            open_writers.discard(writer)
            writer.close()

    server = await asyncio.start_server(handle_and_close, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        for writer in open_writers:
            writer.transport.abort()
        await server.wait_closed()
