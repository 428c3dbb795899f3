"""Hot topics and places (热点), and where the same trouble comes back (未诉先办): C13."""

from datetime import date, timedelta
from typing import Annotated

from pydantic import Field

from gateway.auth.roles import OVERSEERS
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from ticketing.clocks.working_time import CITY
from ticketing.topics.reading import hot_topics

LONGEST_DAYS = 30


class RiseAnswer(Answer):
    """Cases now and before; what was to be expected, and by how much it is exceeded.

    ``strength`` is the difference in units of chance (2 and more are unusual). Both are null where
    nothing was counted before.
    """

    now: int
    before: int
    expected: float | None
    strength: float | None


class WordAnswer(Answer):
    """A word of titles and texts that occurs unusually often."""

    word: str
    cases: RiseAnswer


class PlaceAnswer(Answer):
    """A street or estate, or a department of a street or community by code.

    ``repeats`` are cases of a category that the place had already; ``hint``: they
    rise.
    """

    place: str
    name: str
    cases: RiseAnswer
    repeats: RiseAnswer
    hint: bool


class HeatAnswer(Answer):
    """Cases of a district and a class; empty where a case has none."""

    district: str
    district_name: str
    class_code: str
    class_name: str
    cases: RiseAnswer


class HotTopicsAnswer(Answer):
    """What rises in whole days, beside as many days before; confidential cases are left out.

    Words and places in fewer than five cases are not shown.
    """

    first_day: date
    last_day: date
    cases: int
    cases_before: int
    uncounted_days: int
    words: list[WordAnswer]
    addresses: list[PlaceAnswer]
    departments: list[PlaceAnswer]
    heat: list[HeatAnswer]


class Span(Strict):
    """How many days, up to yesterday."""

    days: Annotated[int, Field(ge=1, le=LONGEST_DAYS)] = 7


@endpoint("GET", "/api/v1/hot-topics", access=OVERSEERS, query=Span, answer=HotTopicsAnswer)
async def get_hot_topics(inquiry: Inquiry[Nothing, Span]) -> HotTopicsAnswer:
    """Words, places and districts of the last days that rise."""
    yesterday = inquiry.services.clock().astimezone(CITY).date() - timedelta(days=1)
    async with inquiry.services.database() as connection:
        found = await hot_topics(connection, yesterday, inquiry.query.days)
    return HotTopicsAnswer(
        first_day=found.first_day,
        last_day=found.last_day,
        cases=found.totals.now,
        cases_before=found.totals.before,
        uncounted_days=found.uncounted_days,
        words=[WordAnswer.about(each) for each in found.words],
        addresses=[PlaceAnswer.about(each) for each in found.addresses],
        departments=[PlaceAnswer.about(each) for each in found.departments],
        heat=[HeatAnswer.about(each) for each in found.heat],
    )


ENDPOINTS = (get_hot_topics,)
