"""The job queue's tables suit the installed PgQueuer, and a job belongs to a transaction."""

import asyncpg
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries


async def test_tables_are_what_pgqueuer_wants(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as conn:
        plan = await Queries(AsyncpgDriver(conn)).plan_upgrade()
    assert not plan.statements


async def test_job_goes_with_its_transaction(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        await Queries(AsyncpgDriver(conn)).enqueue("survey_call", b"{}")
        assert await conn.fetchval("select count(*) from pgqueuer") == 1
        await transaction.rollback()
        assert await conn.fetchval("select count(*) from pgqueuer") == 0
