"""Messages per second of a replay with all its tracking, beside panoramisk's bare parser.

``python -m tests.load.bench_replay [CAPTURE.ami]``. Both read the same file in the same process by
turns; a round takes one reading of each, and the median of the rounds counts. Time is what the
process spent on a core, so that other work of the machine does not count: neither ever waits.
Without a capture of one's own, the recorded calls of ``tests/wire`` are said again as other calls
until there are `MESSAGES` messages (`tests.load.capture`).
"""

import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from telephony.replay import Totals, replay
from tests.load.capture import write_capture
from tests.load.report import note, say
from tests.load.template import BLANK_LINE

MESSAGES = 200_000
ROUNDS = 5
AIM = 4.0
CHUNK = 1 << 16
INBOUND = {"from-trunk"}


def with_replay(path: Path) -> None:
    """Frame, read, track, and make the record of every call."""
    totals = Totals()
    calls = sum(1 for _ in replay(path, INBOUND, totals))
    assert calls == totals.calls > 0


class _Nowhere(asyncio.Transport):
    """A transport for a protocol that only listens."""

    def close(self) -> None:
        """Nothing is open."""


def with_panoramisk(path: Path) -> None:
    """Parse as its protocol does; nobody has registered for any event."""

    async def parse() -> None:
        manager = Manager(loop=asyncio.get_running_loop())
        protocol = AMIProtocol()
        protocol.connection_made(_Nowhere())
        protocol.factory, protocol.encoding = manager, manager.config["encoding"]
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                protocol.data_received(chunk)

    asyncio.run(parse())


def cpu_s(run: Callable[[Path], None], path: Path) -> float:
    """Seconds that ``run`` took of a core."""
    gc.collect()
    start = time.process_time()
    run(path)
    return time.process_time() - start


def measure(path: Path) -> None:
    """Let both read ``path`` by turns and print the medians."""
    messages = path.read_bytes().count(BLANK_LINE)
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(1, ROUNDS + 1):
        theirs.append(messages / cpu_s(with_panoramisk, path))
        ours.append(messages / cpu_s(with_replay, path))
        note(f"replay {number}/{ROUNDS}: {ours[-1]:.0f} messages/s beside {theirs[-1]:.0f}")
    parsed = round(statistics.median(theirs), 1)
    say("replay_rate", statistics.median(ours), "messages/s", {"panoramisk_manager": parsed})
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    say("replay_to_panoramisk", statistics.median(ratios), "ratio", {"aim": AIM})


def main() -> None:
    """Measure the given capture, or a long one made for it."""
    if len(sys.argv) > 1:
        measure(Path(sys.argv[1]))
        return
    with TemporaryDirectory() as directory:
        path = Path(directory) / "long.ami"
        write_capture(path, MESSAGES)
        measure(path)


if __name__ == "__main__":
    main()
