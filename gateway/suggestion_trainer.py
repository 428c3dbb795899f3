"""Trains a model of the dispatch suggestion in a process of its own, and stores it (C12).

``python -m gateway.suggestion_trainer``: an `Assignment` on standard input, an `Outcome` on its
standard output. Apart, because scikit-learn takes memory that nothing else needs, and a processor
for a minute. One at a time, whoever starts it: PostgreSQL's advisory lock says so.
"""

import asyncio
import os
import sys
from contextlib import suppress
from datetime import datetime
from typing import Any, Literal

import asyncpg
from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.errors import TrainingError
from ticketing.dispatch_suggestion.errors import TooFewCasesError
from ticketing.dispatch_suggestion.store import QUERIES, NewModel, save_model

NICENESS = 10
CONNECT_TIMEOUT_S = 10.0
TRAINING_S = 1800.0
LOCK = 0x4449_5350_4154_4348  # any number that no other advisory lock has
FEWEST = 5  # cases of a category, or it is not told apart
PREFETCH = 500
# Threads of the linear algebra would cost memory and help nothing here.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Assignment(BaseModel):
    """Learn from the newest ``sample`` cases, if there are ``min_cases`` of them."""

    model_config = ConfigDict(frozen=True)

    dsn: str
    sample: int
    min_cases: int
    now: datetime


class Outcome(BaseModel):
    """What came of it; ``busy``: somebody else trains."""

    model_config = ConfigDict(frozen=True)

    outcome: Literal["trained", "too_few", "failed", "busy"]
    detail: str = ""
    model_id: int | None = None


async def train_apart(assignment: Assignment) -> Outcome:
    """Have a model made and stored by another process. Raises `TrainingError`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.suggestion_trainer"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **ONE_THREAD},
    )
    try:
        async with asyncio.timeout(TRAINING_S):
            output, _ = await process.communicate(assignment.model_dump_json().encode())
    except TimeoutError:
        raise TrainingError(f"the training took longer than {TRAINING_S:.0f} s") from None
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    try:
        return Outcome.model_validate_json(output)
    except ValidationError:
        code = process.returncode
        raise TrainingError(f"the training ended early (exit code {code})") from None


async def _main() -> None:
    """The other process."""
    os.nice(NICENESS)
    assignment = Assignment.model_validate_json(sys.stdin.buffer.read())
    connection = await asyncpg.connect(assignment.dsn, timeout=CONNECT_TIMEOUT_S)
    try:
        outcome = await _train(connection, assignment)
    finally:
        await connection.close()
    sys.stdout.write(outcome.model_dump_json())


async def _train(connection: Any, assignment: Assignment) -> Outcome:
    if not await connection.fetchval("select pg_try_advisory_lock($1)", LOCK):
        return Outcome(outcome="busy")
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            new = await _learn(connection, assignment)
    except TooFewCasesError as error:
        return Outcome(outcome="too_few", detail=str(error))
    async with connection.transaction():
        return Outcome(outcome="trained", model_id=await save_model(connection, new))


async def _learn(connection: Any, assignment: Assignment) -> NewModel:
    found = await QUERIES.to_learn(connection, sample=assignment.sample)
    since, count = found["since"], found["cases"]
    if count < assignment.min_cases:
        wanted = f"{count} cases with a category, {assignment.min_cases} are wanted"
        raise TooFewCasesError(wanted)
    # Imported once there is enough to learn from: scikit-learn takes seconds and much memory.
    from ticketing.dispatch_suggestion import training  # noqa: PLC0415

    rows = QUERIES.categories_to_learn(connection, since=since)
    categories = [row["category_id"] async for row in rows if row["cases"] >= FEWEST]
    course = training.Course(categories, count)
    cases = QUERIES.cases_to_learn.sql
    async for row in connection.cursor(cases, since, prefetch=PREFETCH):
        course.take(row)
    model, measured = course.finish()
    return NewModel(
        trained_at=assignment.now,
        case_count=course.cases,
        first_case=course.first["case_no"],
        last_case=course.last["case_no"],
        last_at=course.last["opened_at"],
        measured=measured,
        content=model.to_bytes(),
    )


if __name__ == "__main__":
    asyncio.run(_main())
