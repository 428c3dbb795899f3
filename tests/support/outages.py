"""Asterisk goes down and comes back, by itself or not."""

import os
import signal
import time
from dataclasses import dataclass

from deploy.embedded.asterisk_process import AsteriskInstance
from tests.support.capture import AmiRecorder
from tests.support.live import until


@dataclass(frozen=True)
class Outage:
    """It was told to go at ``from_s`` (epoch seconds), and said or did nothing after ``last_s``."""

    from_s: float
    last_s: float


async def restart_now(board: AsteriskInstance) -> Outage:
    """``core restart now``: it hangs up every call, in its records too, then starts anew."""
    ami = await AmiRecorder.connect(board.ami_port, board.secrets.ami)
    from_s = time.time()
    await board.cli("core restart now")
    await ami.until(rb"Event: Shutdown\r\n.*Restart: True")
    await ami.until_closed()
    last_s = time.time()
    await ami.close()

    async def up_again() -> bool:
        try:
            again = await AmiRecorder.connect(board.ami_port, board.secrets.ami)
        except (OSError, AssertionError):
            return False
        await again.close()
        return True

    await until(up_again, bool)
    await board.cli("core waitfullybooted")
    return Outage(from_s, last_s)


async def crash(board: AsteriskInstance) -> Outage:
    """It dies without a word, its records end in the middle of the calls, and it starts anew."""
    assert board.pid is not None
    died_s = time.time()
    os.kill(board.pid, signal.SIGKILL)

    async def pid() -> int | None:
        return board.pid

    await until(pid, lambda pid: pid is None)
    await board.start()
    return Outage(died_s, died_s)
