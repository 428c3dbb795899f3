"""The live board: today's figures with what goes on now."""

from collections import Counter
from dataclasses import asdict
from datetime import date, datetime, timedelta

from callback_survey.questionnaire import AFTER_CALL_RATING, THREE_STEP
from gateway.auth.roles import OVERSEERS
from gateway.http.endpoint import Answer, Inquiry, Nothing, endpoint
from gateway.http.rates import RateAnswer, rate_answer
from gateway.http.seat_api import NamedSeat, named_seats
from gateway.http.splits import Splits, splits
from gateway.lines import line_names
from gateway.live_state import Link, waiting
from gateway.users import list_users
from metrics.callers import caller_counts
from metrics.figures import CITY, Figures, figures, midnight, named_rates
from metrics.rates import caller_connection_rate, satisfaction, yes_rate
from telephony.events import SeatState


class CallFigures(Answer):
    """Counts of the day's calls, and the rates made of them; ``…_s`` are seconds."""

    arrived: int
    offered: int
    answered: int
    answered_15s: int
    self_served: int
    abandoned_greeting: int
    abandoned_queue: int
    abandoned_ringing: int
    short_abandoned: int
    timed_out: int
    refused: int
    left_no_staff: int
    interrupted: int
    wait_s: float
    talk_s: float
    hold_s: float
    asa_s: float | None
    aht_s: float | None
    connection_rate: RateAnswer
    connection_rate_without_short_abandons: RateAnswer
    rate_15s_of_offered: RateAnswer
    rate_15s_of_answered: RateAnswer
    abandonment: RateAnswer
    occupancy: RateAnswer
    seat_utilization: RateAnswer
    staffing: RateAnswer
    immediate_answer: RateAnswer


class Callers(Answer):
    """Callers of the day who asked for a person, and how many of them were reached, and how."""

    day: date
    asked: int
    answered: int
    rung_back: int
    caller_connection_rate: RateAnswer


class BoardSeat(Answer):
    """A seat that is logged in, to ``queues``."""

    switchboard: str
    agent: str
    display_name: str
    state: SeatState
    reason: str
    queues: list[str]
    since: datetime | None


class SurveyFigures(Answer):
    """三率 of the day's callbacks."""

    contacted: RateAnswer
    solved: RateAnswer
    satisfied: RateAnswer


class ExcludedFigures(Answer):
    """What satisfaction figures of the day leave out: separated matters, nuisance (C6)."""

    ratings: int
    survey_answers: int


class SwitchboardLink(Answer):
    """Whether a switchboard is connected, and since when that is so; its queues while it is."""

    switchboard: str
    district: str
    connected: bool
    since: datetime | None
    queues: list[str]


class Board(Answer):
    """Everything the board shows; ``day`` is that of Asia/Shanghai."""

    day: date
    at: datetime
    figures: CallFigures
    waiting: int
    seats: dict[SeatState, int]
    seat_list: list[BoardSeat]
    ratings: dict[str, int]
    satisfaction: RateAnswer
    survey: SurveyFigures
    excluded: ExcludedFigures
    splits: Splits
    switchboards: list[SwitchboardLink]


@endpoint("GET", "/api/v1/board", access=OVERSEERS, answer=Board)
async def get_board(inquiry: Inquiry[Nothing, Nothing]) -> Board:
    """Today's figures, the seats, who waits: of all switchboards together, and split."""
    services, settings, now = inquiry.services, inquiry.settings, inquiry.services.clock()
    day = now.astimezone(CITY).date()
    async with (
        services.database() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        limit_s = settings.short_abandon_s
        found = await figures(connection, day, short_abandon_s=limit_s, now=now)
        users = await list_users(connection)
        names = await line_names(connection)
    live = services.live
    seats, calls = named_seats(users, await live.seats()), await live.calls()
    ratings = found.ratings(AFTER_CALL_RATING.scale.name)
    excluded_ratings, excluded_answers = found.excluded
    return Board(
        day=day,
        at=now,
        figures=_call_figures(found, planned_seats=settings.planned_seats, now=now),
        waiting=waiting(calls),
        seats=Counter(seat.state for seat in seats),
        seat_list=[_board_seat(seat) for seat in seats if seat.state is not SeatState.LOGGED_OUT],
        ratings={answer: ratings.get(answer, 0) for answer in AFTER_CALL_RATING.scale.titles},
        satisfaction=rate_answer(satisfaction(AFTER_CALL_RATING.scale.name, ratings)),
        survey=_survey_figures(found),
        excluded=ExcludedFigures(ratings=excluded_ratings, survey_answers=excluded_answers),
        splits=splits(found.groups, names, calls),
        switchboards=[_link(link) for link in await live.links()],
    )


@endpoint("GET", "/api/v1/board/callers", access=OVERSEERS, answer=Callers)
async def get_callers(inquiry: Inquiry[Nothing, Nothing]) -> Callers:
    """The caller-level connection rate of today (来电人接通率): every caller counts once."""
    day = inquiry.services.clock().astimezone(CITY).date()
    async with inquiry.services.database() as connection:
        counts = await caller_counts(connection, midnight(day), midnight(day + timedelta(days=1)))
    return Callers(
        day=day,
        asked=counts.asked,
        answered=counts.answered,
        rung_back=counts.rung_back,
        caller_connection_rate=rate_answer(caller_connection_rate(counts)),
    )


def _link(link: Link) -> SwitchboardLink:
    return SwitchboardLink(
        switchboard=link.switchboard,
        district=link.district,
        connected=link.connected,
        since=link.since,
        queues=list(link.queues),
    )


def _call_figures(found: Figures, *, planned_seats: int, now: datetime) -> CallFigures:
    rates = dict(named_rates(found, planned_seats=planned_seats, now=now))
    means = {name: rates.pop(name).rate for name in ("asa_s", "aht_s")}
    return CallFigures.model_validate(
        asdict(found.calls) | means | {name: rate_answer(rate) for name, rate in rates.items()}
    )


def _survey_figures(found: Figures) -> SurveyFigures:
    return SurveyFigures(
        contacted=rate_answer(yes_rate(found.survey_answers("contacted"))),
        solved=rate_answer(yes_rate(found.survey_answers("solved"))),
        satisfied=rate_answer(satisfaction(THREE_STEP.name, found.survey_answers("satisfied"))),
    )


def _board_seat(seat: NamedSeat) -> BoardSeat:
    return BoardSeat(
        switchboard=seat.switchboard,
        agent=seat.agent,
        display_name=seat.display_name,
        state=seat.state,
        reason=seat.reason,
        queues=seat.queues,
        since=seat.since,
    )


ENDPOINTS = (get_board, get_callers)
