"""What recording costs the switchboard: the same conversations with it and without.

``python -m tests.load.bench_recording [CONVERSATIONS [SECONDS]]``. SIPp's callers and one SIPp that
is every seat's telephone speak to each other through a real Asterisk's queue, both sending 50
packets a second. Its processor time is read while all of them talk, twice each way by turns.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

from deploy.embedded.asterisk_process import AsteriskInstance
from gateway.recordings import HEADER_BYTES
from tests.load.process_cost import cpu_s
from tests.load.report import note, say
from tests.support.asterisk import log_in, running_switchboard, short_settings
from tests.support.capture import AmiRecorder
from tests.support.live import until
from tests.support.ports import free_port
from tests.support.recordings import write_voice
from tests.support.sipp import Sipp, caller, phone, speak

CONVERSATIONS = 20
SECONDS = 20
ROUNDS = 2
CALLS_PER_S = 10
STAY_S = 60
_BRIDGED = b"Event: AgentConnect\r\n"


async def used(home: Path, conversations: int, seconds: int, *, recorded: bool) -> float:
    """Seconds of processor time that Asterisk takes while so many talk for so long."""
    seats = tuple(str(2001 + number) for number in range(conversations))
    settings = short_settings(record_calls=recorded, seats=seats, queue_maxlen=conversations)
    async with running_switchboard(home, settings, prompts_s=0.1) as board:
        async with conversing(board, write_voice(home), conversations):
            assert board.pid is not None
            before = cpu_s(board.pid)
            await asyncio.sleep(seconds)
            spent = cpu_s(board.pid) - before
        heard = [one for one in board.recordings.rglob("*.wav") if _has_sound(one)]
        assert len(heard) == (conversations if recorded else 0), len(heard)
    return spent


@asynccontextmanager
async def conversing(board: AsteriskInstance, voice: Path, count: int) -> AsyncIterator[None]:
    """So many conversations are under way."""
    sipp, port = Sipp(board.sip_port), free_port()
    ami = await AmiRecorder.connect(board.ami_port, board.secrets.ami)
    try:
        for number, seat in enumerate(board.settings.seats):
            await sipp.register(seat, board.secrets.seats[seat], port)
            await log_in(ami, seat, str(9000 + number))
        citizens = caller("1380[call_number]", stay_ms=STAY_S * 1000, steps=[speak(voice)])
        async with sipp.phone(port, phone(steps=[speak(voice)])), asyncio.TaskGroup() as tasks:
            talking = tasks.create_task(
                sipp.call_often(
                    "12345", citizens, calls=count, per_s=CALLS_PER_S, deadline_s=2 * STAY_S
                )
            )
            await until(lambda: _connected(ami), lambda connected: connected == count)
            yield
            talking.cancel()
    finally:
        await ami.close()


async def _connected(ami: AmiRecorder) -> int:
    return bytes(ami.raw).count(_BRIDGED)


def _has_sound(file: Path) -> bool:
    return file.stat().st_size > HEADER_BYTES


async def measure(conversations: int, seconds: int) -> None:
    """Percent of a processor for one conversation, with recording beside without."""
    percent: dict[bool, list[float]] = {False: [], True: []}
    for turn in range(ROUNDS):
        for recorded in (False, True):
            note(f"{conversations} conversations, recorded: {recorded}, turn {turn + 1}")
            with TemporaryDirectory(prefix="hl-bench-", dir="/tmp") as home:
                spent = await used(Path(home), conversations, seconds, recorded=recorded)
            percent[recorded].append(100 * spent / seconds / conversations)
    compared = {
        "not_recorded": round(mean(percent[False]), 3),
        "turns": {str(key): [round(one, 3) for one in each] for key, each in percent.items()},
        "conversations": conversations,
    }
    say("switchboard_cpu_recorded_conversation", mean(percent[True]), "percent", compared)


if __name__ == "__main__":
    asked = [int(word) for word in sys.argv[1:]]
    asyncio.run(measure(*asked, *(CONVERSATIONS, SECONDS)[len(asked) :]))
