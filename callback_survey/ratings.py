"""Ratings after the call (S1): one per call, whatever is repeated."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import aiosql

from callback_survey.questionnaire import scale as find_scale

_SQL: Any = aiosql.from_path(Path(__file__).parent / "sql" / "ratings.sql", "asyncpg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What a caller answered; ``agent`` and ``queue`` are ``None`` where they were not known."""

    call_id: str
    agent: str | None
    queue: str | None
    scale: str
    answer: str
    given_at: datetime

    @classmethod
    def from_row(cls, row: Any) -> "Rating":
        """Read a row of ``ratings``."""
        return cls(**dict(row))


async def store_rating(connection: Any, rating: Rating) -> bool:
    """Store a rating; return whether it is new: the first one of a call stands.

    Raises `QuestionnaireUnknownError` for the scale and `AnswerInvalidError` for the answer.
    """
    find_scale(rating.scale).check(rating.answer)
    status = await _SQL.store_rating(
        connection,
        call_id=rating.call_id,
        agent=rating.agent,
        queue=rating.queue,
        scale=rating.scale,
        answer=rating.answer,
        now=rating.given_at,
    )
    return bool(status == "INSERT 0 1")


async def rating_of_call(connection: Any, call_id: str) -> Rating | None:
    """Return the rating of a call."""
    row = await _SQL.rating_of_call(connection, call_id=call_id)
    return Rating.from_row(row) if row else None
