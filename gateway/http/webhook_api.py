"""Destinations of webhooks: who is sent the events of cases. For administrators."""

from datetime import datetime
from typing import Annotated, Any

from aiohttp import web
from pydantic import AfterValidator, Field

from gateway.auth.roles import ADMINISTRATORS
from gateway.http.auditing import record_change
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import Name
from gateway.http.problems import FieldProblem, Problem, not_found
from gateway.settings import Settings
from gateway.webhooks import destinations
from gateway.webhooks.addresses import URL_MAX
from gateway.webhooks.courier import guard_of
from gateway.webhooks.destinations import Destination, Terms
from gateway.webhooks.errors import SecretInvalidError, UrlRefusedError
from gateway.webhooks.names import EVENTS
from gateway.webhooks.signing import key_of, new_secret

PATH = "/api/v1/webhooks/{destination_id:[0-9]{1,18}}"


def _known_event(name: str) -> str:
    if name not in EVENTS:
        raise ValueError(f"没有名为 {name} 的事件" if name.isprintable() else "没有这种事件")
    return name


Event = Annotated[
    str,
    Field(max_length=64, json_schema_extra={"enum": list(EVENTS)}),
    AfterValidator(_known_event),
]
Url = Annotated[str, Field(min_length=1, max_length=URL_MAX)]
Secret = Annotated[str, Field(min_length=1, max_length=100)]


class NewWebhook(Strict):
    """A destination; ``events`` empty means all, ``secret`` left out that one is made."""

    name: Name
    url: Url
    events: Annotated[tuple[Event, ...], Field(max_length=len(EVENTS))] = ()
    secret: Secret | None = None


class WebhookTerms(Strict):
    """What a destination is to be from now on."""

    name: Name
    url: Url
    events: Annotated[tuple[Event, ...], Field(max_length=len(EVENTS))] = ()
    active: bool


class NewSecret(Strict):
    """A secret that the receiver has; left out, one is made."""

    secret: Secret | None = None


class WebhookAnswer(Answer):
    """A destination and what waits for it.

    ``inactive_reason`` is ``person``, or ``gone`` after an answer of 410. ``waiting`` events
    are on their way, the oldest since ``oldest_at``; ``dead`` have been given up.
    """

    destination_id: int
    name: str
    url: str
    events: list[str]
    active: bool
    inactive_reason: str
    created_at: datetime
    waiting: int
    oldest_at: datetime | None
    dead: int


class WebhookWithSecret(WebhookAnswer):
    """The same with its secret, which is shown this once."""

    secret: str


class WebhookList(Answer):
    """All destinations, and the names of the events that there are."""

    destinations: list[WebhookAnswer]
    events: list[str]


@endpoint("GET", "/api/v1/webhooks", access=ADMINISTRATORS, answer=WebhookList)
async def get_webhooks(inquiry: Inquiry[Nothing, Nothing]) -> WebhookList:
    """Destinations, by name, without their secrets."""
    async with inquiry.services.database() as connection:
        found = await destinations.all_destinations(connection)
    return WebhookList(destinations=[_answer(each) for each in found], events=list(EVENTS))


@endpoint(
    "POST",
    "/api/v1/webhooks",
    access=ADMINISTRATORS,
    body=NewWebhook,
    answer=WebhookWithSecret,
    status=201,
    problems=(409,),
)
async def post_webhook(inquiry: Inquiry[NewWebhook, Nothing]) -> WebhookWithSecret:
    """Add a destination; events from now on are sent to it."""
    form, now = inquiry.body, inquiry.services.clock()
    terms = Terms(name=form.name, url=_checked(form.url, inquiry.settings), events=form.events)
    secret = _secret(form.secret)
    async with inquiry.services.database() as connection, connection.transaction():
        await _refuse_taken(connection, form.name)
        added = await destinations.add(connection, terms, secret=secret, at=now)
        detail = {"before": None, "after": _terms(terms)}
        await record_change(inquiry, connection, "webhook.created", str(added), detail)
        found = await _found(connection, added)
    return WebhookWithSecret(**_answer(found).model_dump(), secret=secret)


@endpoint(
    "PUT", PATH, access=ADMINISTRATORS, body=WebhookTerms, answer=WebhookAnswer, problems=(404, 409)
)
async def put_webhook(inquiry: Inquiry[WebhookTerms, Nothing]) -> WebhookAnswer:
    """Change a destination. What waits while it is not active is sent when it is again."""
    terms = Terms(**inquiry.body.model_dump())
    _checked(terms.url, inquiry.settings)
    async with inquiry.services.database() as connection, connection.transaction():
        before = await _of_path(inquiry, connection)
        await _refuse_taken(connection, terms.name, but=before.destination_id)
        if before.terms != terms:
            await destinations.save(connection, before, terms)
            detail = {"before": _terms(before.terms), "after": _terms(terms)}
            await _record(inquiry, connection, "webhook.changed", before, detail)
        return _answer(await _found(connection, before.destination_id))


@endpoint("DELETE", PATH, access=ADMINISTRATORS, answer=None, status=204, problems=(404, 409))
async def delete_webhook(inquiry: Inquiry[Nothing, Nothing]) -> web.StreamResponse:
    """Remove a destination that is not active, and with it all that waits for it."""
    async with inquiry.services.database() as connection, connection.transaction():
        gone = await _of_path(inquiry, connection)
        if gone.terms.active:
            raise Problem(409, "推送地址仍在启用，请先停用再删除")
        await destinations.remove(connection, gone.destination_id)
        thrown_away = {"waiting": gone.waiting, "dead": gone.dead}
        detail = {"before": _terms(gone.terms), "after": None, **thrown_away}
        await _record(inquiry, connection, "webhook.removed", gone, detail)
    return delete_webhook.respond(None)


@endpoint(
    "POST",
    f"{PATH}/secret",
    access=ADMINISTRATORS,
    body=NewSecret,
    answer=WebhookWithSecret,
    problems=(404,),
)
async def post_secret(inquiry: Inquiry[NewSecret, Nothing]) -> WebhookWithSecret:
    """Sign with another secret from now on; for a day the former one signs, too."""
    secret, now = _secret(inquiry.body.secret), inquiry.services.clock()
    async with inquiry.services.database() as connection, connection.transaction():
        found = await _of_path(inquiry, connection)
        await destinations.change_secret(connection, found.destination_id, secret, at=now)
        await _record(inquiry, connection, "webhook.secret_changed", found, {})
    return WebhookWithSecret(**_answer(found).model_dump(), secret=secret)


async def _of_path(inquiry: Inquiry[Any, Any], connection: Any) -> Destination:
    """The destination of the path, with the right to change destinations until the end."""
    await destinations.lock(connection)
    return await _found(connection, int(inquiry.path("destination_id")))


async def _found(connection: Any, destination_id: int) -> Destination:
    found = await destinations.find(connection, destination_id)
    if found is None:
        raise not_found("推送地址")
    return found


async def _refuse_taken(connection: Any, name: str, *, but: int | None = None) -> None:
    await destinations.lock(connection)
    if await destinations.is_name_taken(connection, name, by_other_than=but):
        raise Problem(409, "已有同名的推送地址", errors=[FieldProblem("name", "名称已被使用")])


def _checked(url: str, settings: Settings) -> str:
    try:
        guard_of(settings).check_url(url)
    except UrlRefusedError as error:
        raise Problem(422, str(error), errors=[FieldProblem("url", str(error))]) from None
    return url


def _secret(given: str | None) -> str:
    if given is None:
        return new_secret()
    try:
        key_of(given)
    except SecretInvalidError as error:
        raise Problem(422, str(error), errors=[FieldProblem("secret", str(error))]) from None
    return given


async def _record(
    inquiry: Inquiry[Any, Any],
    connection: Any,
    action: str,
    of: Destination,
    detail: dict[str, Any],
) -> None:
    await record_change(inquiry, connection, action, str(of.destination_id), detail)


def _answer(destination: Destination) -> WebhookAnswer:
    return WebhookAnswer(
        destination_id=destination.destination_id,
        inactive_reason=destination.inactive_reason,
        created_at=destination.created_at,
        waiting=destination.waiting,
        oldest_at=destination.oldest_at,
        dead=destination.dead,
        **_terms(destination.terms),
    )


def _terms(terms: Terms) -> dict[str, Any]:
    return {
        "name": terms.name,
        "url": terms.url,
        "events": list(terms.events),
        "active": terms.active,
    }


ENDPOINTS = (get_webhooks, post_webhook, put_webhook, delete_webhook, post_secret)
