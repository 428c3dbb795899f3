"""What the citizen of a case answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosql

from callback_survey.attempts import Attempt, of_case

_SQL: Any = aiosql.from_path(Path(__file__).parent / "sql" / "results.sql", "asyncpg")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptResult:
    """An attempt with the answers given in it, question → answer."""

    attempt: Attempt
    answers: Mapping[str, str]


async def results_of_case(connection: Any, case_id: int) -> list[AttemptResult]:
    """Return the attempts of a case in order, each with its answers."""
    answers: dict[str, dict[str, str]] = {}
    async for row in _SQL.answers_of_case(connection, case_id=case_id):
        answers.setdefault(row["attempt_id"], {})[row["question"]] = row["answer"]
    return [
        AttemptResult(attempt=attempt, answers=answers.get(attempt.attempt_id, {}))
        for attempt in await of_case(connection, case_id)
    ]
