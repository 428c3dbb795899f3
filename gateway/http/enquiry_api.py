"""Status enquiry by citizens (C7): the number of the case and the end of their own."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.auth import rates
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import CaseNo
from gateway.http.permission import limited
from gateway.http.problems import Problem
from ticketing.enquiry import DIGITS, enquire
from ticketing.lifecycle import CaseState

# Four digits are soon tried out: of one case, whoever asks, 5 a quarter of an hour may be wrong.
PER_CASE, PER_ADDRESS, WINDOW_S = 5, 30, 900
CASE, ADDRESS = "enquiry-case", "enquiry-address"


class Enquiry(Strict):
    """Which case, and the last four digits of the number that the citizen called from."""

    case_no: CaseNo
    digits: Annotated[str, Field(pattern=f"^[0-9]{{{DIGITS}}}$")]


class EnquiryAnswer(Answer):
    """How the case stands; of a confidential one neither department nor reply are told."""

    case_no: str
    state: CaseState
    confidential: bool
    opened_at: datetime
    closed_at: datetime | None
    department: str | None
    reply: str


@endpoint(
    "POST",
    "/api/v1/enquiries",
    access="public",
    body=Enquiry,
    answer=EnquiryAnswer,
    problems=(404, 429),
)
async def post_enquiry(inquiry: Inquiry[Enquiry, Nothing]) -> EnquiryAnswer:
    """How a citizen's case stands."""
    asked, services = inquiry.body, inquiry.services
    address = inquiry.request.remote or ""
    await limited(inquiry.request, ADDRESS, address, limit=PER_ADDRESS, window_s=WINDOW_S)
    await limited(inquiry.request, CASE, asked.case_no, limit=PER_CASE, window_s=WINDOW_S)
    async with services.database() as connection:
        found = await enquire(connection, asked.case_no, asked.digits)
    if found is None:
        raise Problem(404, "没有相符的工单，请核对工单编号和电话号码的后四位")
    await rates.forget(services.redis, CASE, asked.case_no)
    return EnquiryAnswer(**asdict(found))


ENDPOINTS = (post_enquiry,)
