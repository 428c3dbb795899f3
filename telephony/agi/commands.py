"""pyst2's AGI commands over one of our connections.

`Agi` keeps pyst2's command methods and replaces what they stand on. What is wrong with pyst2
0.5.1 and dealt with here: it sets a signal handler (which fails off the main thread), writes
caller data to standard error, neither escapes quotes nor refuses newlines (a value could carry a
second command), takes ``HANGUP``, ``100`` and ``511`` for unknown answers, loops for ever on a 520
that the end of file cuts off, dies on bytes that are no UTF-8, takes a variable whose value is
``hangup`` for a hang-up and quotes database keys twice.
"""

import asyncio
import re
from collections.abc import Awaitable
from typing import Any, NoReturn, TypeVar

from asterisk.agi import (  # type: ignore[import-untyped]  # pyst2 carries no types
    AGI,
    AGIAppError,
    AGIDBError,
    AGIInvalidCommand,
    AGIUnknownError,
    AGIUsageError,
)

from telephony.agi import bridge
from telephony.agi.connection import AgiConnection
from telephony.agi.errors import AgiHangup
from telephony.agi.limits import AgiLimits
from telephony.agi.response import Response
from telephony.errors import UnsafeValueError

T = TypeVar("T")

_BARE = re.compile(r"[A-Za-z0-9_./:@*#=&,+-]*")
_CONTROLS = re.compile(r"[\x00\r\n]")
_MAX_COMMAND_BYTES = 2047  # AGI_BUF_LEN of res_agi.c is 2048, with the closing NUL
_LASTING = (
    "ANSWER", "CONTROL STREAM FILE", "EXEC", "GET DATA", "GET OPTION", "RECEIVE", "RECORD FILE",
    "SAY", "STREAM FILE", "WAIT FOR DIGIT",
)  # fmt: skip


class _Quoted(str):
    """An argument that is escaped already; any other has to be a bare word."""

    __slots__ = ()


class Agi(AGI):  # type: ignore[misc]  # pyst2 carries no types
    """The commands of one session, to be called from its script (see `bridge.run_synchronous`).

    Each command suspends the script until the switchboard answers. It raises `AgiHangup` when the
    caller is gone, a `PeerError` when the switchboard fails, one of pyst2's ``AGIError`` when it
    refuses the command, and `UnsafeValueError` before sending a value that it may not see.
    """

    def __init__(
        self, connection: AgiConnection, header: dict[str, str], limits: AgiLimits
    ) -> None:
        # Not calling pyst2's __init__ is the point: it installs a signal handler and reads stdin.
        self.env = header
        self.commands_sent = 0
        self._connection = connection
        self._limits = limits
        self._timeout_s = limits.command_timeout_s

    def wait(self, awaitable: Awaitable[T], timeout_s: float | None = None) -> T:
        """Await something besides a command, a database call say; `TimeoutError` when it lasts.

        A hang-up meanwhile does not disturb it; the next command raises `AgiHangup`.
        """
        limit = self._limits.wait_timeout_s if timeout_s is None else timeout_s
        return bridge.wait(asyncio.wait_for(awaitable, limit))

    def test_hangup(self) -> None:
        """Raise `AgiHangup` once the switchboard has said that the channel is gone."""
        if self._connection.hung_up:
            raise AgiHangup("the caller hung up")

    def send_command(self, command: str, *args: object) -> None:
        """Send one command; arguments that were not quoted have to be bare words."""
        words = [str(arg) if isinstance(arg, _Quoted) else _bare(arg) for arg in args]
        line = " ".join([command.strip(), *words]).strip().encode("utf-8", "surrogateescape")
        if len(line) + 1 > _MAX_COMMAND_BYTES:
            raise UnsafeValueError(f"an AGI command is longer than {_MAX_COMMAND_BYTES} bytes")
        lasting = command.strip().startswith(_LASTING)
        self._timeout_s = (
            self._limits.media_timeout_s if lasting else self._limits.command_timeout_s
        )
        self._connection.send(line)
        self.commands_sent += 1

    def get_result(self, stdin: object = None) -> dict[str, tuple[str, str]]:
        """Wait for the answer; pyst2's shape: ``{"result": (value, data)}``."""
        del stdin
        response = self._answer()
        if response.code != 200:
            _refuse(response)
        if response.result == "-1":
            self._explain_failure()
        return {"result": (response.result, response.data)}

    def channel_status(self, channel: str = "") -> int:
        """Return the channel's state (6 is up), -1 for a channel that does not exist."""
        self.test_hangup()
        self.send_command("CHANNEL STATUS", channel)
        response = self._answer()
        if response.code != 200:
            _refuse(response)
        return int(response.result)

    def database_get(self, family: str, key: str) -> str:
        """Return the entry. Raises ``AGIDBError`` when there is none."""
        value, data = self.execute("DATABASE GET", self._quote(family), self._quote(key))["result"]
        if value != "1":
            raise AGIDBError("the switchboard's database has no such key")
        return str(data)

    def _quote(self, string: object) -> str:
        """Escape as parse_args of res_agi.c reads it: backslash before backslash and quote."""
        text = str(string)
        if _CONTROLS.search(text):
            raise UnsafeValueError("a value for the switchboard carries a line end or a NUL")
        return _Quoted('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')

    def _answer(self) -> Response:
        return bridge.wait(self._connection.answer(self._timeout_s))

    def _explain_failure(self) -> NoReturn:
        """Tell a hang-up from a failed command: both answer -1.

        Asterisk drains a hung-up channel before it reads the next command, so that ``HANGUP`` or
        511 comes for this one (res_agi.c, run_agi).
        """
        if self.channel_status() < 0:
            raise AgiHangup("the caller hung up")
        raise AGIAppError("the switchboard could not carry the command out")


def _bare(value: Any) -> str:
    text = str(value)
    if not _BARE.fullmatch(text):
        raise UnsafeValueError("a bare word for the switchboard carries a forbidden character")
    return text


def _refuse(response: Response) -> NoReturn:
    match response.code:
        case 510:
            raise AGIInvalidCommand("the switchboard does not know the command")
        case 511:
            raise AgiHangup("the channel is gone")
        case 520:
            raise AGIUsageError(response.data)
        case code:
            raise AGIUnknownError(f"the switchboard answered with code {code}")
