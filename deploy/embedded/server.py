"""What both embedded servers are: a directory with one owner, a child process, a socket."""

from abc import ABC, abstractmethod
from asyncio.subprocess import Process
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.embedded import child

_NOTE = "running.url"


class EmbeddedServer(ABC):
    """A server process on `data_dir`, ours alone, for the time of one ``async with``."""

    def __init__(self, data_dir: Path, socket_name: str) -> None:
        self._home = data_dir.absolute()
        self._log = self._home / "server.log"
        self._socket_name = socket_name
        self._socket_dir = self._home
        self._process: Process | None = None
        self._cleanup = AsyncExitStack()

    @property
    def pid(self) -> int | None:
        """Process id of the server while it runs."""
        if self._process is None or self._process.returncode is not None:
            return None
        return self._process.pid

    async def __aenter__(self) -> Self:
        try:
            self._cleanup.enter_context(child.sole_owner(self._home))
            self._socket_dir = self._cleanup.enter_context(
                child.socket_directory(self._home, self._socket_name)
            )
            await self._start()
            self._announce()
        except BaseException:
            await self._cleanup.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._cleanup.aclose()

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients on this machine connect."""

    def _announce(self) -> None:
        """Let `running_url` find this server while it runs."""
        note = self._home / _NOTE
        note.unlink(missing_ok=True)
        note.touch(mode=0o600)
        note.write_text(self.url)
        self._cleanup.callback(note.unlink, missing_ok=True)

    @abstractmethod
    async def _start(self) -> None:
        """Start the process and wait until it answers."""


def running_url(data_dir: Path) -> str | None:
    """URL of the server that another process runs on ``data_dir``; a killed one leaves its own."""
    note = data_dir / _NOTE
    return note.read_text() if note.exists() else None
