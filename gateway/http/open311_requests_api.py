"""Open311 GeoReport v2 (C9): service requests, opened and read, in JSON and XML.

https://wiki.open311.org/GeoReport_v2. Reading needs no key; a key sees its own requests as well.
What is shown to whom is in `ticketing.service_requests`.
"""

from typing import Any

from aiohttp import web

from gateway.auth.keys import KeyScope
from gateway.auth.roles import INTEGRATIONS
from gateway.http.actors import as_problems
from gateway.http.endpoint import Inquiry, Nothing, endpoint
from gateway.http.fields import CASE_NO
from gateway.http.open311_answers import (
    CreatedRequest,
    RequestAnswer,
    TokenAnswer,
    request_answer,
)
from gateway.http.open311_asking import (
    admit,
    check_jurisdiction,
    listed,
    open_service,
    open_services,
    reading,
)
from gateway.http.open311_forms import Lenient, RequestForm, RequestQuery
from gateway.http.open311_wire import FORMAT, ROOT
from gateway.http.problems import FieldProblem, Problem, not_found
from gateway.http.sent_cases import open_sent, tell_sent
from ticketing.case import TITLE_MAX, CaseKind, NewCase
from ticketing.inbound import Origin, telephone
from ticketing.service_requests import (
    SPAN,
    Service,
    ServiceRequest,
    WantedRequests,
    list_requests,
    window,
)

NOTICE = "诉求已受理，可凭编号查询办理进度"


@endpoint(
    "POST",
    f"{ROOT}/requests.{FORMAT}",
    access=INTEGRATIONS,
    scope=KeyScope.OPEN311,
    body=RequestForm,
    answer=list[CreatedRequest],
    open311=True,
)
async def post_service_request(inquiry: Inquiry[RequestForm, Nothing]) -> web.StreamResponse:
    """Open a service request: a case, which people of the hotline look at first."""
    form = inquiry.body
    check_jurisdiction(inquiry, form.jurisdiction_id)
    if not form.address:
        place = "须填写 address_string、address_id，或同时填写 lat 和 long"
        raise Problem(400, place, errors=[FieldProblem("address_string", place)])
    service = open_service(await open_services(inquiry), form.service_code)
    async with inquiry.services.database() as connection:
        async with connection.transaction():
            case = await open_sent(inquiry, connection, *_case_of(inquiry, service))
        await tell_sent(inquiry, connection, case)
    created = CreatedRequest(
        service_request_id=case.case_no, service_notice=NOTICE, account_id=None
    )
    return listed(inquiry, "service_requests", [created])


@reading("requests", query=RequestQuery, answer=list[RequestAnswer])
async def get_service_requests(inquiry: Inquiry[Nothing, RequestQuery]) -> web.StreamResponse:
    """Service requests of up to 90 days, newest first, at most 1,000."""
    query = inquiry.query
    between = window(query.start_date, query.end_date, inquiry.services.clock())
    if between is None:
        raise Problem(400, f"end_date 不能早于 start_date，且相距不能超过 {SPAN.days} 天")
    wanted = WantedRequests(
        numbers=query.service_request_id,
        services=query.service_code,
        statuses=query.status,
        start=between[0],
        end=between[1],
    )
    shown = await _requests(inquiry, wanted)
    return listed(inquiry, "service_requests", list(map(request_answer, shown)))


@reading(f"requests/{{case_no:{CASE_NO}}}", query=Lenient, answer=list[RequestAnswer])
async def get_service_request(inquiry: Inquiry[Nothing, Lenient]) -> web.StreamResponse:
    """One service request, in a list."""
    shown = await _request(inquiry, inquiry.path("case_no"))
    return listed(inquiry, "service_requests", [request_answer(shown)])


@reading(f"tokens/{{token:{CASE_NO}}}", query=Lenient, answer=list[TokenAnswer])
async def get_token(inquiry: Inquiry[Nothing, Lenient]) -> web.StreamResponse:
    """What a token stands for: every service is realtime, so an id is its own token."""
    number = (await _request(inquiry, inquiry.path("token"))).case_no
    answer = TokenAnswer(service_request_id=number, token=number)
    return listed(inquiry, "service_requests", [answer])


async def _requests(inquiry: Inquiry[Any, Any], wanted: WantedRequests) -> list[ServiceRequest]:
    key_id = await admit(inquiry)
    async with inquiry.services.database() as connection:
        return await list_requests(connection, wanted, key_id)


async def _request(inquiry: Inquiry[Any, Any], case_no: str) -> ServiceRequest:
    now = inquiry.services.clock()
    found = await _requests(inquiry, WantedRequests(numbers=[case_no], start=now, end=now))
    if not found:
        raise not_found("服务请求")
    return found[0]


def _case_of(inquiry: Inquiry[RequestForm, Any], service: Service) -> tuple[NewCase, Origin]:
    form, key = inquiry.body, inquiry.key
    with as_problems():
        new = NewCase(
            kind=CaseKind.HELP,
            title=f"{service.name}：{form.address}"[:TITLE_MAX],
            body=form.body(service.name),
            address=form.address,
            category=service.code,
            caller=telephone("phone", form.phone) if form.phone else "",
            source=key.terms.channel,
        )
    origin = Origin(key_id=key.key_id, public=form.public, latitude=form.lat, longitude=form.long)
    return new, origin


ENDPOINTS = (post_service_request, get_service_requests, get_service_request, get_token)
