"""Status enquiry by citizens (C7): the number of the case and the end of their own."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.enquiries import WINDOW_S, guarded_enquiry
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import CaseNo
from gateway.http.permission import limited, too_often
from gateway.http.problems import Problem
from ticketing.enquiry import DIGITS
from ticketing.lifecycle import CaseState

PER_ADDRESS = 30
ADDRESS = "enquiry-address"


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
    with too_often():
        found = await guarded_enquiry(
            services.redis, services.database, asked.case_no, asked.digits
        )
    if found is None:
        raise Problem(404, "没有相符的工单，请核对工单编号和电话号码的后四位")
    return EnquiryAnswer(**asdict(found))


ENDPOINTS = (post_enquiry,)
