"""What became of events on their way: the dead letters of a destination, resent or discarded."""

from datetime import datetime
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from gateway.auth.roles import ADMINISTRATORS
from gateway.http.attempt_answers import LastAttemptAnswer, last_attempt
from gateway.http.auditing import record_change
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import PLAIN
from gateway.http.problems import Problem, not_found
from gateway.http.webhook_api import PATH
from gateway.webhooks import deliveries, destinations
from gateway.webhooks.deliveries import Delivery, DeliveryState, Letter

LETTER = "/api/v1/webhook-deliveries/{delivery_id:[0-9]{1,18}}"
REASON_MAX = 200


class DeliveryPage(Strict):
    """Newest first, up to ``limit`` deliveries from before the one with the number ``before``."""

    state: DeliveryState = DeliveryState.DEAD
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    before: Annotated[int, Field(ge=1, le=2**63 - 1)] = 2**63 - 1


class DeliveryAnswer(Answer):
    """An event on its way; ``event_id`` is what the receiver discards repeats by.

    ``behind`` later events of the case wait for a dead one; ``due_at`` is the next attempt.
    """

    delivery_id: int
    state: DeliveryState
    event_id: str
    event: str
    at: datetime
    case_no: str
    attempts: int
    enqueued_at: datetime
    ended_at: datetime | None
    due_at: datetime | None
    behind: int
    attempt: LastAttemptAnswer | None


class Discarding(Strict):
    """Why an event is not sent."""

    reason: Annotated[str, Field(min_length=1, max_length=REASON_MAX), PLAIN]


class Resent(Answer):
    """How many dead letters are sent again."""

    resent: int


@endpoint(
    "GET",
    f"{PATH}/deliveries",
    access=ADMINISTRATORS,
    query=DeliveryPage,
    answer=list[DeliveryAnswer],
    problems=(404,),
)
async def get_deliveries(inquiry: Inquiry[Nothing, DeliveryPage]) -> list[DeliveryAnswer]:
    """Events of a destination in one state: dead letters, unless another is asked for."""
    page, destination_id = inquiry.query, int(inquiry.path("destination_id"))
    async with inquiry.services.database() as connection:
        await _refuse_unknown(connection, destination_id)
        found = await deliveries.deliveries_of(
            connection, destination_id, page.state, before=page.before, limit=page.limit
        )
    return [_answer(each) for each in found]


@endpoint("POST", f"{PATH}/resend", access=ADMINISTRATORS, answer=Resent, problems=(404,))
async def post_resend_all(inquiry: Inquiry[Nothing, Nothing]) -> Resent:
    """Send all dead letters of a destination again, each case's in its order."""
    destination_id = int(inquiry.path("destination_id"))
    async with inquiry.services.database() as connection, connection.transaction():
        await _refuse_unknown(connection, destination_id)
        now = inquiry.services.clock()
        resent = await deliveries.resend_all(connection, destination_id, now=now)
        if resent:
            detail = {"resent": resent}
            action = "webhook.all_resent"
            await record_change(inquiry, connection, action, str(destination_id), detail)
    return Resent(resent=resent)


@endpoint(
    "POST",
    f"{LETTER}/resend",
    access=ADMINISTRATORS,
    answer=None,
    status=204,
    problems=(404, 409),
)
async def post_resend(inquiry: Inquiry[Nothing, Nothing]) -> web.StreamResponse:
    """Send a dead letter again; later events of its case follow it."""
    async with inquiry.services.database() as connection, connection.transaction():
        letter = await _dead_letter(inquiry, connection)
        await deliveries.resend(connection, letter, now=inquiry.services.clock())
        await _record(inquiry, connection, "webhook.resent", letter)
    return post_resend.respond(None)


@endpoint(
    "POST",
    f"{LETTER}/discard",
    access=ADMINISTRATORS,
    body=Discarding,
    answer=None,
    status=204,
    problems=(404, 409),
)
async def post_discard(inquiry: Inquiry[Discarding, Nothing]) -> web.StreamResponse:
    """Give a dead letter up for good; later events of its case are sent without it."""
    async with inquiry.services.database() as connection, connection.transaction():
        letter = await _dead_letter(inquiry, connection)
        await deliveries.discard(connection, letter, now=inquiry.services.clock())
        reason = {"reason": inquiry.body.reason}
        await _record(inquiry, connection, "webhook.discarded", letter, reason)
    return post_discard.respond(None)


async def _refuse_unknown(connection: Any, destination_id: int) -> None:
    if await destinations.find(connection, destination_id) is None:
        raise not_found("推送地址")


async def _dead_letter(inquiry: Inquiry[Any, Any], connection: Any) -> Letter:
    letter = await deliveries.lock_letter(connection, int(inquiry.path("delivery_id")))
    if letter is None:
        raise not_found("推送记录")
    if letter.state is not DeliveryState.DEAD:
        raise Problem(409, "这条推送不在死信中，可能已由他人处理，请刷新")
    return letter


async def _record(
    inquiry: Inquiry[Any, Any],
    connection: Any,
    action: str,
    letter: Letter,
    more: dict[str, Any] | None = None,
) -> None:
    detail = {"event_id": letter.event_id, "case_no": letter.case_no, **(more or {})}
    await record_change(inquiry, connection, action, str(letter.destination_id), detail)


def _answer(delivery: Delivery) -> DeliveryAnswer:
    return DeliveryAnswer(
        delivery_id=delivery.delivery_id,
        state=delivery.state,
        event_id=delivery.event_id,
        event=delivery.name,
        at=delivery.at,
        case_no=delivery.case_no,
        attempts=delivery.attempts,
        enqueued_at=delivery.enqueued_at,
        ended_at=delivery.ended_at,
        due_at=delivery.due_at,
        behind=delivery.behind,
        attempt=last_attempt(delivery),
    )


ENDPOINTS = (get_deliveries, post_resend_all, post_resend, post_discard)
