"""Logging in and out."""

from typing import Annotated

from aiohttp import web
from pydantic import ConfigDict, Field, SecretStr

from gateway.auth import limits, sessions
from gateway.auth.passwords import MAX_LENGTH, MIN_LENGTH
from gateway.auth.roles import EVERYONE, Person, Role
from gateway.http.endpoint import PERSON, Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.problems import FieldProblem, Problem
from gateway.user_changes import must_change_password
from gateway.users import authenticate, set_password


class Credentials(Strict):
    """Who wants to log in; a password may begin or end with a space.

    ``new_password`` takes the place of one that an administrator has given.
    """

    model_config = ConfigDict(str_strip_whitespace=False)

    login: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]*$")]
    password: Annotated[SecretStr, Field(min_length=1, max_length=MAX_LENGTH)]
    new_password: Annotated[SecretStr, Field(min_length=1, max_length=MAX_LENGTH)] | None = None


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
    await _replace_given_password(inquiry, person)
    await _end(inquiry)
    lifetime_s = round(inquiry.settings.session_hours * 3600)
    token = await sessions.start(services.redis, person, lifetime_s=lifetime_s)
    inquiry.request[PERSON] = person
    response = log_in.respond(Session.about(person))
    response.set_cookie(
        sessions.COOKIE,
        token,
        max_age=lifetime_s,
        httponly=True,
        samesite="Strict",
        secure=inquiry.settings.production,
    )
    return response


async def _replace_given_password(inquiry: Inquiry[Credentials, Nothing], person: Person) -> None:
    """A password from an administrator opens nothing before it is replaced."""
    async with inquiry.services.database() as connection, connection.transaction():
        given = await must_change_password(connection, person.user_id)
        if wrong := _wrong_with_new(inquiry.body, given=given):
            raise Problem(422, wrong, errors=[FieldProblem("new_password", wrong)])
        if inquiry.body.new_password is not None:
            new = inquiry.body.new_password.get_secret_value()
            await set_password(connection, person.login, new)


def _wrong_with_new(credentials: Credentials, *, given: bool) -> str:
    """Why the new password, or that there is none, cannot be; empty if it can."""
    if credentials.new_password is None:
        return "这是管理员给出的临时密码，请设置新密码" if given else ""
    if not given:
        return "您的密码不是临时密码，不能在登录时更改"
    new = credentials.new_password.get_secret_value()
    if len(new) < MIN_LENGTH:
        return f"新密码至少{MIN_LENGTH}位"
    same = new == credentials.password.get_secret_value()
    return "新密码不能与临时密码相同" if same else ""


@endpoint("GET", "/api/v1/session", access=EVERYONE, answer=Session)
async def get_session(inquiry: Inquiry[Nothing, Nothing]) -> Session:
    """Who is logged in."""
    return Session.about(inquiry.person)


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
