"""A raw AMI client for tests: keeps every byte the switchboard sends, knows nothing of its meaning.

It is deliberately not the project's own client: what it records is the evidence by which that
client is judged.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol, Self


class ClosedError(AssertionError):
    """The switchboard closed the AMI connection."""


class Actor(Protocol):
    """Whoever can send an action."""

    async def action(self, name: str, **headers: str) -> bytes:
        """Sends one action and returns the message that answers it."""


class AmiRecorder:
    """One AMI connection whose received bytes grow in ``raw``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.raw = bytearray()
        self._reader = reader
        self._writer = writer
        self._grown = asyncio.Event()
        self._task = asyncio.create_task(self._read())
        self._last_action = 0

    @classmethod
    async def connect(cls, port: int, secret: str) -> Self:
        """Logs in as ``hotline`` with all events on; raises AssertionError when refused."""
        recorder = cls(*await asyncio.open_connection("127.0.0.1", port))
        try:
            answer = await recorder.action("Login", Username="hotline", Secret=secret)
            assert b"Success" in answer, answer.decode("utf-8", "replace")
        except BaseException:
            await recorder.close()
            raise
        return recorder

    @property
    def is_open(self) -> bool:
        """Whether the switchboard may still say something."""
        return not self._task.done()

    async def until_closed(self) -> None:
        """Returns when the switchboard has closed the connection."""
        await asyncio.wait([self._task])

    async def action(self, name: str, **headers: str) -> bytes:
        """Sends one action and returns the message that answers it (by ActionID).

        Raises :class:`ClosedError` when the connection is closed before.
        """
        self._last_action += 1
        action_id = f"test-{self._last_action}"
        start = len(self.raw)
        lines = [f"Action: {name}", f"ActionID: {action_id}"]
        lines += [f"{key}: {value}" for key, value in headers.items()]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        with suppress(ConnectionError):  # told by the end of what is read
            await self._writer.drain()
        return await self.until(
            rb"Response: [^\r]+\r\nActionID: %s\r\n" % action_id.encode(), since=start
        )

    async def list_action(self, name: str, complete: str) -> list[bytes]:
        """Sends an action that answers with a list of events; all messages until the last of it."""
        start = self.mark()
        await self.action(name)
        await self.until(b"Event: " + complete.encode(), since=start)
        return bytes(self.raw[start:]).split(b"\r\n\r\n")

    def mark(self) -> int:
        """The present end of the recording, for ``since``."""
        return len(self.raw)

    async def until(self, pattern: bytes, *, since: int = 0, deadline_s: float = 15) -> bytes:
        """The first whole message after ``since`` in which ``pattern`` occurs; waits for it."""
        wanted = re.compile(pattern, re.DOTALL)
        async with asyncio.timeout(deadline_s):
            while True:
                self._grown.clear()
                for message in bytes(self.raw[since:]).split(b"\r\n\r\n")[:-1]:
                    if wanted.search(message + b"\r\n"):
                        return message
                if not self.is_open:
                    raise ClosedError("the switchboard closed the AMI connection")
                await self._grown.wait()

    async def messages(self, since: int) -> AsyncIterator[bytes]:
        """Whole messages from ``since`` on, those to come too, until the connection ends."""
        while True:
            self._grown.clear()
            while (end := self.raw.find(b"\r\n\r\n", since)) >= 0:
                yield bytes(self.raw[since:end])
                since = end + 4
            if not self.is_open:
                return
            await self._grown.wait()

    def save(self, path: Path) -> None:
        path.write_bytes(self.raw)

    async def close(self) -> None:
        self._writer.close()
        await self._task
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _read(self) -> None:
        with suppress(ConnectionError):
            while chunk := await self._reader.read(65536):
                self.raw += chunk
                self._grown.set()
        self._grown.set()
