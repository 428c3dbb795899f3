"""FAULTS 6, O5: ratings while the gateway is killed or absent, or PostgreSQL does not answer.

Each caller is asked, by whoever is there, and rates once; the dialplan goes on.
"""

import asyncio
from typing import Any

import asyncpg

from deploy.embedded.asterisk_process import AsteriskInstance
from tests.support.asterisk import log_in
from tests.support.capture import AmiRecorder
from tests.support.live import until
from tests.support.ports import free_port
from tests.support.sipp import Sipp, Step, caller, phone, press
from tests.support.system import System

TALK_MS = 300


def pressing(key: str, *, from_ms: int = 600) -> list[Step]:
    """Presses a key again and again."""
    return [press(key, after_ms=700 if number else from_ms) for number in range(20)]


async def in_rating(board: AsteriskInstance) -> None:
    """Returns when a caller is asked by the gateway's script."""

    async def applications() -> str:
        return await board.cli("core show channels concise")

    await until(applications, lambda shown: "!rating!" in shown and "!AGI!" in shown)


async def ratings(dsn: str) -> list[tuple[Any, ...]]:
    """Every rating with its agent, by number of the caller."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            "select caller, answer, ratings.agent, ended_at is not null as ended"
            " from ratings join calls using (call_id) order by caller"
        )
    finally:
        await connection.close()
    return [tuple(row) for row in rows]


async def test_every_caller_rates_once(system: System) -> None:
    board, gateway, dsn = system.switchboard, system.gateway, system.database_dsn
    sipp, port = Sipp(board.sip_port), free_port()
    await sipp.register("1001", board.secrets.seats["1001"], port)
    ami = await AmiRecorder.connect(board.ami_port, board.secrets.ami)
    await log_in(ami, "1001", "8001")
    await ami.close()

    async with sipp.phone(port, phone(talk_ms=TALK_MS)):
        # PostgreSQL takes no rating: the caller is thanked all the same.
        locker = await asyncpg.connect(dsn)
        async with locker.transaction():
            await locker.execute("lock table ratings in access exclusive mode")
            await sipp.call("12345", caller("13800000001", steps=pressing("1")), deadline_s=30)
        await locker.close()
        assert "rating_left_to_records" in gateway.log.read_text("utf-8")

        # Killed while it asks: the dialplan asks again.
        late = pressing("2", from_ms=4300)
        asked = asyncio.create_task(sipp.call("12345", caller("13800000002", steps=late)))
        await in_rating(board)
        gateway.kill()
        await asked
        await gateway.stop()

        # Absent.
        await sipp.call("12345", caller("13800000003", steps=pressing("3")), deadline_s=30)

        # Back again: nothing is lost, nothing doubled.
        await gateway.start()
        await sipp.call("12345", caller("13800000004", steps=pressing("1")), deadline_s=30)
    await until(
        lambda: ratings(dsn),
        lambda rows: (
            rows
            == [
                ("13800000001", "satisfied", "8001", True),
                ("13800000002", "basically_satisfied", "8001", True),
                ("13800000003", "dissatisfied", "8001", True),
                ("13800000004", "satisfied", "8001", True),
            ]
        ),
        wait_s=10,
    )
