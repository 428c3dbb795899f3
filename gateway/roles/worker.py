"""Role ``worker``: jobs that follow a change or the time of day, from PgQueuer."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

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
from gateway.idempotency import forget_idempotency_keys
from gateway.import_jobs import apply_import, enqueue_interrupted, purge_imports
from gateway.jobs import APPLY_IMPORT, REDATE_CLOCKS, SURVEY, TELL, enqueue_redating
from gateway.live import LiveEvent, publish
from gateway.notices.job import carry_notices, purge_notices
from gateway.recording_retention import purge_recordings
from gateway.suggestion_training import train_if_due
from gateway.supervision_lists import make_due_lists
from gateway.surge_watch import watch_surges
from gateway.survey_jobs import claim_attempt
from gateway.topic_counts import count_topics
from gateway.webhooks.job import carry_webhooks, purge_webhooks

CONNECT_TIMEOUT_S = 5.0
RESTART_S = 2.0
TELL_AGAIN = timedelta(seconds=10)
EVERY_MINUTE = "* * * * *"
EVERY_TEN_MINUTES = "*/10 * * * *"
EVERY_HOUR = "17 * * * *"
NIGHTLY = "40 2 * * *"

_JobWork = Callable[[Context, bytes], Awaitable[None]]
_Work = Callable[[Context], Awaitable[Any]]

log = structlog.get_logger(__name__)


async def worker(context: Context) -> None:
    """Work until cancelled; a lost database connection is made anew."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_take_jobs(context), name="jobs")
        tasks.create_task(carry_webhooks(context), name="webhooks")
        tasks.create_task(carry_notices(context), name="notices")


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
        for name, do in JOBS.items():
            queue.entrypoint(name)(_with_payload(context, do))
        for work, cron in REGULAR.items():
            queue.schedule(work.__name__, cron)(_regularly(context, work))
        # Working hours are set, and the national calendar comes, with the program.
        await enqueue_redating(connection)
        await enqueue_interrupted(connection)
        context.readiness.report("worker", ready=True)
        await queue.run(dequeue_timeout=timedelta(seconds=5), shutdown_on_listener_failure=True)
    finally:
        connection.terminate()


def _with_payload(context: Context, do: _JobWork) -> Callable[[Job], Awaitable[None]]:
    async def take(job: Job) -> None:
        await do(context, job.payload or b"{}")

    return take


def _regularly(context: Context, work: _Work) -> Callable[[Schedule], Awaitable[None]]:
    async def run(_schedule: Schedule) -> None:
        await work(context)

    return run


async def _survey(context: Context, payload: bytes) -> None:
    await claim_attempt(context, int(json.loads(payload)["case_id"]))


async def _redate(context: Context, _payload: bytes) -> None:
    await redate_clocks(context)


async def _import(context: Context, payload: bytes) -> None:
    await apply_import(context, int(json.loads(payload)["import_id"]))


async def _tell(context: Context, frame: bytes) -> None:
    """Publish an event; raises `RetryRequested` while Redis is away."""
    try:
        await publish(context.engines.redis, LiveEvent.from_json(frame))
    except RedisError as error:
        raise RetryRequested(TELL_AGAIN, type(error).__name__) from error


def _report_failure(context: Context, error: Exception) -> None:
    log.warning("worker_interrupted", error=type(error).__name__)
    context.readiness.report("worker", ready=False, detail=type(error).__name__)


# What a change asks for in its own transaction, with what to do it to.
JOBS: Mapping[str, _JobWork] = {
    SURVEY: _survey,
    TELL: _tell,
    REDATE_CLOCKS: _redate,
    APPLY_IMPORT: _import,
}
# What the time of day asks for.
REGULAR: dict[_Work, str] = {
    make_notices: EVERY_MINUTE,
    watch_surges: EVERY_MINUTE,
    keep_words_of_cases: EVERY_MINUTE,
    make_due_lists: EVERY_MINUTE,
    count_topics: EVERY_MINUTE,
    train_if_due: EVERY_TEN_MINUTES,
    purge_imports: EVERY_HOUR,
    purge_webhooks: EVERY_HOUR,
    purge_notices: EVERY_HOUR,
    clean_attachments: EVERY_HOUR,
    purge_recordings: EVERY_HOUR,
    forget_idempotency_keys: NIGHTLY,
}
