"""Administration of the systems that may speak to us (接入) and of their keys (O4)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from gateway import api_keys
from gateway.api_keys import ApiKey, KeyTerms
from gateway.auth.keys import KeyScope
from gateway.auth.roles import ADMINISTRATORS
from gateway.errors import ApiKeyMissingError, ApiKeyTakenError
from gateway.http.auditing import record_change
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import Name
from gateway.http.problems import FieldProblem, Problem
from ticketing.case import CaseSource

PATH = "/api/v1/api-keys/{key_id:[1-9][0-9]{0,17}}"

Channel = Literal["web", "letter", "visit", "app"]  # of `CaseSource`, all but the telephone


class NewKeyForm(Strict):
    """A system to be connected: what its cases are marked with, and what it may do."""

    name: Name
    channel: Channel
    scopes: Annotated[frozenset[KeyScope], Field(min_length=1)]


class KeyForm(NewKeyForm):
    """The same, and whether its key works."""

    active: bool


class KeyAnswer(Answer):
    """A connected system; its cases are opened by ``login``, its key begins with ``prefix``."""

    key_id: int
    name: str
    channel: CaseSource
    scopes: list[KeyScope]
    active: bool
    login: str
    prefix: str
    created_at: datetime
    created_by: str
    last_used_on: date | None


class SecretAnswer(KeyAnswer):
    """The same with the key itself, which is told this once."""

    secret: str


@endpoint("GET", "/api/v1/api-keys", access=ADMINISTRATORS, answer=list[KeyAnswer])
async def get_api_keys(inquiry: Inquiry[Nothing, Nothing]) -> list[KeyAnswer]:
    """All systems that are connected, by name."""
    async with inquiry.services.database() as connection:
        return [KeyAnswer(**_told(key)) for key in await api_keys.list_keys(connection)]


@endpoint(
    "POST",
    "/api/v1/api-keys",
    access=ADMINISTRATORS,
    body=NewKeyForm,
    answer=SecretAnswer,
    status=201,
)
async def post_api_key(inquiry: Inquiry[NewKeyForm, Nothing]) -> SecretAnswer:
    """Connect a system: its key is in this answer and nowhere else."""
    services, terms = inquiry.services, _terms_of(inquiry.body)
    async with services.database() as connection, connection.transaction():
        with _as_problems():
            key, secret = await api_keys.create_key(
                connection, terms, actor=inquiry.person.login, at=services.clock()
            )
        detail = {"before": None, "after": _terms(key)}
        await record_change(inquiry, connection, "api_key.created", key.login, detail)
    return SecretAnswer(**_told(key), secret=secret)


@endpoint("PUT", PATH, access=ADMINISTRATORS, body=KeyForm, answer=KeyAnswer)
async def put_api_key(inquiry: Inquiry[KeyForm, Nothing]) -> KeyAnswer:
    """Rename a system, open or close its key, or let it do other things."""
    terms = _terms_of(inquiry.body, active=inquiry.body.active)
    async with inquiry.services.database() as connection, connection.transaction():
        with _as_problems():
            before, after = await api_keys.change_key(connection, _key_id(inquiry), terms)
        if before != after:
            detail = {"before": _terms(before), "after": _terms(after)}
            await record_change(inquiry, connection, "api_key.changed", after.login, detail)
    return KeyAnswer(**_told(after))


@endpoint("POST", f"{PATH}/renew", access=ADMINISTRATORS, answer=SecretAnswer)
async def renew_api_key(inquiry: Inquiry[Nothing, Nothing]) -> SecretAnswer:
    """Replace the key of a system: the old one ends at once."""
    async with inquiry.services.database() as connection, connection.transaction():
        with _as_problems():
            key, secret = await api_keys.renew_key(connection, _key_id(inquiry))
        detail = {"prefix": key.prefix}
        await record_change(inquiry, connection, "api_key.renewed", key.login, detail)
    return SecretAnswer(**_told(key), secret=secret)


@contextmanager
def _as_problems() -> Iterator[None]:
    try:
        yield
    except ApiKeyMissingError as error:
        raise Problem(404, str(error)) from None
    except ApiKeyTakenError as error:
        raise Problem(422, str(error), errors=[FieldProblem("name", str(error))]) from None


def _terms_of(form: NewKeyForm, *, active: bool = True) -> KeyTerms:
    channel = CaseSource(form.channel)
    return KeyTerms(name=form.name, channel=channel, scopes=form.scopes, active=active)


def _key_id(inquiry: Inquiry[Any, Any]) -> int:
    return int(inquiry.path("key_id"))


def _terms(key: ApiKey) -> dict[str, Any]:
    terms = key.terms
    return {
        "name": terms.name,
        "channel": terms.channel,
        "scopes": sorted(terms.scopes),
        "active": terms.active,
    }


def _told(key: ApiKey) -> dict[str, Any]:
    return {
        **_terms(key),
        "key_id": key.key_id,
        "login": key.login,
        "prefix": key.prefix,
        "created_at": key.created_at,
        "created_by": key.created_by,
        "last_used_on": key.last_used_on,
    }


ENDPOINTS = (get_api_keys, post_api_key, put_api_key, renew_api_key)
