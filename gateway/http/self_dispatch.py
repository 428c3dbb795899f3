"""A case that dispatches itself, where that is allowed by a setting: by default never (C12)."""

from typing import Any

from gateway.http.dispatch_suggestion_api import ADVISER
from gateway.http.endpoint import Inquiry
from ticketing.case import Actor, ActorRole, Case
from ticketing.categories import find_category
from ticketing.clocks.case_clocks import SYSTEM
from ticketing.dispatch_suggestion.features import CaseText
from ticketing.lifecycle import CaseState, Step
from ticketing.steps import StepRequest, take_step

_SYSTEM = Actor(user_id=0, login=SYSTEM, role=ActorRole.SUPERVISOR)


async def dispatch_by_itself(inquiry: Inquiry[Any, Any], connection: Any, case: Case) -> Case:
    """The case, dispatched when category and department are both as sure as the setting wants.

    A category that a person chose is taken as it is. Confidential cases never dispatch themselves.
    """
    wanted = inquiry.settings.suggest_dispatch_percent
    if wanted is None or case.confidential or case.state is not CaseState.REGISTERED:
        return case
    chosen = None if case.category is None else await find_category(connection, case.category.code)
    text = CaseText(case.title, case.body, case.address)
    adviser = inquiry.request.app[ADVISER]
    advice = await adviser.advise(connection, text, chosen.category_id if chosen else None)
    if advice is None or not advice.categories or not advice.departments:
        return case
    category, department = advice.categories[0], advice.departments[0]
    sure = 1.0 if chosen else category.confidence
    if 100 * min(sure, department.confidence) < wanted:
        return case
    note = f"智能派单：置信度{100 * department.confidence:.0f}%，模型第{advice.model_id}版"
    step = StepRequest(
        step=Step.DISPATCHED,
        version=case.version,
        department=department.department.code,
        category=None if chosen else category.category.code,
        note=note,
    )
    taken = await take_step(
        connection, case.case_no, step, actor=_SYSTEM, now=inquiry.services.clock()
    )
    return taken.case
