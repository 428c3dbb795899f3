"""Records ``deploy/transcripts/day.ami``: two minutes of a hotline, to be replayed.

``python -m tests.wire.record_day [FILE]`` runs the calls on a real switchboard and keeps of what
AMI said all but what tracking has no use for. No telephone number begins with 160, as those of
these callers do.
"""

import asyncio
import sys
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from gateway.transcript import DAY
from telephony.ami.message import event_name
from telephony.clock import timestamp
from tests.support.agi_peer import speaking_agi
from tests.support.asterisk import log_in, running_switchboard, short_settings
from tests.support.capture import AmiRecorder
from tests.support.sipp import caller, free_port, hold, phone
from tests.wire.record import Run

EXPERT_LINE = "12315"
ENTRY = {"entry": ['SET VARIABLE HOTLINE_MODE "day"']}
PHONES = {
    "1001": phone(ring_ms=2500, talk_ms=12_000),
    "1002": phone(ring_ms=3500, talk_ms=17_000),
    "1003": phone(ring_ms=2000, talk_ms=9_000, steps=[hold(after_ms=4000, for_ms=4000)]),
    "1004": phone(ring_ms=4500, talk_ms=21_000),
}
ARRIVALS_S = (4, 8, 11, 16, 22, 31, 35, 36, 37, 38, 49, 54, 62, 69, 76, 84, 91)
IMPATIENT = {26: 400, 40: 7_000, 41: 9_000, 86: 2_500}  # arrival in s: how long they stay, in ms
EXPERT_S = (19, 58)
BREAKS = (("1002", 46, 66, "小休"), ("1003", 74, 96, "就餐"))
PATIENT_MS = 90_000
LEFT_OUT = frozenset(
    b"BridgeCreate BridgeDestroy ContactStatus DeviceStateChange DialState NewCallerid"
    b" NewConnectedLine Newstate PeerStatus QueueParams".split()
)


async def at(second: float, action: Awaitable[object]) -> None:
    await asyncio.sleep(second)
    await action


async def take_break(run: Run, seat: str, reason: str, *, paused: bool) -> None:
    await run.ami.action(
        "QueuePause", Interface=f"PJSIP/{seat}", Paused=str(paused).lower(), Reason=reason
    )


async def work(run: Run) -> None:
    """Everybody comes, the calls happen, everybody leaves."""
    number = iter(range(1, 1000))

    def citizen(stay_ms: int) -> str:
        return caller(f"1600000{next(number):04d}", stay_ms=stay_ms)

    async with asyncio.TaskGroup() as day:
        for second in ARRIVALS_S:
            day.create_task(at(second, run.sipp.call("12345", citizen(PATIENT_MS), deadline_s=150)))
        for second, stay_ms in IMPATIENT.items():
            day.create_task(at(second, run.sipp.call("12345", citizen(stay_ms))))
        for second in EXPERT_S:
            calling = run.sipp.call(EXPERT_LINE, citizen(PATIENT_MS), deadline_s=150)
            day.create_task(at(second, calling))
        for seat, begin_s, end_s, reason in BREAKS:
            day.create_task(at(begin_s, take_break(run, seat, reason, paused=True)))
            day.create_task(at(end_s, take_break(run, seat, "", paused=False)))


async def attend(run: Run, stack: AsyncExitStack) -> None:
    for seat, scenario in PHONES.items():
        port = run.ports[seat]
        await run.sipp.register(seat, run.switchboard.secrets.seats[seat], port)
        await stack.enter_async_context(run.sipp.phone(port, scenario))
        await log_in(run.ami, seat, f"8{seat[1:]}")
    await log_in(run.ami, "1004", "8004", queue="expert")


async def leave(run: Run) -> None:
    for seat in PHONES:
        await run.ami.action("QueueRemove", Queue="12345", Interface=f"PJSIP/{seat}")
    await run.ami.action("QueueRemove", Queue="expert", Interface="PJSIP/1004")


def trimmed(raw: bytes) -> bytes:
    """The greeting and the events, without those `LEFT_OUT`."""
    kept = [
        one
        for one in raw.split(b"\r\n\r\n")
        if timestamp(one) is not None and event_name(one) not in LEFT_OUT
    ]
    return b"Asterisk Call Manager/11.0.0\r\n" + b"".join(one + b"\r\n\r\n" for one in kept)


async def record(file: Path) -> None:
    with TemporaryDirectory(prefix="hotline-record-") as directory:
        settings = short_settings(ring_timeout_s=15)
        async with (
            running_switchboard(Path(directory), settings) as switchboard,
            speaking_agi(settings.agi_port, ENTRY, expert_line=EXPERT_LINE),
        ):
            ami = await AmiRecorder.connect(switchboard.ami_port, switchboard.secrets.ami)
            run = Run(switchboard, ami)
            run.ports = {seat: free_port() for seat in PHONES}
            async with AsyncExitStack() as stack:
                await attend(run, stack)
                await work(run)
                await leave(run)
            await ami.close()
            file.write_bytes(trimmed(bytes(ami.raw)))


if __name__ == "__main__":
    asyncio.run(record(Path(sys.argv[1]) if len(sys.argv) > 1 else DAY))
