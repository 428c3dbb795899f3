"""Measures the FastAGI server: CPU and memory of concurrent sessions, latency of a command.

Run as ``python -m tests.load.bench_agi [sessions] [commands]``. The switchboard's side runs in a
process of its own; it answers every command at once.
"""

import asyncio
import logging
import multiprocessing
import resource
import sys
from time import perf_counter, process_time

import structlog

from telephony.agi.commands import Agi
from telephony.agi.limits import AgiLimits
from telephony.agi.request import AgiCall
from telephony.agi.server import AgiServer
from telephony.agi.session import SessionOutcome
from tests.load.report import percentile, say

HEADER = (
    b"agi_network: yes\nagi_network_script: bench\nagi_channel: PJSIP/trunk-1\n"
    b"agi_uniqueid: 1795420800.7\nagi_callerid: 12345\nagi_extension: 12345\n\n"
)


class SwitchboardSide(asyncio.Protocol):
    """Answers each line with success."""

    def __init__(self, ended: asyncio.Semaphore) -> None:
        self._ended = ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(HEADER)

    def data_received(self, data: bytes) -> None:
        self._transport.write(b"200 result=1\n" * data.count(b"\n"))

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._ended.release()


async def call(port: int, sessions: int) -> None:
    ended = asyncio.Semaphore(0)
    loop = asyncio.get_running_loop()
    for _ in range(sessions):
        await loop.create_connection(lambda: SwitchboardSide(ended), "127.0.0.1", port)
    for _ in range(sessions):
        await ended.acquire()


def call_in_process(port: int, sessions: int) -> None:
    asyncio.run(call(port, sessions))


async def measure(sessions: int, commands: int) -> None:
    """Let all sessions begin, then all of them send their commands at once."""
    everybody_here = asyncio.Event()
    latencies_s: list[float] = []
    waiting = 0

    def script(agi: Agi, _call: AgiCall) -> None:
        nonlocal waiting
        waiting += 1
        if waiting == sessions:
            everybody_here.set()
        agi.wait(everybody_here.wait())
        agi.wait(begin.wait())
        for _ in range(commands):
            started = perf_counter()
            agi.get_data("rating", 1000, 1)
            latencies_s.append(perf_counter() - started)

    begin = asyncio.Event()
    limits = AgiLimits(max_sessions=sessions, wait_timeout_s=60)
    server = AgiServer(
        host="127.0.0.1", port=0, peers=["127.0.0.1"], scripts={"bench": script}, limits=limits
    )
    serving = asyncio.create_task(server.serve())
    await server.started.wait()
    before_kb = resident_kb()
    context = multiprocessing.get_context("spawn")
    peer = context.Process(target=call_in_process, args=(server.port, sessions))
    peer.start()
    await everybody_here.wait()
    session_kb = (resident_kb() - before_kb) / sessions
    cpu_s, wall_s = process_time(), perf_counter()
    begin.set()
    server.stop()
    await serving
    cpu_s, wall_s = process_time() - cpu_s, perf_counter() - wall_s
    peer.join()
    assert server.counts == {SessionOutcome.COMPLETED: sessions}, server.counts
    total = sessions * commands
    say("agi_sessions", sessions, "concurrent")
    say("agi_command_cpu", cpu_s / total * 1e6, "us")
    say("agi_commands_rate", total / wall_s, "1/s")
    say("agi_session_memory", session_kb, "KB")
    say("agi_command_latency_p99", percentile(latencies_s, 0.99) * 1e3, "ms")


def resident_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]] or [1000, 30]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    asyncio.run(measure(*arguments))
