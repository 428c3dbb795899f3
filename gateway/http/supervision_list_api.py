"""Supervision lists (日签批, 周调度, 月分析): reading them, and signing their cases off.

Supervisors alone: the lists have confidential cases, too.
"""

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from gateway.auth.roles import SUPERVISORS
from gateway.http.actors import actor_of, as_problems
from gateway.http.case_step_api import Performed, announce, perform
from gateway.http.endpoint import Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import PLAIN, CaseNo, Code, Version
from gateway.http.problems import Problem
from gateway.http.supervision_list_answers import (
    FullList,
    GroundAnswer,
    ItemAnswer,
    ListAnswer,
    ShareAnswer,
    month_figure,
)
from gateway.supervision_lists import discounted_cases
from ticketing.cases import find_case
from ticketing.supervision import analysis, lists, signing
from ticketing.supervision.grounds import RULES, Ground
from ticketing.supervision.lists import SupervisionList
from ticketing.supervision.periods import ListKind

PATH = "/api/v1/supervision-lists"
ONE = f"{PATH}/{{list_id:[0-9]{{1,18}}}}"
MANY = 50
INSTRUCTION_MAX = 900


class ListFilter(Strict):
    """Which lists: of one kind, of periods that began before ``before``, the newest first."""

    kind: ListKind | None = None
    before: date | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 30


class ItemFilter(Strict):
    """A part of a list, from behind the place ``after`` on."""

    department: Code | None = None
    ground: Ground | None = None
    unsigned: bool = False
    after: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    limit: Annotated[int, Field(ge=1, le=200)] = MANY


class SignedCase(Strict):
    """A case of the list, and its ``version`` as whoever signs has seen it."""

    case_no: CaseNo
    version: Version


class Signing(Strict):
    """An instruction (批示) for one or several cases of a list."""

    instruction: Annotated[str, Field(min_length=1, max_length=INSTRUCTION_MAX), PLAIN]
    cases: Annotated[tuple[SignedCase, ...], Field(min_length=1, max_length=MANY)]


@endpoint("GET", PATH, access=SUPERVISORS, query=ListFilter, answer=list[ListAnswer])
async def get_lists(inquiry: Inquiry[Nothing, ListFilter]) -> list[ListAnswer]:
    """The lists that were made, the newest first."""
    async with inquiry.services.database() as connection:
        found = await lists.find_lists(connection, **inquiry.query.model_dump())
    return [ListAnswer.about(each) for each in found]


@endpoint("GET", ONE, access=SUPERVISORS, answer=FullList, problems=(404,))
async def get_list(inquiry: Inquiry[Nothing, Nothing]) -> FullList:
    """One list with its counts by ground and department, or the figures of a month."""
    async with inquiry.services.database() as connection:
        head = await _list(connection, inquiry)
        counts = await lists.ground_counts(connection, head.list_id)
        discounted = await discounted_cases(connection, head.list_id)
        shares = await lists.department_shares(connection, head.list_id, discounted=discounted)
        figures = await analysis.analysis_of(connection, head.list_id)
    return FullList(
        **ListAnswer.about(head).model_dump(),
        grounds=[
            GroundAnswer(
                ground=ground, word=rule.word, sentence=rule.sentence, cases=counts.get(ground, 0)
            )
            for ground, rule in RULES.items()
        ],
        departments=[ShareAnswer.about(share) for share in shares],
        figures=[month_figure(count) for count in figures],
    )


@endpoint(
    "GET",
    f"{ONE}/items",
    access=SUPERVISORS,
    query=ItemFilter,
    answer=list[ItemAnswer],
    problems=(404,),
)
async def get_items(inquiry: Inquiry[Nothing, ItemFilter]) -> list[ItemAnswer]:
    """Cases of a list, the gravest first, as they were then and are now."""
    async with inquiry.services.database() as connection:
        head = await _list(connection, inquiry)
        found = await lists.find_items(connection, head.list_id, **inquiry.query.model_dump())
    return [ItemAnswer.about(each) for each in found]


@endpoint(
    "POST", f"{ONE}/sign", access=SUPERVISORS, body=Signing, answer=ListAnswer, problems=(404, 409)
)
async def sign_items(inquiry: Inquiry[Signing, Nothing]) -> ListAnswer:
    """Sign cases off: each gets 督办, or a note where that is no step; all of them or none."""
    services = inquiry.services
    wanted = sorted(inquiry.body.cases, key=lambda each: (len(each.case_no), each.case_no))
    if len({each.case_no for each in wanted}) < len(wanted):
        raise Problem(422, "同一份工单不能出现两次")
    async with services.database() as connection, connection.transaction():
        await _list(connection, inquiry)
        performed = [await _sign(connection, inquiry, case) for case in wanted]
        head = await _list(connection, inquiry)
    for each in performed:
        await announce(services, each)
    return ListAnswer.about(head)


async def _sign(
    connection: Any, inquiry: Inquiry[Signing, Nothing], wanted: SignedCase
) -> Performed:
    list_id, words = int(inquiry.path("list_id")), inquiry.body.instruction
    with as_problems():
        case_id = await signing.check_unsigned(connection, list_id, wanted.case_no)
        case = await find_case(connection, wanted.case_no)
        step = signing.request_for(case.case_no, case.standing, version=wanted.version, words=words)
    performed = await perform(connection, inquiry, wanted.case_no, step)
    with as_problems():
        await signing.sign(
            connection,
            list_id,
            case_id,
            step.step,
            words=words,
            actor=actor_of(inquiry.person),
            now=inquiry.services.clock(),
        )
    return performed


async def _list(connection: Any, inquiry: Inquiry[Any, Any]) -> SupervisionList:
    with as_problems():
        return await lists.find_list(connection, int(inquiry.path("list_id")))


ENDPOINTS = (get_lists, get_list, get_items, sign_items)
