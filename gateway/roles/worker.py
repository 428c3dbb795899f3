"""Role ``worker``: jobs that follow a change, from PgQueuer."""

import asyncio
import json
from datetime import timedelta

import asyncpg
import structlog
from pgqueuer import PgQueuer
from pgqueuer.errors import PgqException
from pgqueuer.models import Job

from gateway.context import Context
from gateway.database_away import DATABASE_AWAY
from gateway.jobs import SURVEY
from gateway.survey_jobs import claim_attempt

CONNECT_TIMEOUT_S = 5.0
RESTART_S = 2.0

log = structlog.get_logger(__name__)


async def worker(context: Context) -> None:
    """Work until cancelled; a lost database connection is made anew."""
    while True:
        try:
            await _work(context)
        except DATABASE_AWAY as error:
            _report_failure(context, error)
        except PgqException as error:
            _report_failure(context, error)
        await asyncio.sleep(RESTART_S)


async def _work(context: Context) -> None:
    connection = await asyncpg.connect(context.engines.dsn, timeout=CONNECT_TIMEOUT_S)
    try:
        queue = PgQueuer.from_asyncpg_connection(connection)

        @queue.entrypoint(SURVEY)
        async def survey(job: Job) -> None:
            await claim_attempt(context, int(json.loads(job.payload or b"{}")["case_id"]))

        context.readiness.report("worker", ready=True)
        await queue.run(dequeue_timeout=timedelta(seconds=5), shutdown_on_listener_failure=True)
    finally:
        connection.terminate()


def _report_failure(context: Context, error: Exception) -> None:
    log.warning("worker_interrupted", error=type(error).__name__)
    context.readiness.report("worker", ready=False, detail=type(error).__name__)
