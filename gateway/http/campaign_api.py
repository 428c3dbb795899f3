"""Campaigns of people's suggestions (人民建议征集): their figures, screening, adoption (C11)."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from pydantic import Field

from gateway.auth.roles import CASE_WORKERS, STAFF, SUPERVISORS
from gateway.http.actors import actor_of, as_problems
from gateway.http.auditing import record_change
from gateway.http.campaign_answers import (
    CampaignAnswer,
    CampaignsAnswer,
    CampaignSuggestion,
    campaign_answer,
)
from gateway.http.case_rows import CaseRow, case_rows
from gateway.http.case_sight import case_for
from gateway.http.endpoint import Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import CASE_NO, PLAIN, CaseNo, Code, Page, Version
from ticketing import campaigns, suggestions
from ticketing.campaigns import TITLE_MAX, TOPIC_MAX, Campaign, Terms
from ticketing.clocks.working_time import CITY
from ticketing.suggestions import BECAUSE_MAX, Adoption, Stage, Suggestion

PATH = "/api/v1/campaigns"
ONE = f"{PATH}/{{campaign_id:[0-9]{{1,18}}}}"
SUGGESTION = f"{ONE}/suggestions/{{case_no:{CASE_NO}}}"

Because = Annotated[str, Field(max_length=BECAUSE_MAX), PLAIN]


class CampaignForm(Strict):
    """A campaign to be begun."""

    title: Annotated[str, Field(min_length=1, max_length=TITLE_MAX), PLAIN]
    topic: Annotated[str, Field(max_length=TOPIC_MAX), PLAIN] = ""
    first_day: date
    last_day: date


class CampaignChange(CampaignForm):
    """What a campaign is from now on, and the ``version`` that was seen."""

    version: Version


class SuggestionPage(Strict):
    """A part of a campaign's suggestions, the newest first, from behind the case ``after`` on."""

    stage: Stage | None = None
    after: CaseNo | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class Tying(Strict):
    """The number of a case of the kind suggestion."""

    case_no: CaseNo


class Screening(Strict):
    """Whether a suggestion is valid; if not, why."""

    valid: bool
    because: Because = ""
    version: Version


class Decision(Strict):
    """Whether a department adopts a suggestion; if not wholly, why."""

    adoption: Adoption
    because: Because = ""
    department: Code
    version: Version


@endpoint("GET", PATH, access=STAFF, answer=CampaignsAnswer)
async def get_campaigns(inquiry: Inquiry[Nothing, Nothing]) -> CampaignsAnswer:
    """All campaigns with their figures, the newest first."""
    year = inquiry.services.clock().astimezone(CITY).year
    async with inquiry.services.database() as connection:
        found = await campaigns.list_campaigns(connection, actor_of(inquiry.person))
        begun = await campaigns.begun_in(connection, year)
    wanted = inquiry.settings.campaigns_per_year
    answers = [campaign_answer(each) for each in found]
    return CampaignsAnswer(year=year, begun=begun, wanted=wanted, campaigns=answers)


@endpoint("POST", PATH, access=SUPERVISORS, body=CampaignForm, answer=CampaignAnswer, status=201)
async def post_campaign(inquiry: Inquiry[CampaignForm, Nothing]) -> CampaignAnswer:
    """Begin a campaign."""
    async with inquiry.services.database() as connection, connection.transaction():
        with as_problems():
            terms = Terms(**inquiry.body.model_dump())
            made = await campaigns.create_campaign(connection, terms, actor_of(inquiry.person))
        detail = {"before": None, "after": _told(made.terms)}
        await record_change(inquiry, connection, "campaign.created", str(made.campaign_id), detail)
    return campaign_answer(made)


@endpoint(
    "PUT",
    ONE,
    access=SUPERVISORS,
    body=CampaignChange,
    answer=CampaignAnswer,
    problems=(404, 409),
)
async def put_campaign(inquiry: Inquiry[CampaignChange, Nothing]) -> CampaignAnswer:
    """Change a campaign, unless it was changed since it was read."""
    form = inquiry.body
    async with inquiry.services.database() as connection, connection.transaction():
        with as_problems():
            terms = Terms(**form.model_dump(exclude={"version"}))
            before, after = await campaigns.change_campaign(
                connection,
                _id(inquiry),
                terms,
                version=form.version,
                actor=actor_of(inquiry.person),
            )
        detail = {"before": _told(before), "after": _told(after.terms)}
        await record_change(inquiry, connection, "campaign.changed", str(after.campaign_id), detail)
    return campaign_answer(after)


@endpoint(
    "GET",
    f"{ONE}/suggestions",
    access=STAFF,
    query=SuggestionPage,
    answer=list[CampaignSuggestion],
    problems=(404,),
)
async def get_suggestions(inquiry: Inquiry[Nothing, SuggestionPage]) -> list[CampaignSuggestion]:
    """The suggestions of a campaign that one may see."""
    query = inquiry.query
    async with inquiry.services.database() as connection:
        campaign = await _found(connection, inquiry)
        last = query.after and await case_for(connection, inquiry.person, query.after)
        found = await suggestions.list_suggestions(
            connection,
            campaign.campaign_id,
            actor_of(inquiry.person),
            stage=query.stage,
            after=last or None,
            limit=query.limit,
        )
    return [CampaignSuggestion.about(each) for each in found]


@endpoint(
    "GET",
    f"{ONE}/candidates",
    access=CASE_WORKERS,
    query=Page,
    answer=list[CaseRow],
    problems=(404,),
)
async def get_candidates(inquiry: Inquiry[Nothing, Page]) -> list[CaseRow]:
    """Suggestions of the campaign's days that are of no campaign yet, the newest first."""
    async with inquiry.services.database() as connection:
        campaign = await _found(connection, inquiry)
        found = await suggestions.candidates(
            connection, campaign, actor_of(inquiry.person), **inquiry.query.model_dump()
        )
        return await case_rows(connection, found, inquiry)


@endpoint(
    "POST",
    f"{ONE}/suggestions",
    access=CASE_WORKERS,
    body=Tying,
    answer=CampaignAnswer,
    status=201,
    problems=(404, 409),
)
async def post_suggestion(inquiry: Inquiry[Tying, Nothing]) -> CampaignAnswer:
    """Let a case be of a campaign; the campaign with it."""
    actor, now = actor_of(inquiry.person), inquiry.services.clock()
    async with inquiry.services.database() as connection, connection.transaction():
        campaign = await _found(connection, inquiry)
        case = await case_for(connection, inquiry.person, inquiry.body.case_no)
        with as_problems():
            await suggestions.tie(connection, campaign, case, actor=actor, now=now)
        return campaign_answer(await _found(connection, inquiry))


@endpoint(
    "PUT",
    f"{SUGGESTION}/screening",
    access=SUPERVISORS,
    body=Screening,
    answer=CampaignSuggestion,
    problems=(404, 409),
)
async def put_screening(inquiry: Inquiry[Screening, Nothing]) -> CampaignSuggestion:
    """Say whether a suggestion is valid."""
    return await _judge(inquiry, suggestions.screen, "suggestion.screened")


@endpoint(
    "PUT",
    f"{SUGGESTION}/adoption",
    access=SUPERVISORS,
    body=Decision,
    answer=CampaignSuggestion,
    problems=(404, 409),
)
async def put_adoption(inquiry: Inquiry[Decision, Nothing]) -> CampaignSuggestion:
    """Say whether a department adopts a valid suggestion."""
    return await _judge(inquiry, suggestions.decide, "suggestion.decided")


async def _found(connection: Any, inquiry: Inquiry[Any, Any]) -> Campaign:
    with as_problems():
        return await campaigns.find_campaign(connection, _id(inquiry), actor_of(inquiry.person))


async def _judge(
    inquiry: Inquiry[Any, Nothing],
    judge: Callable[..., Awaitable[tuple[Suggestion, Suggestion]]],
    action: str,
) -> CampaignSuggestion:
    async with inquiry.services.database() as connection, connection.transaction():
        with as_problems():
            before, after = await judge(
                connection, _id(inquiry), inquiry.path("case_no"), **inquiry.body.model_dump()
            )
        detail = {"before": _judged(before), "after": _judged(after)}
        await record_change(inquiry, connection, action, after.case_no, detail)
    return CampaignSuggestion.about(after)


def _judged(suggestion: Suggestion) -> dict[str, object]:
    department = suggestion.department and suggestion.department.code
    return {
        "valid": suggestion.valid,
        "adoption": suggestion.adoption,
        "department": department,
    }


def _id(inquiry: Inquiry[Any, Any]) -> int:
    return int(inquiry.path("campaign_id"))


def _told(terms: Terms) -> dict[str, object]:
    days = {"first_day": terms.first_day.isoformat(), "last_day": terms.last_day.isoformat()}
    return asdict(terms) | days


ENDPOINTS = (
    get_campaigns,
    post_campaign,
    put_campaign,
    get_suggestions,
    get_candidates,
    post_suggestion,
    put_screening,
    put_adoption,
)
