"""Cases with clocks, in a real PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from ticketing import cases
from ticketing.case import Actor, ActorRole, Case, CaseKind, NewCase
from ticketing.clocks import case_clocks
from ticketing.clocks.case_clocks import Clock
from ticketing.clocks.deadline import Allowance, Timing
from ticketing.clocks.rules import ClockKind, Urgency
from ticketing.clocks.working_time import CITY, WorkingHours

HOURS = WorkingHours.parse("09:00-12:00,13:00-17:30")
TIMING = Timing(hours=HOURS, yellow_share=0.25, yellow_before=timedelta(0))
CLOSING, SIGNING = ClockKind.CLOSING, ClockKind.SIGNING


def at(text: str) -> datetime:
    """A moment of November or December 2026 in the city, such as ``11-23 10:00``."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=CITY)


@dataclass
class CaseOffice:
    """Opens cases and acts on their clocks, each act in a transaction of its own."""

    pool: asyncpg.Pool
    actor: Actor

    async def open(self, now: datetime, urgency: Urgency | None = Urgency.ORDINARY) -> Case:
        """A case, with a closing clock unless `urgency` is `None`."""
        new = NewCase(kind=CaseKind.HELP, title="路灯不亮", body="三天了")
        async with self.pool.acquire() as conn, conn.transaction():
            case = await cases.open_case(conn, new, actor=self.actor, now=now)
            if urgency is not None:
                await case_clocks.start(
                    conn,
                    case.case_id,
                    CLOSING,
                    urgency=urgency,
                    timing=TIMING,
                    actor="li",
                    at=now,
                )
        return case

    async def start(self, case: Case, kind: ClockKind, now: datetime, **more: Any) -> Clock:
        """Start a clock of an open case."""
        async with self.pool.acquire() as conn, conn.transaction():
            how = {"urgency": Urgency.ORDINARY} | more
            return await case_clocks.start(
                conn, case.case_id, kind, timing=TIMING, actor="li", at=now, **how
            )

    async def pause(self, case: Case, now: datetime) -> Clock | None:
        """Pause its closing clock."""
        async with self.pool.acquire() as conn, conn.transaction():
            return await case_clocks.pause(conn, case.case_id, CLOSING, actor="li", at=now)

    async def resume(self, case: Case, now: datetime) -> Clock | None:
        """Resume it."""
        async with self.pool.acquire() as conn, conn.transaction():
            return await case_clocks.resume(
                conn, case.case_id, CLOSING, timing=TIMING, actor="li", at=now
            )

    async def extend(self, case: Case, by: Allowance, now: datetime) -> Clock | None:
        """Extend it."""
        async with self.pool.acquire() as conn, conn.transaction():
            return await case_clocks.extend(
                conn, case.case_id, CLOSING, by, timing=TIMING, actor="li", at=now, note="施工复杂"
            )

    async def stop(self, case: Case, now: datetime) -> Clock | None:
        """Stop it."""
        async with self.pool.acquire() as conn, conn.transaction():
            return await case_clocks.stop(conn, case.case_id, CLOSING, actor="li", at=now)

    async def clock(self, case: Case) -> Clock:
        """The clock of a case as it is stored, the most pressing one of several."""
        return (await case_clocks.clocks_of(self.pool, [case.case_id]))[case.case_id][0]


@pytest.fixture
async def case_office(pool: asyncpg.Pool) -> CaseOffice:
    """An office in an empty database."""
    user_id = await pool.fetchval(
        "insert into users (login, password_hash, role, display_name, agent, extension)"
        " values ('li', 'x', 'agent', '李', '1001', '1001') returning user_id"
    )
    return CaseOffice(pool, Actor(user_id=user_id, login="li", role=ActorRole.AGENT))
