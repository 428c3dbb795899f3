"""Finding cases (C1): by words, by the citizen's number, by their own number."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from gateway.auth.roles import CASE_WORKERS, EVERYONE
from gateway.http.actors import actor_of, as_problems
from gateway.http.auditing import record_change
from gateway.http.case_rows import CaseRow, case_rows
from gateway.http.endpoint import Answer, Inquiry, Nothing, endpoint
from gateway.http.fields import PLAIN, CaseNo, Code, Instant, Page
from gateway.http.problems import FieldProblem, Problem
from ticketing.case import CaseSource
from ticketing.case_lists import Scope, Wanted
from ticketing.lifecycle import CaseState
from ticketing.search.finding import Found, find_by_caller, find_by_number, find_by_words

TEXT_MAX = 100
_WAYS = ("text", "number", "case_no")


class CaseQuestion(Page):
    """What is looked for: ``text``, a citizen's full ``number``, or a ``case_no``, one of them.

    The other fields are those of the list of cases but ``light``. It is sent, not put into a URL:
    a number must not stand there.
    """

    text: Annotated[str, Field(min_length=1, max_length=TEXT_MAX), PLAIN] | None = None
    number: Annotated[str, Field(pattern=r"^\+?[0-9 ()（）-]{3,30}$")] | None = None
    case_no: CaseNo | None = None
    scope: Scope = Scope.ALL
    state: CaseState | None = None
    category: Code | None = None
    department: Code | None = None
    source: CaseSource | None = None
    opened_from: Instant | None = None
    opened_to: Instant | None = None

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        if sum(getattr(self, way) is not None for way in _WAYS) != 1:
            raise ValueError("text、number、case_no 必须且只能填写一项")
        return self

    @property
    def wanted(self) -> Wanted:
        """The filters."""
        return Wanted(**self.model_dump(exclude={*_WAYS}))


class CaseFindings(Answer):
    """Cases that were found, newest first.

    ``more_before`` is where to go on (as ``before``), null when all have been looked at. It may be
    there although the page is not full: a search for words looks at so many cases at once only.
    """

    cases: list[CaseRow]
    more_before: datetime | None


@endpoint(
    "POST",
    "/api/v1/cases/search",
    access=EVERYONE,
    body=CaseQuestion,
    answer=CaseFindings,
)
async def search_cases(inquiry: Inquiry[CaseQuestion, Nothing]) -> CaseFindings:
    """Find cases that one may see; looking for a number is in the audit log."""
    if inquiry.body.number is not None and inquiry.person.role not in CASE_WORKERS:
        sentence = "您的角色不能按来电号码查找工单"
        raise Problem(403, sentence, errors=[FieldProblem("number", sentence)])
    async with inquiry.services.database() as connection:
        with as_problems():
            found = await _find(connection, inquiry)
        rows = await case_rows(connection, found.cases, inquiry)
    return CaseFindings(cases=rows, more_before=found.more_before)


async def _find(connection: Any, inquiry: Inquiry[CaseQuestion, Nothing]) -> Found:
    asked, actor = inquiry.body, actor_of(inquiry.person)
    if asked.text is not None:
        return await find_by_words(connection, asked.text, asked.wanted, actor)
    if asked.case_no is not None:
        return await find_by_number(connection, asked.case_no, asked.wanted, actor)
    found = await find_by_caller(connection, asked.number or "", asked.wanted, actor)
    detail = {"found": len(found.cases)}
    await record_change(inquiry, connection, "case.search_number", "", detail)
    return found


ENDPOINTS = (search_cases,)
