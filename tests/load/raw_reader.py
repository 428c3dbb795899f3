"""An AMI reader that does nothing: how late the events of a switchboard are anyway.

``python -m tests.load.raw_reader PORT SECRET``. Reads until its standard input ends, then prints
how late events were: milliseconds, percentiles as a JSON object.
"""

import asyncio
import json
import re
import sys
import time

from tests.load.report import percentile

_TIMESTAMP = re.compile(rb"\r\nTimestamp: ([0-9.]+)\r\n")


async def read(port: int, secret: str) -> list[float]:
    """Milliseconds by which each event was late."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"Action: Login\r\nUsername: hotline\r\nSecret: {secret}\r\n\r\n".encode())
    late_ms: list[float] = []

    async def take() -> None:
        while data := await reader.read(1 << 16):
            now = time.time()
            late_ms.extend((now - float(said)) * 1e3 for said in _TIMESTAMP.findall(data))

    taking = asyncio.create_task(take())
    await asyncio.to_thread(sys.stdin.read)
    taking.cancel()
    writer.close()
    return late_ms


def main() -> None:
    """Command line."""
    late_ms = asyncio.run(read(int(sys.argv[1]), sys.argv[2]))
    shares = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    sys.stdout.write(json.dumps({name: percentile(late_ms, at) for name, at in shares.items()}))


if __name__ == "__main__":
    main()
