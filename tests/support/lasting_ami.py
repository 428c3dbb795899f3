"""AMI through restarts of the switchboard, for tests that go on while it is away."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Self, TypeVar

from tests.support.capture import AmiRecorder, ClosedError

AWAY_S = 60.0  # a switchboard that is away for longer does not come back
AGAIN_S = 0.05

T = TypeVar("T")


class LastingRecorder:
    """One AMI connection after the other: after a loss it connects again at once.

    ``recordings`` are what was heard on each, in order. What was asked on a connection that was
    lost is asked again on the next.
    """

    def __init__(self, port: int, secret: str) -> None:
        self.recordings: list[AmiRecorder] = []
        self._port = port
        self._secret = secret
        self._connected = asyncio.Condition()
        self._keeping: asyncio.Task[None] | None = None

    @classmethod
    async def connect(cls, port: int, secret: str) -> Self:
        """Logs in as ``hotline`` with all events on; raises OSError or AssertionError."""
        recorder = cls(port, secret)
        await recorder._connect()
        recorder._keeping = asyncio.create_task(recorder._keep())
        return recorder

    async def action(self, name: str, **headers: str) -> bytes:
        """Sends one action and returns the message that answers it (by ActionID)."""
        return await self._ask(lambda ami: ami.action(name, **headers))

    async def list_action(self, name: str, complete: str) -> list[bytes]:
        """Sends an action that answers with a list of events; all messages until the last of it."""
        return await self._ask(lambda ami: ami.list_action(name, complete))

    async def messages(self) -> AsyncIterator[bytes]:
        """Whole messages from the first on, those to come too, without end."""
        for number in count():
            async for message in (await self._recording(number)).messages(0):
                yield message

    async def _recording(self, number: int) -> AmiRecorder:
        async with self._connected:
            await self._connected.wait_for(lambda: len(self.recordings) > number)
        return self.recordings[number]

    def save(self, directory: Path) -> list[Path]:
        """A file for each connection, in order."""
        files = [directory / f"said-{number}.ami" for number in range(len(self.recordings))]
        for file, recording in zip(files, self.recordings, strict=True):
            recording.save(file)
        return files

    async def close(self) -> None:
        """Ends it."""
        if self._keeping:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        await self.recordings[-1].close()

    async def _ask(self, ask: Callable[[AmiRecorder], Awaitable[T]]) -> T:
        async with asyncio.timeout(AWAY_S):
            while True:
                async with self._connected:
                    await self._connected.wait_for(lambda: self.recordings[-1].is_open)
                with suppress(ClosedError):
                    return await ask(self.recordings[-1])

    async def _keep(self) -> None:
        while True:
            await self.recordings[-1].until_closed()
            await self.recordings[-1].close()
            while not self.recordings[-1].is_open:
                with suppress(OSError, AssertionError):
                    await self._connect()
                await asyncio.sleep(AGAIN_S)

    async def _connect(self) -> None:
        """Usable once Asterisk is booted: before, it does not know the actions of its modules."""
        recorder = await AmiRecorder.connect(self._port, self._secret)
        try:
            await recorder.until(b"Event: FullyBooted\r\n")
        except BaseException:
            await recorder.close()
            raise
        async with self._connected:
            self.recordings.append(recorder)
            self._connected.notify_all()
