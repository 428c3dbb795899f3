"""Runs real Asterisk processes from one shared, unchanged root file system.

Each instance gets a private mount namespace in which its own directory is bound over ``/srv`` of
the root; then ``chroot``, then user ``asterisk``. So any number of instances share one root without
a copy, the root itself is never written to, and nothing is left mounted when the process ends:
the namespace dies with it. The kernel ends the process when its parent dies (PDEATHSIG).
"""

import asyncio
import contextlib
import json
import os
import shutil
import socket
from dataclasses import asdict
from pathlib import Path

from deploy.asterisk_config import (
    AsteriskSettings,
    SwitchboardPaths,
    SwitchboardSecrets,
    render_configuration,
)
from deploy.embedded.asterisk_console import run_console_command
from deploy.embedded.asterisk_root import hosts_file
from deploy.errors import MissingRightError, SwitchboardError

INSIDE = "/srv"
_SUBDIRECTORIES = ("etc", "lib/keys", "log/cel-custom", "run", "spool", "prompts")
_START_S = 30.0
_STOP_S = 10.0
_POLL_S = 0.05

# Positional parameters only: no path is ever parsed by the shell.
_LAUNCH = """
set -e
mount --bind "$1" "$2/srv"
mount --bind "$1/hosts" "$2/etc/hosts"
exec chroot "$2" setpriv --reuid=asterisk --regid=asterisk --init-groups --no-new-privs \\
    --pdeathsig=KILL asterisk -f -C /srv/etc/asterisk.conf
"""


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
        self.secrets = _load_secrets(directory, settings)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def queue_log(self) -> Path:
        return self.directory / "log" / "queue_log"

    @property
    def cel_csv(self) -> Path:
        return self.directory / "log" / "cel-custom" / "Master.csv"

    @property
    def messages_log(self) -> Path:
        return self.directory / "log" / "messages"

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
        words of its log, and :class:`~deploy.errors.MissingRightError` without the right to mount.
        """
        if self.pid is not None:
            raise SwitchboardError("This Asterisk instance is already running.")
        if os.geteuid() != 0:
            raise MissingRightError("Starting the embedded Asterisk needs root (mount and chroot).")
        for port, kind in self._ports():
            _refuse_used(port, kind)
        await asyncio.to_thread(self._prepare)
        with (self.directory / "start.err").open("wb") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *("unshare", "--mount", "--propagation", "private"),
                *("sh", "-c", _LAUNCH, "sh", str(self.directory), str(self.root)),
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
        with contextlib.suppress(SwitchboardError):
            await self.cli("core stop now")
        try:
            async with asyncio.timeout(_STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def cli(self, command: str) -> str:
        """Output of one command at Asterisk's console, such as ``queue show``."""
        return await run_console_command(self.directory / "run" / "asterisk.ctl", command)

    def _ports(self) -> tuple[tuple[int, socket.SocketKind], ...]:
        settings = self.settings
        return (
            (settings.ami_port, socket.SOCK_STREAM),
            (settings.http_port, socket.SOCK_STREAM),
            (settings.sip_port, socket.SOCK_DGRAM),
        )

    def _prepare(self) -> None:
        for name in _SUBDIRECTORIES:
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        (self.directory / "run" / "asterisk.ctl").unlink(missing_ok=True)
        shutil.copytree(self.prompts, self.directory / "prompts", dirs_exist_ok=True)
        (self.directory / "hosts").write_text(hosts_file(), "utf-8")
        _write_configuration(self.directory / "etc", self._render())
        owner, group = _asterisk_ids(self.root)
        for name in _SUBDIRECTORIES:
            _give(self.directory / name.split("/")[0], owner, group)

    def _render(self) -> dict[str, str]:
        modules = next(self.root.glob("usr/lib/*/asterisk/modules"), None)
        if modules is None:
            raise SwitchboardError(f"There is no Asterisk in {self.root}.")
        paths = SwitchboardPaths(
            instance_dir=INSIDE,
            module_dir=f"/{modules.relative_to(self.root)}",
            prompt_dir=f"{INSIDE}/prompts",
        )
        return render_configuration(self.settings, paths, self.secrets)

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


def _load_secrets(directory: Path, settings: AsteriskSettings) -> SwitchboardSecrets:
    """The instance's secrets, made at its first start and completed when seats are added."""
    path = directory / "secrets.json"
    fresh = SwitchboardSecrets.generate(settings.seats + settings.browser_seats)
    if path.exists():
        stored = SwitchboardSecrets(**json.loads(path.read_text("utf-8")))
        fresh = SwitchboardSecrets(stored.ami, fresh.seats | stored.seats)
    directory.mkdir(parents=True, exist_ok=True)
    _write_private(path, json.dumps(asdict(fresh)))
    return fresh


def _give(directory: Path, owner: int, group: int) -> None:
    for folder, _, files in os.walk(directory):
        os.chown(folder, owner, group)
        for name in files:
            os.chown(Path(folder, name), owner, group)


def _write_configuration(directory: Path, files: dict[str, str]) -> None:
    for old in directory.glob("*.conf"):
        old.unlink()
    for name, text in files.items():
        _write_private(directory / name, text)


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text, "utf-8")


def _asterisk_ids(root: Path) -> tuple[int, int]:
    """User and group number that the root's own password file gives to ``asterisk``."""
    for line in (root / "etc" / "passwd").read_text("utf-8").splitlines():
        name, _, user, group, *_ = line.split(":")
        if name == "asterisk":
            return int(user), int(group)
    raise SwitchboardError(f"There is no user asterisk in {root}.")
