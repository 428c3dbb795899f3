"""Figures of calls over days, split by line, mode and district; how many were answered at once."""

from datetime import date, timedelta
from typing import Self

from pydantic import model_validator

from gateway.auth.roles import OVERSEERS
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import Day
from gateway.http.rates import RateAnswer, rate_answer
from gateway.http.splits import Splits, splits
from gateway.lines import line_names
from metrics.calls import call_counts
from metrics.events import event_counts
from metrics.figures import immediate_answer

MOST_DAYS = 366


class Days(Strict):
    """Days of the city (Asia/Shanghai), both included; a year at most."""

    first_day: Day
    last_day: Day

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not timedelta(0) <= self.last_day - self.first_day < timedelta(days=MOST_DAYS):
            raise ValueError(f"last_day 不能早于 first_day，最多 {MOST_DAYS} 天")
        return self


class DaysSplit(Answer):
    """Calls that arrived in these days, split three ways; nobody waits in the past.

    ``immediate_answer`` (即时答复率): of the cases opened from a call in these days, those that the
    agent closed himself with opening them.
    """

    first_day: date
    last_day: date
    splits: Splits
    immediate_answer: RateAnswer


@endpoint("GET", "/api/v1/figures", access=OVERSEERS, query=Days, answer=DaysSplit)
async def get_figures(inquiry: Inquiry[Nothing, Days]) -> DaysSplit:
    """Calls of some days by line, by mode of the line, by district."""
    days, settings = inquiry.query, inquiry.settings
    async with inquiry.services.database() as connection:
        groups = await call_counts(
            connection, days.first_day, days.last_day, short_abandon_s=settings.short_abandon_s
        )
        counted = await event_counts(connection, days.first_day, days.last_day)
        names = await line_names(connection)
    return DaysSplit(
        first_day=days.first_day,
        last_day=days.last_day,
        splits=splits(groups, names),
        immediate_answer=rate_answer(immediate_answer(counted)),
    )


ENDPOINTS = (get_figures,)
