"""Dispatch suggestion (智能派单, C12): what is proposed for a case, and how good proposals are."""

from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from gateway.auth.roles import CASE_WORKERS
from gateway.dispatch_adviser import Advice, Adviser
from gateway.http.actors import as_problems
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import PLAIN, Code
from gateway.settings import Settings
from ticketing.case import ADDRESS_MAX, BODY_MAX, TITLE_MAX
from ticketing.categories import open_category
from ticketing.dispatch_suggestion import store
from ticketing.dispatch_suggestion.features import CaseText
from ticketing.dispatch_suggestion.store import Shown

PATH = "/api/v1/dispatch-suggestions"
ADVISER: web.AppKey[Adviser] = web.AppKey("adviser", Adviser)

SuggestionId = Annotated[int, Field(ge=1, le=2**63 - 1)]


class CaseDraft(Strict):
    """A case as far as it is written.

    With ``category`` departments are proposed for that one. ``replaces`` is the suggestion that the
    same form has shown so far: only what it shows last is counted.
    """

    title: Annotated[str, Field(max_length=TITLE_MAX), PLAIN] = ""
    body: Annotated[str, Field(max_length=BODY_MAX), PLAIN] = ""
    address: Annotated[str, Field(max_length=ADDRESS_MAX), PLAIN] = ""
    category: Code | None = None
    replaces: SuggestionId | None = None


class ProposedCategory(Answer):
    """A category, with the words of the case that speak most for it."""

    code: str
    name: str
    confidence: float
    words: list[str]


class ProposedDepartment(Answer):
    """A department; it got ``cases`` of ``of`` cases of the likeliest category.

    Those in ``area``; empty: anywhere.
    """

    code: str
    name: str
    confidence: float
    area: str
    cases: int
    of: int


class SuggestionAnswer(Answer):
    """What is proposed, the most likely first; nothing as long as there is no model.

    ``…_offered``: the first one is confident enough to be shown, ``…_preselected`` to be chosen in
    the form already. ``suggestion_id`` goes with the case that is opened, or is none.
    """

    suggestion_id: int | None
    model_id: int | None
    categories: list[ProposedCategory]
    category_offered: bool
    category_preselected: bool
    departments: list[ProposedDepartment]
    department_offered: bool
    department_preselected: bool


NONE_MADE = SuggestionAnswer(
    suggestion_id=None,
    model_id=None,
    categories=[],
    category_offered=False,
    category_preselected=False,
    departments=[],
    department_offered=False,
    department_preselected=False,
)


@endpoint("POST", PATH, access=CASE_WORKERS, body=CaseDraft, answer=SuggestionAnswer)
async def suggest(inquiry: Inquiry[CaseDraft, Nothing]) -> SuggestionAnswer:
    """Propose category and department for a case that is being written. Its words are not kept."""
    draft, services = inquiry.body, inquiry.services
    text = CaseText(draft.title, draft.body, draft.address)
    adviser = inquiry.request.app[ADVISER]
    async with services.database() as connection:
        category_id = None
        if draft.category is not None:
            with as_problems():
                category_id = (await open_category(connection, draft.category)).category_id
        advice = await adviser.advise(connection, text, category_id)
        if advice is None or not advice.categories:
            return NONE_MADE
        suggestion_id = await store.note_shown(
            connection,
            shown_of(advice, inquiry.settings),
            asked_by=inquiry.person.user_id,
            at=services.clock(),
            replaces=draft.replaces,
        )
    return _answer(advice, suggestion_id, inquiry.settings)


def shown_of(advice: Advice, settings: Settings) -> Shown:
    """What is kept of an advice."""
    offer = settings.suggest_offer_percent
    return Shown(
        model_id=advice.model_id,
        categories=[(each.category_id, each.confidence) for each in advice.categories],
        category_offered=_reaches(advice.categories, offer),
        departments=[(each.department_id, each.confidence) for each in advice.departments],
        department_offered=_reaches(advice.departments, offer),
    )


def _reaches(proposed: Any, percent: float) -> bool:
    """Whether there is a first proposal and it is as confident as that."""
    return bool(proposed) and 100 * proposed[0].confidence >= percent


def _answer(advice: Advice, suggestion_id: int, settings: Settings) -> SuggestionAnswer:
    offer, preselect = settings.suggest_offer_percent, settings.suggest_preselect_percent
    return SuggestionAnswer(
        suggestion_id=suggestion_id,
        model_id=advice.model_id,
        categories=[
            ProposedCategory(
                code=each.category.code,
                name=each.category.name,
                confidence=round(each.confidence, 4),
                words=list(each.words),
            )
            for each in advice.categories
        ],
        category_offered=_reaches(advice.categories, offer),
        category_preselected=_reaches(advice.categories, preselect),
        departments=[
            ProposedDepartment(
                code=each.department.code,
                name=each.department.name,
                confidence=round(each.confidence, 4),
                area=each.area,
                cases=each.cases,
                of=each.of,
            )
            for each in advice.departments
        ],
        department_offered=_reaches(advice.departments, offer),
        department_preselected=_reaches(advice.departments, preselect),
    )


ENDPOINTS = (suggest,)
