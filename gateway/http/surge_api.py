"""Surge warnings (热点预警, C10): what is going on, what was, and who has taken notice."""

from datetime import datetime

from gateway.auth.roles import OVERSEERS, SUPERVISORS
from gateway.http.actors import as_problems
from gateway.http.endpoint import Answer, Inquiry, Nothing, endpoint
from gateway.http.fields import Page
from gateway.http.named_answers import NamedAnswer
from ticketing.surges import store
from ticketing.surges.shares import SurgeLevel

SURGE_ID = r"[0-9]{1,15}"


class MemberAnswer(Answer):
    """A case of a cluster."""

    case_no: str
    title: str


class SurgeAnswer(Answer):
    """A warning.

    ``cases`` of ``total`` cases of the window when it was found last, ``peak_…`` when it was worst.
    ``category`` is what there is too much of. A cluster has a ``place``, the ``words`` that its
    cases share, the sub-class of at least half of them, and its newest ``members``.
    """

    surge_id: int
    level: SurgeLevel
    window_minutes: int
    category: NamedAnswer | None
    place: str | None
    words: list[str]
    started_at: datetime
    ended_at: datetime | None
    cases: int
    total: int
    peak_cases: int
    peak_total: int
    peak_at: datetime
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    members: list[MemberAnswer]


class SurgesAnswer(Answer):
    """Warnings that are not over, and a page of those that are, each newest first."""

    open: list[SurgeAnswer]
    ended: list[SurgeAnswer]


@endpoint("GET", "/api/v1/surges", access=OVERSEERS, query=Page, answer=SurgesAnswer)
async def get_surges(inquiry: Inquiry[Nothing, Page]) -> SurgesAnswer:
    """Warnings; ``before`` and ``limit`` choose among those that are over, by their beginning."""
    query = inquiry.query
    async with inquiry.services.database() as connection:
        going_on = await store.list_open(connection)
        ended = await store.list_ended(connection, before=query.before, limit=query.limit)
    return SurgesAnswer(
        open=[SurgeAnswer.about(each) for each in going_on],
        ended=[SurgeAnswer.about(each) for each in ended],
    )


@endpoint(
    "POST",
    f"/api/v1/surges/{{surge_id:{SURGE_ID}}}/acknowledge",
    access=SUPERVISORS,
    answer=SurgeAnswer,
    problems=(404, 409),
)
async def acknowledge_surge(inquiry: Inquiry[Nothing, Nothing]) -> SurgeAnswer:
    """Take notice of a warning, unless somebody else has."""
    services, login = inquiry.services, inquiry.person.login
    surge_id = int(inquiry.path("surge_id"))
    async with services.database() as connection, connection.transaction():
        with as_problems():
            surge = await store.acknowledge(connection, surge_id, login=login, at=services.clock())
    return SurgeAnswer.about(surge)


ENDPOINTS = (get_surges, acknowledge_surge)
