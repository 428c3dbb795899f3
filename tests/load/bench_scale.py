"""A big house: 1,000 seats, each in 10 queues, 1,000 pages, and 1,000 calls up at once.

``python -m tests.load.bench_scale``. The real program, linked to a scripted switchboard
(`tests.load.peer`). Figures: how long the first snapshot of 10,000 members takes; how late a pop is
that the switchboard says right after 10,000 changes of members (everybody is paused in every queue,
or unpaused); the gateway's memory while 1,000 calls are up.
"""

import asyncio
import json
import time
from datetime import datetime

from tests.load.agents import FIRST_AGENT
from tests.load.bench_pop import Bench, check_deliveries, running, until_recorded
from tests.load.one_call import read_one_call
from tests.load.process_cost import resident_mb
from tests.load.report import note, say
from tests.support.gateway import Gateway

SEATS = 1_000
QUEUES = ("12345", *(f"queue{number}" for number in range(2, 11)))
STORMS = 4
AIM_LAG_S = 2.0
CALLS_UP = 1_000
CALLS_PER_S = 40.0
POP_WITHIN_S = 30.0
CALL_S = 10.0
LOOK_S = 0.002


async def measure() -> None:
    """One run; raises AssertionError when anything was lost or went astray."""
    async with running(read_one_call(), SEATS, QUEUES) as bench:
        report_snapshot(bench.gateway)
        lags = [await storm_lag_s(bench, paused=number % 2 == 0) for number in range(STORMS)]
        size = {"aim": AIM_LAG_S, "seats": SEATS, "queues": len(QUEUES)}
        say("reload_storm_lag_max", max(lags), "s", size)
        async with asyncio.TaskGroup() as calls:
            bench.peer.held = True
            await fill(bench, calls)
            say("gateway_memory_busy", resident_mb(bench.pid), "MB", {"calls_up": CALLS_UP})
            bench.peer.release()
        await until_recorded(bench.dsn, len(bench.peer.rung_at))
        check_deliveries(bench.peer, bench.pops)


def report_snapshot(gateway: Gateway) -> None:
    """From logging in to knowing every seat, by the gateway's own log."""
    at: dict[str, datetime] = {}
    for line in gateway.log.read_text("utf-8").splitlines():
        said = json.loads(line) if line.startswith("{") else {}
        if said.get("event") == "switchboard_link":
            at.setdefault(said["status"], datetime.fromisoformat(said["timestamp"]))
    took_s = (at["up"] - at["synchronising"]).total_seconds()
    say("snapshot_time", took_s, "s", {"members": SEATS * len(QUEUES)})


async def storm_lag_s(bench: Bench, *, paused: bool) -> float:
    """How late a pop is behind changes of all members, counted from before they were said."""
    peer, known = bench.peer, set(bench.peer.rung_at)
    began: list[float] = []

    def storm() -> None:
        began.append(time.perf_counter())
        said = peer.pause_everybody(paused=paused)
        note(f"scale: {said} members changed")

    playing = asyncio.create_task(peer.play_call(storm))
    async with asyncio.timeout(POP_WITHIN_S):
        while not (new := peer.rung_at.keys() - known):
            await asyncio.sleep(LOOK_S)
        call_id = f"sb1-{new.pop()}"
        while call_id not in bench.pops.arrived:
            await asyncio.sleep(LOOK_S)
        await playing
    lag_s = bench.pops.arrived[call_id][0][1] - began[0]
    note(f"scale: the pop behind them came after {lag_s:.3f} s")
    return lag_s


async def fill(bench: Bench, calls: asyncio.TaskGroup) -> None:
    """Bring `CALLS_UP` calls up, and wait until the gateway has heard of all."""
    for number in range(CALLS_UP):
        calls.create_task(bench.peer.play_call())
        await asyncio.sleep(1 / CALLS_PER_S)
        if number % 200 == 0:
            note(f"scale: {number} calls are up")
    async with asyncio.timeout(POP_WITHIN_S):
        while len(bench.pops.arrived) < STORMS + CALLS_UP:
            await asyncio.sleep(LOOK_S)
    await asyncio.sleep(CALL_S)
    assert bench.peer.busy == CALLS_UP, bench.peer.busy


if __name__ == "__main__":
    assert FIRST_AGENT + SEATS < 10_000, "agents have four digits"
    asyncio.run(measure())
