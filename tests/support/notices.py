"""Cases whose citizens are told of them, an SMS gateway, and couriers on a clock set by hand."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
from pydantic import SecretStr

from gateway.context import Context
from gateway.engines import Engines, session_of
from gateway.notices.courier import NoticeCourier
from gateway.notices.http_provider import provider_of
from gateway.notices.provider import NoticeProvider
from gateway.readiness import Readiness
from gateway.settings import Settings
from tests.support.webhooks import SECRET, Receiver, Wall, receiving
from ticketing import cases
from ticketing.case import Actor, ActorRole, Case, CaseKind, NewCase
from ticketing.departments import Level, create_department
from ticketing.lifecycle import Step
from ticketing.steps import StepRequest, take_step

MOBILE = "13800000001"
DEPARTMENT = "D1"


def settings_for(url: str, **changed: Any) -> Settings:
    """Settings with an SMS gateway at ``url``."""
    given = {"notice_timeout_s": 0.3} | changed
    return Settings(notice_url=url, notice_secret=SecretStr(SECRET), **given)


@dataclass
class NoticeDesk:
    """Cases of citizens, and the couriers that tell them."""

    context: Context
    wall: Wall
    provider: NoticeProvider
    gateway: Receiver
    chief: Actor
    official: Actor

    @property
    def pool(self) -> asyncpg.Pool:
        return self.context.engines.pool

    def courier(self) -> NoticeCourier:
        """Another worker's courier, without jitter."""
        return NoticeCourier(self.context, self.provider, chance=lambda: 0.5)

    async def open(self, caller: str = MOBILE, **changed: Any) -> Case:
        """A case of the department, not yet accepted."""
        new = NewCase(
            kind=CaseKind.HELP,
            title="路灯不亮",
            body="三天了",
            caller=caller,
            **({"department": DEPARTMENT} | changed),
        )
        async with self.pool.acquire() as conn, conn.transaction():
            return await cases.open_case(conn, new, actor=self.chief, now=self.wall.now)

    async def step(self, case: Case, step: Step, **fields: Any) -> None:
        """A step of the department or of the supervisor, whoever takes it."""
        theirs = {Step.ACCEPTED, Step.BEGUN, Step.REPLIED, Step.RETURN_ASKED}
        actor = self.official if step in theirs else self.chief
        async with self.pool.acquire() as conn, conn.transaction():
            version = await conn.fetchval(
                "select version from cases where case_id = $1", case.case_id
            )
            wanted = StepRequest(step=step, version=version, **fields)
            await take_step(conn, case.case_no, wanted, actor=actor, now=self.wall.now)

    async def close(self, case: Case) -> None:
        """Reply to an accepted case, and close it."""
        await self.step(case, Step.REPLIED, result="已修好")
        await self.step(case, Step.REVIEW_PASSED)

    async def round(self, courier: NoticeCourier | None = None) -> int:
        """Send what is due until nothing is: how many notices were leased."""
        courier, leased = courier or self.courier(), 0
        while True:
            async with asyncio.TaskGroup() as tasks:
                begun = await courier.begin(tasks)
            if not begun:
                return leased
            leased += begun

    async def until_over(self, *, rounds: int = 100) -> None:
        """Let the time pass that is waited for, until nothing waits any more."""
        for _ in range(rounds):
            await self.round()
            due_at = await self.pool.fetchval(
                "select min(due_at) from (select distinct on (case_id) due_at from citizen_notices"
                " where state = 'waiting' order by case_id, notice_id) as first"
            )
            if due_at is None:
                return
            self.wall.now = max(self.wall.now, due_at)
        raise AssertionError("notices still wait")

    async def notices(self) -> list[tuple[str, str]]:
        """Kind and state of all, in the order in which they were written."""
        rows = await self.pool.fetch("select kind, state from citizen_notices order by notice_id")
        return [tuple(row) for row in rows]

    async def outcomes(self) -> list[str]:
        """Of all attempts, in their order."""
        rows = await self.pool.fetch(
            "select outcome from citizen_notice_attempts order by attempt_id"
        )
        return [row["outcome"] for row in rows]


async def _user(pool: asyncpg.Pool, login: str, role: ActorRole, department: int | None) -> Actor:
    user_id = await pool.fetchval(
        "insert into users (login, password_hash, role, display_name, department_id)"
        " values ($1, 'x', $2, $1, $3) returning user_id",
        *(login, role, department),
    )
    return Actor(user_id=user_id, login=login, role=role, department_id=department)


@asynccontextmanager
async def notice_desk(dsn: str, redis: Any, **changed: Any) -> AsyncIterator[NoticeDesk]:
    """A desk over an empty database, whose program is set to an SMS gateway that runs."""
    async with receiving() as gateway:
        url = changed.pop("notice_url", gateway.url)
        settings, wall = settings_for(url, **changed), Wall()
        async with (
            asyncpg.create_pool(
                dsn, min_size=1, max_size=8, server_settings=session_of(settings)
            ) as pool,
            provider_of(settings) as provider,
        ):
            assert provider is not None
            async with pool.acquire() as conn, conn.transaction():
                made = await create_department(
                    conn, code=DEPARTMENT, name="城管局", level=Level.CITY, parent=None
                )
            engines = Engines(dsn=dsn, pool=pool, redis=redis)
            yield NoticeDesk(
                Context(settings=settings, engines=engines, readiness=Readiness(), clock=wall),
                wall,
                provider,
                gateway,
                await _user(pool, "li", ActorRole.SUPERVISOR, None),
                await _user(pool, "wang", ActorRole.DEPARTMENT, made.department_id),
            )


async def accepted(desk: NoticeDesk, **changed: Any) -> Case:
    """A case that a department has signed for."""
    case = await desk.open(**changed)
    await desk.step(case, Step.ACCEPTED)
    return case
