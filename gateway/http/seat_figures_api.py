"""Figures of seats by agent and period: states are cut at the borders of periods."""

from datetime import datetime, timedelta
from typing import Literal, Self

from pydantic import model_validator

from gateway.auth.roles import OVERSEERS
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import Instant
from gateway.http.rates import RateAnswer, rate_answer
from gateway.users import list_users
from metrics import rates
from metrics.figures import CITY, midnight
from metrics.seats import AgentPeriod, agent_periods

Step = Literal["hour", "day", "whole"]
LONGEST = {"hour": timedelta(days=3), "day": timedelta(days=62), "whole": timedelta(days=62)}
STEP_NAMES = {"hour": "按小时", "day": "按日", "whole": "汇总"}


class Period(Strict):
    """From ``start`` to ``end``, whole or by hours or days of Asia/Shanghai.

    The ends need not be borders of hours or days.
    """

    start: Instant
    end: Instant
    step: Step = "day"

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.end <= self.start:
            raise ValueError("end 必须晚于 start")
        if self.end - self.start > LONGEST[self.step]:
            raise ValueError(f"{STEP_NAMES[self.step]}统计最长 {LONGEST[self.step].days} 天")
        return self


class SeatPeriod(Answer):
    """Seconds of one agent's seat in one period; ``busy_s`` is talk, hold and wrap-up.

    ``not_ready_by_reason`` parts ``not_ready_s``; the reason is empty where none was given.
    """

    switchboard: str
    agent: str
    display_name: str
    start: datetime
    end: datetime
    ready_s: float
    ringing_s: float
    talking_s: float
    hold_s: float
    wrap_up_s: float
    not_ready_s: float
    not_ready_by_reason: dict[str, float]
    unreachable_s: float
    busy_s: float
    logged_in_s: float
    occupancy: RateAnswer
    seat_utilization: RateAnswer


def borders(start: datetime, end: datetime, step: Step) -> list[datetime]:
    """``start``, every border of an hour or a day of the city between, and ``end``."""
    if step == "whole":
        return [start, end]
    local = start.astimezone(CITY)
    found = [start]
    at = (
        midnight(local.date())
        if step == "day"
        else local.replace(minute=0, second=0, microsecond=0)
    )
    stride = timedelta(days=1) if step == "day" else timedelta(hours=1)
    while (at := at + stride) < end:
        found.append(at)
    return [*found, end]


@endpoint("GET", "/api/v1/seats/figures", access=OVERSEERS, query=Period, answer=list[SeatPeriod])
async def get_seat_figures(inquiry: Inquiry[Nothing, Period]) -> list[SeatPeriod]:
    """What every seat did, by agent and period."""
    asked, now = inquiry.query, inquiry.services.clock()
    cuts = borders(asked.start, asked.end, asked.step)
    async with inquiry.services.database() as connection:
        names = {
            (user.person.switchboard, user.person.agent): user.person.display_name
            for user in await list_users(connection)
        }
        periods = await agent_periods(connection, cuts, now=now)
    return [
        _answer(period, names.get((period.switchboard, period.agent), "")) for period in periods
    ]


def _answer(period: AgentPeriod, display_name: str) -> SeatPeriod:
    spent = period.seconds
    return SeatPeriod(
        switchboard=period.switchboard,
        agent=period.agent,
        display_name=display_name,
        start=period.start,
        end=period.end,
        ready_s=spent.ready_s,
        ringing_s=spent.ringing_s,
        talking_s=spent.talking_s,
        hold_s=spent.hold_s,
        wrap_up_s=spent.wrap_up_s,
        not_ready_s=spent.not_ready_s,
        not_ready_by_reason=dict(period.not_ready_by_reason),
        unreachable_s=spent.unreachable_s,
        busy_s=spent.busy_s,
        logged_in_s=spent.logged_in_s,
        occupancy=rate_answer(rates.occupancy(spent)),
        seat_utilization=rate_answer(rates.seat_utilization(spent)),
    )


ENDPOINTS = (get_seat_figures,)
