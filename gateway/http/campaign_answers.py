"""Campaigns of people's suggestions as the API tells them."""

from dataclasses import asdict
from datetime import date, datetime

from gateway.http.endpoint import Answer
from gateway.http.named_answers import NamedAnswer
from gateway.http.rates import RateAnswer, rate_answer
from metrics.rates import Rate
from ticketing.campaigns import Campaign
from ticketing.lifecycle import CaseState
from ticketing.suggestions import Adoption


class CampaignAnswer(Answer):
    """A campaign, and how many of its suggestions one may see; days are included.

    ``handled_rate`` is of the valid ones (aim: 100 %), ``adoption_rate`` wholly or partly adopted
    of those that are handled.
    """

    campaign_id: int
    title: str
    topic: str
    first_day: date
    last_day: date
    version: int
    suggestions: int
    screened: int
    valid: int
    handled_rate: RateAnswer
    adoption_rate: RateAnswer


class CampaignsAnswer(Answer):
    """All campaigns, and how many of those that a year is to have began in this one."""

    year: int
    begun: int
    wanted: int
    campaigns: list[CampaignAnswer]


class CampaignSuggestion(Answer):
    """A case of a campaign; ``valid`` is null before screening, ``adoption`` before a decision."""

    case_no: str
    title: str
    state: CaseState
    confidential: bool
    tied_at: datetime
    tied_by: str
    valid: bool | None
    screened_because: str
    adoption: Adoption | None
    adopted_because: str
    department: NamedAnswer | None
    version: int


def campaign_answer(campaign: Campaign) -> CampaignAnswer:
    """A campaign as it is answered."""
    return CampaignAnswer(
        campaign_id=campaign.campaign_id,
        **asdict(campaign.terms),
        version=campaign.version,
        suggestions=campaign.suggestions,
        screened=campaign.screened,
        valid=campaign.valid,
        handled_rate=rate_answer(Rate(campaign.handled, campaign.valid)),
        adoption_rate=rate_answer(Rate(campaign.adopted, campaign.handled)),
    )
