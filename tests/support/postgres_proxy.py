"""A door in front of PostgreSQL that can be shut, for tests of what happens while it is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit, urlunsplit

_CHUNK = 65536


class PostgresProxy:
    """Passes bytes on between 127.0.0.1:``port`` and a PostgreSQL, as long as it is ``open``.

    ``refused`` counts who knocked in vain. ``swallow_answer_to`` lets the first piece with these
    bytes through, and cuts the connections in place of the server's answer.
    """

    def __init__(self, server_url: str) -> None:
        self._url = urlsplit(server_url)
        self._clients: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.open = True
        self.refused = 0
        self.swallow_answer_to = b""

    @property
    def url(self) -> str:
        """The server's URL, by way of the door."""
        user = self._url.netloc.rpartition("@")[0]
        return urlunsplit(
            (self._url.scheme, f"{user}@127.0.0.1:{self.port}", self._url.path, "", "")
        )

    def shut(self) -> None:
        """Cut every connection and let nobody in."""
        self.open = False
        self._cut()

    def reopen(self) -> None:
        """Let connections through again."""
        self.open = True

    def _cut(self) -> None:
        for writer in self._clients:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle one client."""
        if not self.open:
            self.refused += 1
            writer.transport.abort()
            return
        answers, server = await self._connect()
        self._clients.add(writer)
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._ask(reader, server))
                pumps.create_task(_answer(answers, writer))
        finally:
            self._clients.discard(writer)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        options = parse_qs(self._url.query)
        if "host" in options:
            port = options.get("port", ["5432"])[0]
            return await asyncio.open_unix_connection(f"{options['host'][0]}/.s.PGSQL.{port}")
        return await asyncio.open_connection(self._url.hostname, self._url.port or 5432)

    async def _ask(self, reader: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(_CHUNK):
                swallow = self.swallow_answer_to and self.swallow_answer_to in data
                if swallow:
                    self.swallow_answer_to = b""
                    self._cut()
                server.write(data)
                await server.drain()
        server.close()


async def _answer(answers: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await answers.read(_CHUNK):
            client.write(data)
    client.close()


@asynccontextmanager
async def postgres_proxy(server_url: str) -> AsyncIterator[PostgresProxy]:
    """An open door in front of the PostgreSQL at ``server_url``."""
    proxy = PostgresProxy(server_url)
    listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = listener.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        proxy.shut()
        listener.close()
        await listener.wait_closed()
