"""Messages per second of a replay with all its tracking, beside panoramisk's bare parser.

``python -m tests.load.bench_replay [CAPTURE.ami]``: one JSON object a line. Both read the same
bytes in the same process, by turns, and the median of the rounds counts. The capture is repeated,
each time as other calls (other Uniqueids, later times), until it has ``MESSAGES`` messages.
"""

import asyncio
import json
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from telephony.replay import Totals, replay

MESSAGES = 100_000
ROUNDS = 5
CHUNK = 1 << 16
CAPTURE = Path(__file__).parents[1] / "wire" / "mixed.ami"
INBOUND = {"from-trunk"}
_SECONDS = re.compile(rb"\b(17[0-9]{8})\.([0-9]+)")


def repeated(capture: bytes, times: int) -> bytes:
    """The capture ``times`` times over, each a day later than the one before."""
    first = capture[capture.index(b"\r\n") + 2 :]

    def later(days: int) -> bytes:
        return _SECONDS.sub(
            lambda match: b"%d.%s" % (int(match[1]) + days * 86400, match[2]), first
        )

    return b"".join(later(day) for day in range(times))


def timed(run: Callable[[], int]) -> float:
    """Messages per second."""
    start = time.perf_counter()
    messages = run()
    return messages / (time.perf_counter() - start)


def with_replay(path: Path) -> int:
    """Frame, read, track, and make the record of every call."""
    totals = Totals()
    calls = sum(1 for _ in replay(path, INBOUND, totals))
    assert calls > 0
    return totals.messages


def with_panoramisk(path: Path) -> int:
    """Parse only: nobody listens to the events, nothing is tracked."""

    async def parse() -> int:
        manager = Manager(loop=asyncio.get_running_loop())
        manager.callbacks.clear()  # its own wish to send waiting actions when Asterisk has booted
        manager.patterns.clear()
        protocol = AMIProtocol()
        protocol.connection_made(None)
        protocol.factory, protocol.encoding = manager, manager.config["encoding"]
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                protocol.data_received(chunk)
        return path.read_bytes().count(b"\r\n\r\n")

    return asyncio.run(parse())


def report(name: str, value: float, unit: str, compared: float | None = None) -> None:
    """One figure."""
    figure = {"name": name, "value": round(value, 2), "unit": unit}
    print(json.dumps(figure | ({} if compared is None else {"compared": round(compared, 2)})))  # noqa: T201


def main() -> None:
    """Measure and print."""
    capture = Path(sys.argv[1] if len(sys.argv) > 1 else CAPTURE).read_bytes()
    times = max(1, MESSAGES // capture.count(b"\r\n\r\n"))
    with TemporaryDirectory() as directory:
        path = Path(directory) / "repeated.ami"
        path.write_bytes(repeated(capture, times))
        ours, theirs = [], []
        for _ in range(ROUNDS):
            theirs.append(timed(lambda: with_panoramisk(path)))
            ours.append(timed(lambda: with_replay(path)))
    replayed, parsed = statistics.median(ours), statistics.median(theirs)
    report("replay", replayed, "messages/s", parsed)
    report("panoramisk_parser", parsed, "messages/s")
    report("replay_to_panoramisk", replayed / parsed, "ratio", 4.0)


if __name__ == "__main__":
    main()
