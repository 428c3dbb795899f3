"""A server process as a child of ours: one owner per directory, no process left behind."""

import asyncio
import ctypes
import fcntl
import os
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psutil

from deploy.embedded.account import Account
from deploy.embedded.errors import EmbeddedServerError

# sun_path of a Unix socket holds 108 bytes with its final NUL (unix(7)); macOS holds 104.
_SOCKET_PATH_BYTES = 103
_PR_SET_PDEATHSIG = 1  # prctl(2)
_POLL_S = 0.05

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def bundled(package: str, *parts: str) -> Path:
    """A file inside an installed package, found without importing the package.

    Raises `EmbeddedServerError` when the package or the file is missing.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise EmbeddedServerError(f"the Python package {package} is not installed")
    path = Path(spec.origin).parent.joinpath(*parts)
    if not path.exists():
        raise EmbeddedServerError(f"the installed package {package} does not hold {path}")
    return path


@contextmanager
def sole_owner(directory: Path) -> Iterator[None]:
    """Make this process the only owner of a server directory, created where needed.

    The lock is released by any kind of death. Raises `EmbeddedServerError` when another process
    holds it or the directory cannot be used.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)
        lock = (directory / "lock").open("w")
    except OSError as error:
        raise EmbeddedServerError(
            f"the directory {directory} cannot be used: {error.strerror}"
        ) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EmbeddedServerError(
                f"another running program already uses {directory}; stop it first"
            ) from None
        yield


@contextmanager
def socket_directory(preferred: Path, socket_name: str) -> Iterator[Path]:
    """Where the socket lives: `preferred`, or a private temporary one if that path is too long."""
    if len(os.fsencode(preferred / socket_name)) <= _SOCKET_PATH_BYTES:
        yield preferred
        return
    # Not the default temporary directory, whose path may be long too.
    with tempfile.TemporaryDirectory(prefix="hotline-", dir="/tmp") as short:
        yield Path(short)


def refuse_taken_port(port: int, server: str) -> None:
    """Raise `EmbeddedServerError` when something listens on that port of the loopback already."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise EmbeddedServerError(
                f"{server} cannot listen on 127.0.0.1:{port}: {error.strerror}"
            ) from None


def _before_exec(stop_signal: signal.Signals, account: Account | None) -> Callable[[], None]:
    """What the child does first: become the account, and ask to be stopped when we are killed.

    Done here and not by options of the subprocess, which uvloop does not know. The kernel watches
    the thread that made the child, so servers are to be started from the main thread (prctl(2)).
    """

    def become() -> None:
        if account is not None:
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(stop_signal))  # forgotten at a change of user

    return become


async def spawn(
    arguments: Sequence[str | Path],
    *,
    log: Path,
    stop_signal: signal.Signals,
    account: Account | None = None,
) -> Process:
    """Start a server in its own session, so that Ctrl-C at the terminal reaches only us.

    Output goes to `log`, emptied first. With `account` the child gives up root for it.
    """
    with log.open("wb") as output:
        return await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            start_new_session=True,
            preexec_fn=_before_exec(stop_signal, account),
        )


async def stop(process: Process, *signals: signal.Signals, patience_s: float) -> None:
    """Send each signal in turn, `patience_s` apart, until the process has ended; then kill."""
    for number in (*signals, signal.SIGKILL):
        if process.returncode is not None:
            return
        process.send_signal(number)
        try:
            await asyncio.wait_for(process.wait(), patience_s)
        except TimeoutError:
            continue


async def stop_orphan(pid_file: Path, name: str, directory: Path, number: signal.Signals) -> None:
    """End the server that a killed predecessor left running on `directory`.

    The caller owns the directory, so a server found there has no owner. A pid file that names a
    process which is not that server (the number was reused) is removed.
    """
    orphan = _find_orphan(pid_file, name, directory)
    if orphan is None:
        return

    async def ended() -> bool:
        return not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE

    orphan.send_signal(number)
    if not await eventually(ended, deadline_s=30):
        raise EmbeddedServerError(
            f"a left-over {name} (process {orphan.pid}) on {directory} does not stop"
        )


def _find_orphan(pid_file: Path, name: str, directory: Path) -> psutil.Process | None:
    try:
        process = psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))
        # Both servers change into their data directory.
        if process.name() == name and Path(process.cwd()) == directory.resolve():
            return process
    except (OSError, ValueError, psutil.Error):
        pass
    pid_file.unlink(missing_ok=True)
    return None


async def eventually(check: Callable[[], Awaitable[bool]], *, deadline_s: float) -> bool:
    """Whether `check` became true within the deadline."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + deadline_s
    while not await check():
        if loop.time() >= give_up_at:
            return False
        await asyncio.sleep(_POLL_S)
    return True


async def until_ready(
    process: Process, ready: Callable[[], Awaitable[bool]], *, name: str, log: Path
) -> None:
    """Wait until the server answers; if it does not, raise `EmbeddedServerError` with its words."""

    async def answered_or_ended() -> bool:
        return process.returncode is not None or await ready()

    in_time = await eventually(answered_or_ended, deadline_s=60)
    if process.returncode is not None:
        raise EmbeddedServerError(f"{name} ended at once; it said: {last_words(log)}")
    if not in_time:
        raise EmbeddedServerError(f"{name} did not answer within 60 s; it said: {last_words(log)}")


def last_words(log: Path) -> str:
    """The end of what a server printed, on one line."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return " | ".join(lines[-3:]) or "nothing"
