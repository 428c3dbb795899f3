"""The people who may log in: administrators keep them (O4)."""

from typing import Annotated, Any

from pydantic import Field

from gateway.auth import sessions
from gateway.auth.roles import ADMINISTRATORS, Role
from gateway.errors import UserError
from gateway.http.actors import as_problems
from gateway.http.auditing import record_change
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import SWITCHBOARD, Agent, Code, Extension, Name
from gateway.http.problems import Problem, not_found
from gateway.user_changes import UserTerms, add_user, change_user, reset_password
from gateway.users import User, list_users

LOGIN = r"[a-z0-9._-]{2,64}"
PATH = f"/api/v1/users/{{login:{LOGIN}}}"


class UserAnswer(Answer):
    """A person; ``agent`` (工号) and ``extension`` are those at ``switchboard``."""

    login: str
    display_name: str
    role: Role
    agent: str | None
    extension: str | None
    switchboard: str
    department: str | None
    active: bool


class UserForm(Strict):
    """What a person is; an agent needs a number and a telephone, people of departments theirs."""

    display_name: Name
    role: Role
    agent: Agent | None = None
    extension: Extension | None = None
    switchboard: Annotated[str, Field(pattern=SWITCHBOARD)] | None = None
    department: Code | None = None


class NewUserForm(UserForm):
    """A person to be added."""

    login: Annotated[str, Field(pattern=f"^{LOGIN}$")]


class ChangedUserForm(UserForm):
    """A person as he is from now on; ``active`` false: he may not log in any more."""

    active: bool = True


class GivenPassword(Answer):
    """A person and a password that is told this once; it must be changed at the next login."""

    user: UserAnswer
    password: str


@endpoint("GET", "/api/v1/users", access=ADMINISTRATORS, answer=list[UserAnswer])
async def get_users(inquiry: Inquiry[Nothing, Nothing]) -> list[UserAnswer]:
    """Everybody, by login."""
    async with inquiry.services.database() as connection:
        return [_answer(user) for user in await list_users(connection)]


@endpoint(
    "POST",
    "/api/v1/users",
    access=ADMINISTRATORS,
    body=NewUserForm,
    answer=GivenPassword,
    status=201,
    problems=(409,),
)
async def post_user(inquiry: Inquiry[NewUserForm, Nothing]) -> GivenPassword:
    """Add a person; the password is told once."""
    form = inquiry.body
    async with inquiry.services.database() as connection, connection.transaction():
        with as_problems():
            try:
                added, password = await add_user(connection, form.login, _terms(inquiry, form))
            except UserError:  # somebody else has added him, or taken the number, meanwhile
                raise Problem(409, "账号或工号刚刚被他人使用，请刷新后重试") from None
        detail = {"before": None, "after": _told(added)}
        await record_change(inquiry, connection, "user.created", form.login, detail)
    return GivenPassword(user=_answer(added), password=password)


@endpoint(
    "PUT",
    PATH,
    access=ADMINISTRATORS,
    body=ChangedUserForm,
    answer=UserAnswer,
    problems=(404, 409),
)
async def put_user(inquiry: Inquiry[ChangedUserForm, Nothing]) -> UserAnswer:
    """Change a person; whatever he may do differently from now on, he logs in anew for it."""
    form, login = inquiry.body, inquiry.path("login")
    async with inquiry.services.database() as connection, connection.transaction():
        with as_problems():
            try:
                before, after = await change_user(
                    connection, login, _terms(inquiry, form, active=form.active)
                )
            except UserError:
                raise not_found("用户") from None
        if before != after:
            detail = {"before": _told(before), "after": _told(after)}
            await record_change(inquiry, connection, "user.changed", login, detail)
            await _end_sessions(inquiry, after)
    if before != after:  # whoever came in between
        await _end_sessions(inquiry, after)
    return _answer(after)


@endpoint(
    "POST",
    f"{PATH}/password",
    access=ADMINISTRATORS,
    answer=GivenPassword,
    problems=(404,),
)
async def post_password(inquiry: Inquiry[Nothing, Nothing]) -> GivenPassword:
    """Give a person a new password, told once; he is logged out everywhere."""
    login = inquiry.path("login")
    async with inquiry.services.database() as connection, connection.transaction():
        try:
            user, password = await reset_password(connection, login)
        except UserError:
            raise not_found("用户") from None
        await record_change(inquiry, connection, "user.password_reset", login, {})
        await _end_sessions(inquiry, user)
    await _end_sessions(inquiry, user)
    return GivenPassword(user=_answer(user), password=password)


async def _end_sessions(inquiry: Inquiry[Any, Any], user: User) -> None:
    await sessions.end_all(inquiry.services.redis, user.person.user_id)


def _terms(inquiry: Inquiry[Any, Any], form: UserForm, *, active: bool = True) -> UserTerms:
    return UserTerms(
        display_name=form.display_name,
        role=form.role,
        agent=form.agent,
        extension=form.extension,
        switchboard=form.switchboard or inquiry.settings.first_switchboard,
        department=form.department,
        active=active,
    )


def _answer(user: User) -> UserAnswer:
    return UserAnswer(login=user.person.login, **_told(user))


def _told(user: User) -> dict[str, Any]:
    person = user.person
    return {
        "display_name": person.display_name,
        "role": person.role,
        "agent": person.agent,
        "extension": person.extension,
        "switchboard": person.switchboard,
        "department": person.department,
        "active": user.active,
    }


ENDPOINTS = (get_users, post_user, put_user, post_password)
