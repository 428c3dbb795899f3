"""A real Asterisk as a child process: started, asked and stopped."""

import asyncio
import contextlib
import os
import socket
from pathlib import Path

from deploy.asterisk_config import AsteriskSettings, render_configuration
from deploy.embedded.asterisk_console import run_console_command
from deploy.embedded.asterisk_home import (
    console_socket,
    launch_command,
    load_secrets,
    paths_inside,
    prepare_home,
    recordings_directory,
)
from deploy.errors import MissingRightError, SwitchboardError

_START_S = 30.0
_STOP_TRIES = 20
_STOP_TRY_S = 0.5
_POLL_S = 0.05


class AsteriskInstance:
    """One running switchboard.

    ``root`` is a file system made by :mod:`deploy.embedded.asterisk_root`; ``directory`` belongs to
    this instance and keeps its state (astdb, queue_log, CEL) between starts; ``prompts`` is a
    directory of wave files made by :mod:`deploy.embedded.prompts`.
    """

    def __init__(
        self, root: Path, directory: Path, prompts: Path, settings: AsteriskSettings
    ) -> None:
        self.root = root
        self.directory = directory
        self.prompts = prompts
        self.settings = settings
        self.secrets = load_secrets(directory, settings.seats + settings.browser_seats)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def queue_log(self) -> Path:
        return self.directory / "srv" / "log" / "queue_log"

    @property
    def cel_csv(self) -> Path:
        return self.directory / "srv" / "log" / "cel-custom" / "Master.csv"

    @property
    def recordings(self) -> Path:
        return recordings_directory(self.directory)

    @property
    def messages_log(self) -> Path:
        return self.directory / "srv" / "log" / "messages"

    @property
    def ami_port(self) -> int:
        return self.settings.ami_port

    @property
    def sip_port(self) -> int:
        return self.settings.sip_port

    @property
    def pid(self) -> int | None:
        """Process id while running, else None."""
        if self._process is None or self._process.returncode is not None:
            return None
        return self._process.pid

    async def start(self) -> None:
        """Returns when Asterisk is fully booted and its AMI port answers.

        Raises :class:`~deploy.errors.SwitchboardError` when it does not within 30 s, with the last
        words of its log, and :class:`~deploy.errors.MissingRightError` when not root.
        """
        if self.pid is not None:
            raise SwitchboardError("This Asterisk instance is already running.")
        if os.geteuid() != 0:
            raise MissingRightError("Starting the embedded Asterisk needs root (chroot).")
        for port, kind in self._ports():
            _refuse_used(port, kind)
        command = await asyncio.to_thread(self._prepare)
        with (self.directory / "start.err").open("wb") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(_START_S):
                await self._until_booted(self._process)
        except TimeoutError:
            await self.stop()
            raise SwitchboardError(
                f"Asterisk did not answer within {_START_S:.0f} s: {self._last_words()}"
            ) from None
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Ends the process (hanging up every call) and returns when it is gone."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        for _ in range(_STOP_TRIES):
            # The same as "core stop now". An Asterisk that is still starting overhears it: again.
            process.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_STOP_TRY_S):
                    await process.wait()
                    return
        process.kill()
        await process.wait()

    async def cli(self, command: str) -> str:
        """Output of one command at Asterisk's console, such as ``queue show``."""
        return await run_console_command(console_socket(self.directory), command)

    def _ports(self) -> tuple[tuple[int, socket.SocketKind], ...]:
        settings = self.settings
        return (
            (settings.ami_port, socket.SOCK_STREAM),
            (settings.http_port, socket.SOCK_STREAM),
            (settings.sip_port, socket.SOCK_DGRAM),
        )

    def _prepare(self) -> list[str]:
        prepare_home(self.root, self.directory, self.prompts, self._configuration())
        return launch_command(self.root, self.directory)

    def _configuration(self) -> dict[str, str]:
        return render_configuration(self.settings, paths_inside(self.root), self.secrets)

    async def _until_booted(self, process: asyncio.subprocess.Process) -> None:
        while process.returncode is None:
            if await self._answers():
                return
            await asyncio.sleep(_POLL_S)
        raise SwitchboardError(
            f"Asterisk ended at once with status {process.returncode}: {self._last_words()}"
        )

    async def _answers(self) -> bool:
        try:
            await self.cli("core waitfullybooted")
            _, writer = await asyncio.open_connection("127.0.0.1", self.ami_port)
        except (OSError, SwitchboardError):
            return False
        writer.close()
        return True

    def _last_words(self) -> str:
        for log in (self.directory / "start.err", self.messages_log):
            with contextlib.suppress(OSError):
                if lines := log.read_text("utf-8", "replace").strip().splitlines():
                    return " / ".join(lines[-3:])
        return "it left no message."


def _refuse_used(port: int, kind: socket.SocketKind) -> None:
    """Asterisk itself would start without the port, and nobody would know why it is deaf."""
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise SwitchboardError(
                f"The embedded Asterisk needs port {port}, which cannot be used: {error.strerror}."
            ) from None
