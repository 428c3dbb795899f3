"""Stores ratings and survey answers that only the switchboard's records had."""

from typing import Any

from callback_survey.attempts import recover_answer
from callback_survey.errors import QuestionnaireUnknownError
from callback_survey.questionnaire import scale
from callback_survey.ratings import Rating, store_rating
from gateway.reconciliation.opinions import Opinion, OpinionKind
from gateway.reconciliation.runs import Difference
from gateway.recorder import QUERIES


async def store_opinion(connection: Any, switchboard: str, opinion: Opinion) -> Difference | None:
    """Store it once; ``None`` when it was known or is not valid."""
    if opinion.kind is OpinionKind.RATING:
        return await _store_rating(connection, f"{switchboard}-{opinion.uniqueid}", opinion)
    answer = await recover_answer(
        connection, opinion.uniqueid, opinion.question, opinion.key, given_at=opinion.at
    )
    if answer is None:
        return None
    told = {"question": opinion.question, "answer": answer}
    return Difference(call_id=opinion.uniqueid, kind="answer", told=told, repaired=True)


async def _store_rating(connection: Any, call_id: str, opinion: Opinion) -> Difference | None:
    try:
        answer = scale(opinion.question).keys.get(opinion.key)
    except QuestionnaireUnknownError:
        return None
    if answer is None:
        return None
    served = await QUERIES.who_served(connection, call_id=call_id)
    rating = Rating(
        call_id=call_id,
        agent=served["agent"] if served else None,
        queue=served["queue"] if served else None,
        scale=opinion.question,
        answer=answer,
        given_at=opinion.at,
    )
    if not await store_rating(connection, rating):
        return None
    told = {"scale": rating.scale, "answer": answer}
    return Difference(call_id=call_id, kind="rating", told=told, repaired=True)
