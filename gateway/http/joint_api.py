"""Joint handling (联合办理) that goes on, of all or of the own department (C13)."""

from typing import Annotated

from pydantic import Field

from gateway.auth.roles import JOINT_HANDLERS
from gateway.case_clocks import timing_of
from gateway.http.endpoint import Inquiry, Nothing, Strict, endpoint
from gateway.http.joint_answers import JointAnswer, joint_answer
from ticketing.joint import running_joints


class JointPage(Strict):
    """The oldest first, up to ``limit`` from behind the id ``after`` on."""

    after: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    limit: Annotated[int, Field(ge=1, le=200)] = 50


@endpoint("GET", "/api/v1/joints", access=JOINT_HANDLERS, query=JointPage, answer=list[JointAnswer])
async def get_joints(inquiry: Inquiry[Nothing, JointPage]) -> list[JointAnswer]:
    """Joint handlings; of a department those that it called, or to which it was called."""
    async with inquiry.services.database() as connection:
        found = await running_joints(
            connection,
            department_id=inquiry.person.department_id,
            after=inquiry.query.after,
            limit=inquiry.query.limit,
            timing=timing_of(inquiry.settings),
        )
    now = inquiry.services.clock()
    return [joint_answer(joint, now) for joint in found]


ENDPOINTS = (get_joints,)
