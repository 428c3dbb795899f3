"""Asterisk's console socket: what ``asterisk -rx`` speaks, without starting a process for it.

Protocol (Asterisk 22 ``main/asterisk.c``, ``ast_remotecontrol`` and ``netconsole``): the server
greets with one line ``host/pid/version``; the client sends ``cli quit after <command>``, ended by
NUL, and reads the output until the server closes. Lines that start with byte 127 are log messages.
"""

import asyncio
import os
from pathlib import Path

from deploy.errors import SwitchboardError

_TIMEOUT_S = 5.0


async def run_console_command(socket: Path, command: str) -> str:
    """Output of one console command.

    Raises :class:`~deploy.errors.SwitchboardError` when nothing answers within 5 s.
    """
    if not command or any(ord(character) < 32 for character in command):
        raise SwitchboardError("A console command is one line of printable text.")
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            output = await _exchange(socket, command)
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        raise SwitchboardError(f"Asterisk's console does not answer: {error!r}.") from error
    lines = output.decode("utf-8", "replace").splitlines()
    return "\n".join(line for line in lines if not line.startswith("\x7f"))


async def _exchange(socket: Path, command: str) -> bytes:
    # A socket address holds 107 bytes; through the open directory any depth of path fits.
    directory = os.open(socket.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        reader, writer = await asyncio.open_unix_connection(
            f"/proc/self/fd/{directory}/{socket.name}"
        )
    finally:
        os.close(directory)
    try:
        await reader.readuntil(b"\n")
        writer.write(b"cli quit after " + command.encode() + b"\0")
        await writer.drain()
        return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()
