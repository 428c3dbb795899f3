"""FAULTS 9, 10, 14: Asterisk is restarted or stands still; the gateway stands still until cut off.

``HOTLINE_TEST_FROZEN_S`` says for how long Asterisk stands still at least.
"""

import asyncio
import csv
import os
import re
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import asyncpg
import pytest

from deploy.embedded.asterisk_process import AsteriskInstance
from deploy.errors import SwitchboardError
from tests.support.asterisk import log_in
from tests.support.capture import AmiRecorder
from tests.support.gateway import Api
from tests.support.live import live_page, of, until
from tests.support.outages import Outage, crash, restart_now
from tests.support.ports import free_port
from tests.support.queue_log_truth import outcomes, recorded_outcomes
from tests.support.sipp import Sipp, caller, phone, press
from tests.support.system import System

CLOSED_WITHIN_S = 15.0
SHOWN_WITHIN_S = 10.0
FROZEN_S = float(os.environ.get("HOTLINE_TEST_FROZEN_S", "0"))
CASE = {"kind": "complaint", "title": "路灯不亮", "body": "人民路18号门前路灯三天不亮"}


@asynccontextmanager
async def staffed(system: System, *, talk_ms: int = 60_000) -> AsyncIterator[Sipp]:
    """Agent 8001 is ready at a telephone that answers."""
    board, port = system.switchboard, free_port()
    sipp = Sipp(board.sip_port)
    await sipp.register("1001", board.secrets.seats["1001"], port)
    ami = await AmiRecorder.connect(board.ami_port, board.secrets.ami)
    await log_in(ami, "1001", "8001")
    await ami.close()
    async with sipp.phone(port, phone(ring_ms=200, talk_ms=talk_ms)):
        yield sipp


async def calls(system: System) -> list[tuple[str, str | None]]:
    """Last digits of each caller, and how the call ended."""
    connection = await asyncpg.connect(system.database_dsn)
    try:
        rows = await connection.fetch(
            "select right(caller, 4), outcome from calls order by arrived_at"
        )
    finally:
        await connection.close()
    return [tuple(row) for row in rows]


async def connected(chief: Api) -> bool:
    (link,) = (await chief.get("/api/v1/board"))["switchboards"]
    return bool(link["connected"])


@asynccontextmanager
async def caller_of(sipp: Sipp, number: str) -> AsyncIterator[None]:
    """A citizen who stays; how his call ends for him does not matter."""
    calling = asyncio.create_task(sipp.call("12345", caller(number), deadline_s=60))
    try:
        yield
    finally:
        calling.cancel()
        await asyncio.wait([calling])


@pytest.mark.parametrize(
    ("fault", "outcomes_then"),
    [
        (restart_now, ["answered", "abandoned_queue"]),
        (crash, ["switch_restart", "switch_restart"]),
    ],
)
async def test_restart_closes_what_was_up(
    system: System,
    fault: Callable[[AsteriskInstance], Awaitable[Outage]],
    outcomes_then: list[str],
) -> None:
    async with (
        staffed(system) as sipp,
        system.gateway.browser("chief") as chief,
        live_page(chief) as page,
        caller_of(sipp, "13800000001"),
    ):
        await page.until("call.answered", of("0001"))
        async with caller_of(sipp, "13800000002"):
            await page.until("call.queued", of("0002"))
            await fault(system.switchboard)
            booted_s = time.monotonic()
            closed = list(zip(["0001", "0002"], outcomes_then, strict=True))
            await until(lambda: calls(system), lambda rows: rows == closed, CLOSED_WITHIN_S)
            rest_s = CLOSED_WITHIN_S + booted_s - time.monotonic()
            await until(lambda: connected(chief), bool, rest_s)


async def close_case(agent: Api, call_id: str) -> str:
    """Register and close a case: its caller is to be called back."""
    case = await agent.post("/api/v1/cases", CASE | {"call_id": call_id})
    closing = {"result": "已派维修", "version": case["version"]}
    await agent.post(f"/api/v1/cases/{case['case_no']}/close", closing)
    return str(case["case_no"])


def dialled(board: AsteriskInstance) -> Counter[str]:
    """How often each callback attempt was dialled, by the switchboard's own records."""
    with board.cel_csv.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    return Counter(row[12] for row in rows if row[0] == "CHAN_START" and row[12] == row[13]
                   and row[12].startswith("survey-"))  # fmt: skip


async def test_frozen_switchboard_is_shown_and_nobody_is_called_twice(system: System) -> None:
    board = system.switchboard
    answers = phone(ring_ms=300, steps=[press("1", after_ms=700) for _ in range(14)])
    async with (
        staffed(system, talk_ms=400) as sipp,
        sipp.phone(board.settings.trunk_port, answers),
        system.gateway.browser("chief") as chief,
        system.gateway.browser("agent8001") as agent,
        live_page(chief) as page,
    ):
        await sipp.call("12345", caller("13800000001", stay_ms=2500))
        ended = await page.until("call.ended", of("0001"))
        assert board.pid is not None
        os.kill(board.pid, signal.SIGSTOP)
        frozen_s = time.monotonic()
        try:
            case_no = await close_case(agent, ended["data"]["call_id"])
            rest_s = SHOWN_WITHIN_S + frozen_s - time.monotonic()
            await until(lambda: connected(chief), lambda up: not up, rest_s)
            await asyncio.sleep(max(0.0, FROZEN_S + frozen_s - time.monotonic()))
        finally:
            os.kill(board.pid, signal.SIGCONT)
        await until(lambda: connected(chief), bool, 30)
        case = await until(
            lambda: agent.get(f"/api/v1/cases/{case_no}"),
            lambda found: found["survey"] and found["survey"][0]["outcome"],
            60,
        )
    assert len(case["survey"]) == 1
    assert set(dialled(board).values()) <= {1}
    assert case["survey"][0]["outcome"] in {"completed", "unknown", "congestion", "not_dialled"}


async def drop_the_gateway(board: AsteriskInstance, ami: AmiRecorder) -> None:
    """Events without end, until the switchboard cuts off who does not read them."""
    async with asyncio.timeout(60):
        before = await sessions(board)
        while await sessions(board) >= before:
            for _ in range(50):
                await ami.action(
                    "Originate",
                    Channel="Local/0@seats",
                    Context="seats",
                    Exten="0",
                    Priority="1",
                    Async="true",
                )


async def sessions(board: AsteriskInstance) -> int:
    """How many are logged in by AMI; a console that is too busy to say so is asked again."""
    while True:
        with suppress(SwitchboardError):
            return (await board.cli("manager show connected")).count("hotline")


async def test_gateway_that_stands_still_until_it_is_cut_off(system: System) -> None:
    board, gateway = system.switchboard, system.gateway
    assert gateway.process is not None
    ami = await AmiRecorder.connect(board.ami_port, board.secrets.ami)
    async with (
        staffed(system, talk_ms=3000) as sipp,
        gateway.browser("chief") as chief,
        live_page(chief) as page,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(sipp.call("12345", caller("13800000001")))
        await page.until("call.answered", of("0001"))
        gateway.process.send_signal(signal.SIGSTOP)
        try:  # one ends, one comes and goes, one is still there afterwards
            meanwhile = group.create_task(sipp.call("12345", caller("13800000002", stay_ms=2200)))
            await drop_the_gateway(board, ami)
            await meanwhile
            stays = group.create_task(sipp.call("12345", caller("13800000003")))
        finally:
            gateway.process.send_signal(signal.SIGCONT)
        await stays
    await ami.close()
    truth = sorted(outcomes(board.queue_log).items())
    assert len(truth) == 3
    await until(
        lambda: recorded_outcomes(system.database_dsn), lambda rows: rows == truth, wait_s=10
    )
    counted = re.compile(
        r'^hotline_reconciliation_runs_total{cause="reconnect"} [1-9]', re.MULTILINE
    )
    await until(gateway.metrics, lambda text: counted.search(text) is not None)
