"""From the AMI bytes on the socket to the frame on the agent's page, and what a call costs.

``python -m tests.load.bench_pop [--per-s CALLS] [--agents AGENTS] [--seconds S]``. The real program
on real PostgreSQL and Redis, linked to a scripted switchboard (`tests.load.peer`) that plays a
recorded queue call over and over, at random distances, for agents whose pages are connected. The
clock of a pop runs from just before the bytes of ``AgentCalled`` are written until the page has
``call.ringing``. Switchboard and pages share one process and the machine with the gateway: their
delays are in it.
"""

import argparse
import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.redis import EmbeddedRedis
from deploy.migrate import migrate
from telephony.tracker import Tracker
from tests.load.agents import FIRST_AGENT, Pops, add_agents, connected_pages, sessions_of_agents
from tests.load.one_call import OneCall, read_one_call
from tests.load.peer import RECORDED_QUEUE, SwitchboardPeer
from tests.load.process_cost import cpu_s, resident_mb
from tests.load.report import note, percentile, say
from tests.support.calls import seeded
from tests.support.gateway import Gateway, gateway_on

WARM_UP_S = 5.0
MEASURED_S = 35.0
REST_S = 3.0
TIMER_S = 0.01
DRAIN_S = 20.0
AIM_MS = 20.0


@dataclass(frozen=True, slots=True)
class Load:
    """What is measured."""

    calls_per_s: float = 20.0
    agents: int = 200
    seconds: float = MEASURED_S


@dataclass(slots=True)
class Bench:
    """Everything that runs."""

    gateway: Gateway
    peer: SwitchboardPeer
    pops: Pops
    dsn: str

    @property
    def pid(self) -> int:
        """Of the gateway."""
        assert self.gateway.process is not None
        return self.gateway.process.pid


@asynccontextmanager
async def running(
    call: OneCall, agents: int, queues: Sequence[str] = (RECORDED_QUEUE,)
) -> AsyncIterator[Bench]:
    """Engines, switchboard, gateway and pages; every agent is in all ``queues``."""
    async with AsyncExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="hl-bench-", dir="/tmp")))
        postgres = await stack.enter_async_context(EmbeddedPostgres(home / "postgres"))
        redis = await stack.enter_async_context(EmbeddedRedis(home / "redis"))
        peer = SwitchboardPeer(call, agents, queues)
        server = await asyncio.get_running_loop().create_server(lambda: peer, "127.0.0.1", 0)
        stack.callback(server.close)
        port = server.sockets[0].getsockname()[1]
        await migrate(postgres.dsn)
        await add_agents(postgres.dsn, agents)
        ami = f"ami://hotline:secret@127.0.0.1:{port}"
        gateway = gateway_on(
            home, database=postgres.dsn, redis=redis.url, ami=ami, queues=json.dumps(queues)
        )
        stack.push_async_callback(gateway.stop)
        await gateway.start()
        note("pop: the gateway is ready")
        assert gateway.process is not None
        at_rest_mb = resident_mb(gateway.process.pid)
        say("gateway_memory_at_rest", at_rest_mb, "MB", {"agents": agents, "queues": len(queues)})
        tokens = await sessions_of_agents(postgres.dsn, redis.url)
        pops = await stack.enter_async_context(connected_pages(gateway, tokens))
        note(f"pop: {len(tokens)} pages are connected")
        yield Bench(gateway, peer, pops, postgres.dsn)


async def play(
    peer: SwitchboardPeer, per_s: float, seconds: float, tasks: asyncio.TaskGroup
) -> int:
    """Begin calls for so long, at random; returns how many."""
    random, loop = seeded(12345), asyncio.get_running_loop()
    begins_at, end, calls = loop.time(), loop.time() + seconds, 0
    while begins_at < end:
        await asyncio.sleep(begins_at - loop.time())
        tasks.create_task(peer.play_call())
        begins_at += random.expovariate(per_s)
        calls += 1
    return calls


async def measure(load: Load) -> None:
    """One run; raises AssertionError when anything was lost or went astray."""
    call = read_one_call()
    delays_ms: list[float] = []
    async with running(call, load.agents) as bench:
        await report_rest(bench.pid)
        async with asyncio.TaskGroup() as tasks:
            await play(bench.peer, load.calls_per_s, WARM_UP_S, tasks)
            begun, cpu, written = time.perf_counter(), cpu_s(bench.pid), bench.peer.written
            note(f"pop: {load.calls_per_s:g} calls/s for {load.seconds:g} s")
            watching = asyncio.create_task(watch_timers(delays_ms))
            calls = await play(bench.peer, load.calls_per_s, load.seconds, tasks)
            watching.cancel()
            cpu, written = cpu_s(bench.pid) - cpu, bench.peer.written - written
        rung = {uid: one for uid, one in bench.peer.rung_at.items() if one[1] >= begun}
        await until_recorded(bench.dsn, len(bench.peer.rung_at))
        check_deliveries(bench.peer, bench.pops)
        report_latency(load, rung, bench.pops, delays_ms)
        report_cost(cpu, calls, written, call)
        say("gateway_memory_after_run", resident_mb(bench.pid), "MB")


async def watch_timers(delays_ms: list[float]) -> None:
    """How late this process itself wakes up: what the machine adds to every figure here."""
    while True:
        due = time.perf_counter() + TIMER_S
        await asyncio.sleep(TIMER_S)
        delays_ms.append((time.perf_counter() - due) * 1e3)


async def report_rest(pid: int) -> None:
    """What the gateway uses with every page connected and nobody calling."""
    before, began = cpu_s(pid), time.perf_counter()
    await asyncio.sleep(REST_S)
    share = (cpu_s(pid) - before) / (time.perf_counter() - began)
    say("gateway_cpu_at_rest", share * 100, "% of a core")


async def until_recorded(dsn: str, calls: int) -> None:
    """Every call is in PostgreSQL as answered and ended."""
    connection = await asyncpg.connect(dsn)
    recorded = 0
    try:
        async with asyncio.timeout(DRAIN_S):
            while recorded != calls:
                recorded = await connection.fetchval(
                    "select count(*) from calls where outcome = 'answered'"
                )
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"{recorded} of {calls} calls were recorded as answered") from None
    finally:
        await connection.close()


def check_deliveries(peer: SwitchboardPeer, pops: Pops) -> None:
    """Every ring reached its agent once and nobody else; no page lost its connection."""
    assert pops.closed == 0, f"{pops.closed} pages lost their connection"
    assert pops.strangers == 0, f"{pops.strangers} frames reached an agent they do not concern"
    rung = {f"sb1-{uid}": str(FIRST_AGENT + seat) for uid, (seat, _) in peer.rung_at.items()}
    popped = {call_id: [agent for agent, _ in whose] for call_id, whose in pops.arrived.items()}
    astray = {call: popped.get(call) for call in rung if popped.get(call) != [rung[call]]}
    assert not astray, f"{len(astray)} rings did not reach just their agent: {astray}"
    assert popped.keys() == rung.keys(), "pages popped up for calls that do not exist"


def report_latency(
    load: Load, rung: dict[str, tuple[int, float]], pops: Pops, delays_ms: list[float]
) -> None:
    """Milliseconds from the bytes to the frame."""
    under = {"calls_per_s": load.calls_per_s, "agents": load.agents}
    took_ms = [
        (pops.arrived[f"sb1-{uid}"][0][1] - wrote_at) * 1e3 for uid, (_, wrote_at) in rung.items()
    ]
    say("pops", len(took_ms), "rings", {"misdelivered": 0, "missing": 0, **under})
    say("pop_latency_p50", percentile(took_ms, 0.50), "ms", under)
    say("pop_latency_p95", percentile(took_ms, 0.95), "ms", under)
    late_ms = round(percentile(delays_ms, 0.99), 3)
    judged = {"aim": AIM_MS, "timer_p99": late_ms, **under}
    say("pop_latency_p99", percentile(took_ms, 0.99), "ms", judged)
    say("pop_latency_max", max(took_ms), "ms", under)


def report_cost(cpu: float, calls: int, written: int, call: OneCall) -> None:
    """Processor time of the gateway: of everything it did meanwhile, by call and by message."""
    handled = Tracker("sb1")._handlers
    names = [message.template.name for burst in call.bursts for message in burst.messages]
    interest = sum(b"Event: " + (name or b"") in handled for name in names) / len(names)
    say("gateway_cpu_per_call", cpu / calls * 1e3, "ms", {"messages_per_call": call.messages})
    say("gateway_cpu_per_message", cpu / written * 1e6, "us")
    say("gateway_cpu_per_message_of_interest", cpu / (written * interest) * 1e6, "us")


def main() -> None:
    """Command line."""
    parser, usual = argparse.ArgumentParser(), Load()
    parser.add_argument("--per-s", type=float, default=usual.calls_per_s)
    parser.add_argument("--agents", type=int, default=usual.agents)
    parser.add_argument("--seconds", type=float, default=usual.seconds)
    asked = parser.parse_args()
    asyncio.run(measure(Load(asked.per_s, asked.agents, asked.seconds)))


if __name__ == "__main__":
    main()
