"""Every night: a new model of the dispatch suggestion, when there is enough new to learn (C12)."""

from datetime import timedelta
from typing import Any

import structlog

from gateway.context import Context
from gateway.errors import TrainingError
from gateway.suggestion_trainer import Assignment, Outcome, train_apart
from ticketing.clocks.working_time import CITY
from ticketing.dispatch_suggestion import store
from ticketing.dispatch_suggestion.store import QUERIES, Training

UNUSED_KEPT = timedelta(days=2)

log = structlog.get_logger(__name__)


async def train_if_due(context: Context) -> Training | None:
    """Look once a day, from the hour that is set on; ``None`` when there is nothing to do.

    Several workers may look: one trains, and the first outcome of a day is the one.
    """
    settings, now = context.settings, context.clock()
    local = now.astimezone(CITY)
    if local.hour < settings.suggest_hour:
        return None
    async with context.engines.pool.acquire() as connection:
        if await store.is_looked_at(connection, local.date()):
            return None
        await store.forget_unused(connection, before=now - UNUSED_KEPT)
        too_few = await _too_few(connection, settings.suggest_new_cases)
    outcome = Outcome(outcome="too_few", detail=too_few) if too_few else await _train(context)
    if outcome.outcome == "busy":
        return None
    training = Training(
        day=local.date(),
        ended_at=context.clock(),
        outcome=outcome.outcome,
        detail=outcome.detail,
    )
    async with context.engines.pool.acquire() as connection:
        await store.note_training(connection, training, outcome.model_id)
    log.info("suggestion_training", outcome=outcome.outcome, detail=outcome.detail)
    return training


async def _too_few(connection: Any, wanted: int) -> str:
    """Why nothing is to be learnt since the newest model; empty when there is."""
    newest = await store.newest_model(connection)
    if newest is None:
        return ""
    found = await QUERIES.new_to_learn(connection, after=newest.last_at, enough=wanted)
    return "" if found >= wanted else f"{found} new cases, {wanted} are wanted"


async def _train(context: Context) -> Outcome:
    """Train; a failure is an outcome like others, so that it is tried the next night only."""
    settings = context.settings
    assignment = Assignment(
        dsn=context.engines.dsn,
        sample=settings.suggest_sample,
        min_cases=settings.suggest_min_cases,
        now=context.clock(),
    )
    try:
        return await train_apart(assignment)
    except TrainingError as error:
        log.warning("suggestion_training_failed", error=str(error))
        return Outcome(outcome="failed", detail=str(error))
