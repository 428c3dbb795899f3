"""What citizens answered: on one case, and counted for board and exporter."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import aiosql

from callback_survey.attempts import Attempt, of_case
from callback_survey.outcome import REACHED, Outcome
from callback_survey.questionnaire import CASE_CALLBACK_V1, Questionnaire

_SQL: Any = aiosql.from_path(Path(__file__).parent / "sql" / "results.sql", "asyncpg")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptResult:
    """An attempt with the answers given in it, question → answer."""

    attempt: Attempt
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyCounts:
    """Counters of one questionnaire: attempts ended by outcome, answers by question.

    ``live`` is the number of attempts, of any questionnaire, that have not ended. Every outcome,
    question and answer is there, with 0 where it did not occur.
    """

    live: int
    outcomes: Mapping[Outcome, int]
    answers: Mapping[str, Mapping[str, int]]

    @property
    def attempts(self) -> int:
        """Ended attempts in which a telephone may have rung."""
        return sum(self.outcomes.values()) - self.outcomes[Outcome.NOT_DIALLED]

    @property
    def reached(self) -> int:
        """Ended attempts in which somebody picked up."""
        return sum(self.outcomes[outcome] for outcome in REACHED)


async def results_of_case(connection: Any, case_id: int) -> list[AttemptResult]:
    """Return the attempts of a case in order, each with its answers."""
    answers: dict[str, dict[str, str]] = {}
    async for row in _SQL.answers_of_case(connection, case_id=case_id):
        answers.setdefault(row["attempt_id"], {})[row["question"]] = row["answer"]
    return [
        AttemptResult(attempt=attempt, answers=answers.get(attempt.attempt_id, {}))
        for attempt in await of_case(connection, case_id)
    ]


async def count_surveys(
    connection: Any,
    *,
    questions: Questionnaire = CASE_CALLBACK_V1,
    since: datetime | None = None,
    until: datetime | None = None,
) -> SurveyCounts:
    """Count attempts ended and answers given in ``[since, until)``; ``None`` leaves an end open."""
    outcomes = dict.fromkeys(Outcome, 0)
    async for row in _SQL.count_outcomes(connection, since=since, until=until):
        if row["questionnaire"] == questions.name:
            outcomes[Outcome(row["outcome"])] = row["count"]
    answers = {known.name: dict.fromkeys(known.scale.titles, 0) for known in questions.questions}
    async for row in _SQL.count_answers(connection, since=since, until=until):
        if row["questionnaire"] == questions.name:
            answers[row["question"]][row["answer"]] = row["count"]
    live: int = await _SQL.count_live(connection)
    return SurveyCounts(live=live, outcomes=outcomes, answers=answers)
