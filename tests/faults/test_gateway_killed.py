"""FAULTS 1: the gateway is killed while calls are queued and in conversation (O5, invariant C)."""

import asyncio
from contextlib import AsyncExitStack

from tests.support.asterisk import log_in
from tests.support.capture import AmiRecorder
from tests.support.live import until
from tests.support.ports import free_port
from tests.support.queue_log_truth import outcomes, recorded_outcomes
from tests.support.sipp import Sipp, caller, phone
from tests.support.system import System


async def test_calls_survive_a_killed_gateway(system: System) -> None:
    switchboard, gateway = system.switchboard, system.gateway
    sipp, port = Sipp(switchboard.sip_port), free_port()
    await sipp.register("1001", switchboard.secrets.seats["1001"], port)
    ami = await AmiRecorder.connect(switchboard.ami_port, switchboard.secrets.ami)
    await log_in(ami, "1001", "8001")
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as calls:
        stack.push_async_callback(ami.close)
        await stack.enter_async_context(sipp.phone(port, phone(talk_ms=4000)))

        def place(number: int, stay_ms: int) -> asyncio.Task[None]:
            return calls.create_task(
                sipp.call("12345", caller(f"1380000{number:04d}", stay_ms=stay_ms))
            )

        mark = ami.mark()
        talking = place(1, 60_000)  # the agent hangs up after 4 s
        await ami.until(rb"Event: AgentConnect", since=mark)
        mark_of_second = ami.mark()
        queued = rb"Event: QueueCallerJoin\r\n.*Position: %d"
        waiting = place(2, 60_000)  # still there when the gateway is back
        await ami.until(queued % 1, since=mark_of_second)
        impatient = place(3, 3_500)  # gives up while it is away
        await ami.until(queued % 2, since=mark_of_second)
        gateway.kill()
        meanwhile = place(4, 1_500)  # comes and goes while nobody listens
        await meanwhile
        await gateway.stop()
        await gateway.start()
        late = place(5, 60_000)
        for call in (talking, waiting, impatient, late):
            await call

    truth = sorted(outcomes(switchboard.queue_log).items())
    assert sorted(outcome for _, outcome in truth) == [
        "abandoned",
        "abandoned",
        "answered",
        "answered",
        "answered",
    ]
    await until(
        lambda: recorded_outcomes(system.database_dsn), lambda rows: rows == truth, wait_s=10
    )
