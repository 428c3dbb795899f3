"""One FastAGI session from its header to its end, and the judgement of how it ended."""

import asyncio
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from time import monotonic

from asterisk.agi import AGIError  # type: ignore[import-untyped]  # pyst2 carries no types

from telephony.agi.bridge import run_synchronous
from telephony.agi.commands import Agi
from telephony.agi.connection import AgiConnection
from telephony.agi.errors import AgiHangup
from telephony.agi.limits import AgiLimits
from telephony.agi.request import AgiCall
from telephony.errors import PeerError

Script = Callable[[Agi, AgiCall], None]
"""What answers ``agi://host/name``: written as if commands were blocking."""


class SessionOutcome(StrEnum):
    """How a session ended; the label of its counter."""

    COMPLETED = "completed"
    HANGUP = "hangup"  # the caller's
    PEER_FAULT = "peer_fault"  # the switchboard's
    COMMAND_REFUSED = "command_refused"  # a command the switchboard refuses: a missing prompt, say
    SCRIPT_FAILED = "script_failed"  # ours
    TIMED_OUT = "timed_out"
    UNKNOWN_SCRIPT = "unknown_script"
    FORBIDDEN_PEER = "forbidden_peer"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionReport:
    """``script`` and ``uniqueid`` are empty where the session did not get that far.

    ``error`` is the class of what was raised and where; never its text, which may hold a number.
    """

    outcome: SessionOutcome
    script: str = ""
    uniqueid: str = ""
    error: str = ""
    commands: int = 0
    duration_s: float = 0


class Session:
    """Runs the script a connection asks for."""

    def __init__(
        self, connection: AgiConnection, scripts: Mapping[str, Script], limits: AgiLimits
    ) -> None:
        self._connection = connection
        self._scripts = scripts
        self._limits = limits
        self._call: AgiCall | None = None
        self._agi: Agi | None = None

    async def run(self) -> SessionReport:
        """Return how it ended. Raises nothing but cancellation; the connection is closed."""
        started = monotonic()
        error: BaseException | None = None
        try:
            async with asyncio.timeout(self._limits.session_timeout_s):
                outcome, error = await self._attempt()
        except TimeoutError:
            outcome = SessionOutcome.TIMED_OUT
        except BaseException:
            self._connection.abort()
            raise
        if outcome in {SessionOutcome.SCRIPT_FAILED, SessionOutcome.UNKNOWN_SCRIPT}:
            self._connection.say_failure()
        await self._connection.close()
        return SessionReport(
            outcome=outcome,
            script=self._call.script if self._call else "",
            uniqueid=self._call.uniqueid if self._call else "",
            error=_place(error) if error else "",
            commands=self._agi.commands_sent if self._agi else 0,
            duration_s=monotonic() - started,
        )

    async def _attempt(self) -> tuple[SessionOutcome, BaseException | None]:
        try:
            self._call = call = await self._connection.header()
            script = self._scripts.get(call.script)
            if script is None:
                return SessionOutcome.UNKNOWN_SCRIPT, None
            self._agi = agi = Agi(self._connection, call.header, self._limits)
            await run_synchronous(lambda: script(agi, call))
        except AgiHangup:
            return SessionOutcome.HANGUP, None
        except PeerError as error:
            return SessionOutcome.PEER_FAULT, error
        except AGIError as error:
            return SessionOutcome.COMMAND_REFUSED, error
        except Exception as error:  # noqa: BLE001  # one caller's fault must not end the others'
            return SessionOutcome.SCRIPT_FAILED, error
        return SessionOutcome.COMPLETED, None


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
