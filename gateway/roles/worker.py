"""Role ``worker``: jobs that follow a change or the time of day, from PgQueuer."""

import asyncio
import json
from datetime import timedelta

import asyncpg
import structlog
from pgqueuer import PgQueuer
from pgqueuer.errors import PgqException, RetryRequested
from pgqueuer.models import Job, Schedule
from redis.exceptions import RedisError

from gateway.attachment_files import clean_attachments
from gateway.case_clocks import make_notices, redate_clocks
from gateway.case_words import keep_words_of_cases
from gateway.context import Context
from gateway.database_away import DATABASE_AWAY
from gateway.jobs import REDATE_CLOCKS, SURVEY, TELL, enqueue_redating
from gateway.live import LiveEvent, publish
from gateway.survey_jobs import claim_attempt
from gateway.webhooks.job import carry_webhooks, purge_webhooks

CONNECT_TIMEOUT_S = 5.0
RESTART_S = 2.0
EVERY_MINUTE = "* * * * *"
EVERY_HOUR = "17 * * * *"
TELL_AGAIN = timedelta(seconds=10)

log = structlog.get_logger(__name__)


async def worker(context: Context) -> None:
    """Work until cancelled; a lost database connection is made anew."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_take_jobs(context), name="jobs")
        tasks.create_task(carry_webhooks(context), name="webhooks")


async def _take_jobs(context: Context) -> None:
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

        @queue.entrypoint(TELL)
        async def tell(job: Job) -> None:
            await _tell(context, job.payload or b"")

        @queue.entrypoint(REDATE_CLOCKS)
        async def redate(_job: Job) -> None:
            await redate_clocks(context)

        @queue.schedule("make_notices", EVERY_MINUTE)
        async def notices(_schedule: Schedule) -> None:
            await make_notices(context)

        @queue.schedule("keep_words_of_cases", EVERY_MINUTE)
        async def words(_schedule: Schedule) -> None:
            await keep_words_of_cases(context)

        @queue.schedule("purge_webhooks", EVERY_HOUR)
        async def purge(_schedule: Schedule) -> None:
            await purge_webhooks(context)

        @queue.schedule("clean_attachments", EVERY_HOUR)
        async def clean(_schedule: Schedule) -> None:
            await clean_attachments(context)

        # Working hours are set, and the national calendar comes, with the program.
        await enqueue_redating(connection)
        context.readiness.report("worker", ready=True)
        await queue.run(dequeue_timeout=timedelta(seconds=5), shutdown_on_listener_failure=True)
    finally:
        connection.terminate()


async def _tell(context: Context, frame: bytes) -> None:
    """Publish an event; raises `RetryRequested` while Redis is away."""
    try:
        await publish(context.engines.redis, LiveEvent.from_json(frame))
    except RedisError as error:
        raise RetryRequested(TELL_AGAIN, type(error).__name__) from error


def _report_failure(context: Context, error: Exception) -> None:
    log.warning("worker_interrupted", error=type(error).__name__)
    context.readiness.report("worker", ready=False, detail=type(error).__name__)
