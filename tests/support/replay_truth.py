"""What is recorded against ``hotline replay`` of what AMI said to somebody else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg

from gateway.stored_calls import calls_since
from telephony.events import CallRecord
from telephony.replay import replay, to_json
from tests.support.outages import Outage
from tests.support.reconciling import assert_same
from tests.support.system import System
from tests.support.traffic import Traffic


async def agree_with_replay(system: System, traffic: Traffic, directory: Path) -> None:
    """The replay tells exactly the calls that the database has.

    Where the switchboard went away meanwhile, both heard only a part of those that were up then,
    and the database has the rest from the records. The gateway may be back later than who recorded
    AMI: what it learnt from a snapshot or the records is exact to the second, and a hostile number
    is in a snapshot what the dialplan has made of it.
    """
    captures = traffic.ami.save(directory)
    replayed = {
        call.uniqueid: call for capture in captures for call in replay(capture, {"from-trunk"})
    }
    recorded = {call.uniqueid: call for call in await _recorded(system)}
    if not traffic.outages:
        assert _printed(replayed) == _printed(recorded)
        return
    assert replayed.keys() <= recorded.keys()
    whole = {
        uniqueid: replace(call, caller="")
        for uniqueid, call in recorded.items()
        if not any(_was_up(call, outage) for outage in traffic.outages)
    }
    heard = {uid: replace(call, caller="") for uid, call in replayed.items() if uid in whole}
    assert_same(heard, whole)


async def _recorded(system: System) -> list[CallRecord]:
    connection = await asyncpg.connect(system.database_dsn)
    try:
        return await calls_since(connection, "sb1", datetime.now(UTC) - timedelta(days=1))
    finally:
        await connection.close()


def _printed(calls: dict[str, CallRecord]) -> dict[str, dict[str, object]]:
    return {uniqueid: to_json(call) for uniqueid, call in calls.items()}


def _was_up(call: CallRecord, outage: Outage) -> bool:
    assert call.ended_at is not None
    begins_before = call.arrived_at.timestamp() <= outage.last_s
    return begins_before and call.ended_at.timestamp() >= outage.from_s - 1
