"""Many calls a second for a minute on a real Asterisk: is anything lost, and how late are we?

``python -m tests.load.bench_switchboard [CALLS_PER_S [SECONDS]]``. SIPp's callers reach a queue
whose members are Local channels that answer at once and talk a second; the program's own link and
tracker read along in this process. Beside it a reader that does nothing (`tests.load.raw_reader`)
tells how late the same events are anyway: what we add is the difference.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.embedded.asterisk_process import AsteriskInstance
from telephony.ami.client import Endpoint
from telephony.events import CallEvent, CallRecord, Event
from telephony.link import Link, LinkSink, LinkState, LinkStatus
from telephony.tracker import Tracker
from tests.load.report import note, percentile, say
from tests.support.asterisk import running_switchboard, short_settings
from tests.support.crowd import add_crowd, add_steps
from tests.support.live import until
from tests.support.queue_log_truth import outcomes, plainly
from tests.support.sipp import Sipp, caller

CALLS_PER_S = 100  # what two cores carry of Asterisk, SIPp and two readers together
AIM_PER_S = 200
SECONDS = 60
MEMBERS = 120  # twice as many as talk at any time
TALK_S = 0.3
STAY_MS = 20_000
DRAIN_S = 60.0
AIM_MS = 5.0
ROOM = {"rtp_end": 21_999, "queue_maxlen": 10_000, "wrapup_s": 0, "ring_timeout_s": 20}
# The own dialplan asks the gateway, greets and lets rate: half as much again for Asterisk.
_STRAIGHT = ("Answer()", "Queue(12345)", "Hangup()")


@dataclass(slots=True)
class Heard:
    """What the link told."""

    late_ms: list[float] = field(default_factory=list)
    ended: dict[str, CallRecord] = field(default_factory=dict)
    up: asyncio.Event = field(default_factory=asyncio.Event)
    losses: int = 0

    def take(self, events: Sequence[Event]) -> None:
        """Events, as they are told."""
        now = time.time()
        for event in events:
            if isinstance(event, CallEvent):
                self.late_ms.append((now - event.at.timestamp()) * 1e3)
                if event.call.ended_at is not None:
                    self.ended[event.call.uniqueid] = event.call

    def take_state(self, state: LinkState) -> None:
        """A change of the link."""
        if state.status is LinkStatus.UP:
            self.up.set()
        elif self.up.is_set() and state.reason != "stopped":
            self.losses += 1


@asynccontextmanager
async def listening(board: AsteriskInstance) -> AsyncIterator[Heard]:
    """The link of the program to ``board``."""
    heard = Heard()
    endpoint = Endpoint("127.0.0.1", "hotline", board.secrets.ami, board.ami_port)
    sink = LinkSink(on_events=heard.take, on_state=heard.take_state, on_lost=lambda _calls: None)
    link = Link(endpoint, Tracker("sb1", inbound_contexts={"from-trunk"}), sink)
    running = asyncio.create_task(link.run())
    try:
        await heard.up.wait()
        yield heard
    finally:
        running.cancel()
        await asyncio.wait([running])


@asynccontextmanager
async def reading_along(board: AsteriskInstance, late: dict[str, float]) -> AsyncIterator[None]:
    """A reader that does nothing; ``late`` has its percentiles afterwards."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.load.raw_reader", str(board.ami_port), board.secrets.ami),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield
        said, _ = await process.communicate(b"")
        late |= json.loads(said)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def measure(per_s: int, seconds: int) -> None:
    """One run; raises AssertionError when anything was lost."""
    calls, late = per_s * seconds, dict[str, float]()
    settings = short_settings(**ROOM)
    with TemporaryDirectory(prefix="hl-bench-", dir="/tmp") as home:
        async with running_switchboard(Path(home), settings, prompts_s=0.1) as board:
            await add_steps(board, "12345", "from-trunk", *_STRAIGHT)
            await add_crowd(board, MEMBERS, talk_s=TALK_S)
            async with reading_along(board, late), listening(board) as heard:
                note(f"switchboard: {per_s} calls/s for {seconds} s")
                await Sipp(board.sip_port).call_often(
                    *("12345", caller("1380[call_number]", stay_ms=STAY_MS)),
                    calls=calls, per_s=per_s, deadline_s=seconds + DRAIN_S,
                )  # fmt: skip
                await until(lambda: differences(board, heard), lambda found: not found)
            assert len(heard.ended) == calls
    report(per_s, calls, heard, late)


async def differences(board: AsteriskInstance, heard: Heard) -> list[str]:
    """Every caller who was told otherwise than by ``queue_log``, or not at all."""
    truth = await asyncio.to_thread(outcomes, board.queue_log)
    told = {uniqueid: plainly(call.outcome) for uniqueid, call in heard.ended.items()}
    return [
        f"{uniqueid}: {told.get(uniqueid)}, in queue_log {truth.get(uniqueid)}"
        for uniqueid in sorted(truth.keys() | told.keys())
        if told.get(uniqueid) != truth.get(uniqueid)
    ]


def report(per_s: int, calls: int, heard: Heard, late: dict[str, float]) -> None:
    """Milliseconds from the switchboard's time stamp."""
    under = {
        "calls_per_s": per_s,
        "aim_per_s": AIM_PER_S,
        "calls": calls,
        "lost": 0,
        "link_losses": heard.losses,
    }
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        ours, bare = percentile(heard.late_ms, share), late[name]
        say(f"switchboard_event_lag_{name}", ours, "ms", {"bare": round(bare, 3), **under})
        say(f"switchboard_added_lag_{name}", ours - bare, "ms", {"aim": AIM_MS})


if __name__ == "__main__":
    asked = [int(word) for word in sys.argv[1:]]
    asyncio.run(measure(*asked, *(CALLS_PER_S, SECONDS)[len(asked) :]))
