"""Cases from other systems: websites, letters, visits, apps (C1: 信、访、网、电 in one place)."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from gateway import idempotency
from gateway.auth.keys import KeyScope
from gateway.auth.roles import INTEGRATIONS
from gateway.errors import KeyReusedError
from gateway.http.actors import as_problems
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import CASE_NO, PLAIN, Code
from gateway.http.problems import Problem, not_found
from gateway.http.reading import RequiredHeader
from gateway.http.sent_cases import open_sent, tell_sent
from ticketing.case import (
    ADDRESS_MAX,
    BODY_MAX,
    TITLE_MAX,
    Case,
    CaseKind,
    CaseSource,
    NewCase,
)
from ticketing.inbound import REFERENCE_MAX, Origin, find_sent_case, telephone
from ticketing.lifecycle import CaseState

PATH = "/api/v1/inbound/cases"
KEY = RequiredHeader(
    name="Idempotency-Key",
    pattern=r"[\x21-\x7e]{1,255}",
    problem="缺少请求头 Idempotency-Key，或其值不是 1 至 255 个可见 ASCII 字符",
)

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]


class InboundCase(Strict):
    """A case that another system sends; its channel is that of the key.

    ``reference`` is its number in that system, ``phone`` the number to call the citizen back at,
    ``public`` that he agreed to have text and place shown over Open311. Coordinates are WGS84.
    """

    kind: CaseKind
    title: Annotated[str, Field(min_length=1, max_length=TITLE_MAX), PLAIN]
    body: Annotated[str, Field(min_length=1, max_length=BODY_MAX), PLAIN]
    address: Annotated[str, Field(max_length=ADDRESS_MAX), PLAIN] = ""
    category: Code | None = None
    confidential: bool = False
    public: bool = False
    phone: Annotated[str, Field(max_length=32), PLAIN] = ""
    reference: Annotated[str, Field(max_length=REFERENCE_MAX), PLAIN] = ""
    latitude: Latitude | None = None
    longitude: Longitude | None = None


class SentCaseAnswer(Answer):
    """A case as the system that sent it may see it; ``result`` is told once it is closed."""

    case_no: str
    reference: str
    source: CaseSource
    state: CaseState
    opened_at: datetime
    closed_at: datetime | None
    result: str


@endpoint(
    "POST",
    PATH,
    access=INTEGRATIONS,
    scope=KeyScope.INBOUND,
    header=KEY,
    body=InboundCase,
    answer=SentCaseAnswer,
    status=201,
)
async def send_case(inquiry: Inquiry[InboundCase, Nothing]) -> SentCaseAnswer:
    """Send a case; sent again under the same Idempotency-Key it is the same case."""
    services, key_id = inquiry.services, inquiry.key.key_id
    key, content = KEY.read(inquiry.request), inquiry.body.model_dump_json()
    async with services.database() as connection:
        async with connection.transaction():
            try:
                known = await idempotency.begin(
                    connection, key_id, key, content, at=services.clock()
                )
            except KeyReusedError as error:
                raise Problem(422, str(error)) from None
            if known is not None:
                return SentCaseAnswer.model_validate(known)
            case = await open_sent(inquiry, connection, *_case_of(inquiry))
            answer = _answer(case, inquiry.body.reference)
            await idempotency.finish(connection, key_id, key, answer.model_dump_json())
        await tell_sent(inquiry, connection, case)
    return answer


@endpoint(
    "GET",
    f"{PATH}/{{case_no:{CASE_NO}}}",
    access=INTEGRATIONS,
    scope=KeyScope.INBOUND,
    answer=SentCaseAnswer,
)
async def get_sent_case(inquiry: Inquiry[Nothing, Nothing]) -> SentCaseAnswer:
    """How a case stands that was sent with this key."""
    async with inquiry.services.database() as connection:
        found = await find_sent_case(connection, inquiry.key.key_id, inquiry.path("case_no"))
    if found is None:
        raise not_found("工单")
    return SentCaseAnswer.about(found)


def _case_of(inquiry: Inquiry[InboundCase, Any]) -> tuple[NewCase, Origin]:
    form = inquiry.body
    with as_problems():
        caller = telephone("phone", form.phone) if form.phone else ""
        new = NewCase(
            kind=form.kind,
            title=form.title,
            body=form.body,
            address=form.address,
            confidential=form.confidential,
            category=form.category,
            caller=caller,
            source=inquiry.key.terms.channel,
        )
    origin = Origin(
        key_id=inquiry.key.key_id,
        reference=form.reference,
        public=form.public,
        latitude=form.latitude,
        longitude=form.longitude,
    )
    return new, origin


def _answer(case: Case, reference: str) -> SentCaseAnswer:
    return SentCaseAnswer(
        case_no=case.case_no,
        reference=reference,
        source=case.source,
        state=case.state,
        opened_at=case.opened_at,
        closed_at=case.closed_at,
        result=case.result,
    )


ENDPOINTS = (send_case, get_sent_case)
