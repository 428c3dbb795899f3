"""The rating after a call, as calls and cases show it."""

from datetime import datetime
from typing import Any

from callback_survey.ratings import rating_of_call
from gateway.http.endpoint import Answer


class RatingAnswer(Answer):
    """What the caller answered on which scale."""

    scale: str
    answer: str
    given_at: datetime


async def rating_answer(connection: Any, call_id: str | None) -> RatingAnswer | None:
    """The rating of a call, if there is one."""
    rating = await rating_of_call(connection, call_id) if call_id else None
    if rating is None:
        return None
    return RatingAnswer(scale=rating.scale, answer=rating.answer, given_at=rating.given_at)
