"""Calls that were missed, of a day on which marks are still made."""

from datetime import UTC, datetime, timedelta

import asyncpg

from gateway.recorder import save_calls
from telephony.events import AgentPart, CallRecord, Outcome

NUMBER = "13800000001"
# Marks are only made of recent calls.
NOW = datetime.now(UTC).replace(hour=4, minute=0, second=0, microsecond=0) - timedelta(days=1)


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def call(
    number: int,
    ends: float,
    *,
    caller: str = NUMBER,
    through: bool = False,
    offered: bool = True,
    revision: int = 5,
    switchboard: str = "sb1",
    outcome: Outcome = Outcome.ABANDONED_QUEUE,
) -> CallRecord:
    """A call that ended so many minutes after `NOW`, abandoned or answered."""
    answered_at = at(ends) - timedelta(seconds=50) if through else None
    part = AgentPart(
        agent="8001",
        interface="PJSIP/1001",
        answered_at=at(ends) - timedelta(seconds=50),
        released_at=at(ends),
        talk_s=50,
        hold_s=0,
    )
    return CallRecord(
        switchboard=switchboard,
        uniqueid=f"1795420800.{number}",
        line="12345",
        caller=caller,
        queue="12345",
        arrived_at=at(ends) - timedelta(seconds=90),
        offered_at=at(ends) - timedelta(seconds=80) if offered else None,
        answered_at=answered_at,
        ended_at=at(ends),
        outcome=Outcome.ANSWERED if through else outcome,
        wait_s=30,
        talk_s=50.0 if through else 0.0,
        hold_s=0,
        agents=(part,) if through else (),
        revision=revision,
    )


async def save(pool: asyncpg.Pool, *calls: CallRecord) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await save_calls(connection, calls)
