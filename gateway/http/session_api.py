"""Logging in and out."""

from typing import Annotated

from aiohttp import web
from pydantic import ConfigDict, Field, SecretStr

from gateway.auth import limits, sessions
from gateway.auth.passwords import MAX_LENGTH
from gateway.auth.roles import EVERYONE, Person, Role
from gateway.http.endpoint import PERSON, Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.problems import Problem
from gateway.users import authenticate


class Credentials(Strict):
    """Who wants to log in; a password may begin or end with a space."""

    model_config = ConfigDict(str_strip_whitespace=False)

    login: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]*$")]
    password: Annotated[SecretStr, Field(min_length=1, max_length=MAX_LENGTH)]


class Session(Answer):
    """Who is logged in; ``agent`` (工号) and ``extension`` where the person has a seat.

    Both are numbers of ``switchboard``. ``department`` is the code of the one that handles cases.
    """

    login: str
    display_name: str
    role: Role
    agent: str | None
    extension: str | None
    switchboard: str
    department: str | None


def _session(person: Person) -> Session:
    return Session(
        login=person.login,
        display_name=person.display_name,
        role=person.role,
        agent=person.agent,
        extension=person.extension,
        switchboard=person.switchboard,
        department=person.department,
    )


@endpoint(
    "POST",
    "/api/v1/session",
    access="public",
    body=Credentials,
    answer=Session,
    problems=(401, 429),
)
async def log_in(inquiry: Inquiry[Credentials, Nothing]) -> web.StreamResponse:
    """Log in; the session comes as a cookie."""
    services, credentials = inquiry.services, inquiry.body
    address = inquiry.request.remote or ""
    try:
        attempt = await limits.begin(services.redis, credentials.login, address)
    except limits.TooManyAttemptsError as error:
        raise Problem(429, str(error), headers={"Retry-After": str(error.retry_s)}) from None
    password = credentials.password.get_secret_value()
    person = await authenticate(services.pool, credentials.login, password)
    if person is None:
        raise Problem(401, "用户名或密码不正确")
    await limits.forgive(services.redis, attempt)
    await _end(inquiry)
    lifetime_s = round(inquiry.settings.session_hours * 3600)
    token = await sessions.start(services.redis, person, lifetime_s=lifetime_s)
    inquiry.request[PERSON] = person
    response = log_in.respond(_session(person))
    response.set_cookie(
        sessions.COOKIE,
        token,
        max_age=lifetime_s,
        httponly=True,
        samesite="Strict",
        secure=inquiry.settings.production,
    )
    return response


@endpoint("GET", "/api/v1/session", access=EVERYONE, answer=Session)
async def get_session(inquiry: Inquiry[Nothing, Nothing]) -> Session:
    """Who is logged in."""
    return _session(inquiry.person)


@endpoint("DELETE", "/api/v1/session", access=EVERYONE, answer=None, status=204)
async def log_out(inquiry: Inquiry[Nothing, Nothing]) -> web.StreamResponse:
    """End the session and close its WebSockets."""
    await _end(inquiry)
    response = log_out.respond(None)
    response.del_cookie(sessions.COOKIE)
    return response


async def _end(inquiry: Inquiry[Credentials, Nothing] | Inquiry[Nothing, Nothing]) -> None:
    if inquiry.token:
        await sessions.end(inquiry.services.redis, inquiry.token)
        inquiry.services.hub.end_session(sessions.session_key(inquiry.token))


ENDPOINTS = (log_in, get_session, log_out)
