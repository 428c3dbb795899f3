"""People who may log in, in table `users`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import aiosql
import asyncpg

from gateway.auth.passwords import (
    MAX_LENGTH,
    MIN_LENGTH,
    hash_password,
    random_password,
    verify_password,
)
from gateway.auth.roles import Person, Role
from gateway.errors import UserError
from ticketing.departments import find_department
from ticketing.errors import NotFoundError

FIRST_ADMINISTRATOR = "admin"
ACQUIRE_TIMEOUT_S = 2.0

_LOGIN = re.compile(r"[a-z0-9._-]{2,64}")
_SWITCHBOARD = re.compile(r"[a-z0-9]{1,16}")
_DIGITS = re.compile(r"[0-9]{2,10}")
_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "users.sql", "asyncpg")

Connection = Any  # asyncpg.Connection or the pool's proxy of one


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A person to be added; an agent needs his number (工号) and his extension.

    ``switchboard`` is the one where that telephone is. Somebody of a department needs its code.
    """

    login: str
    role: Role
    display_name: str
    agent: str | None = None
    extension: str | None = None
    switchboard: str = "sb1"
    department: str | None = None

    def check(self) -> None:
        """Raises `UserError` naming the first value that is not allowed."""
        if not _LOGIN.fullmatch(self.login):
            raise UserError("login: 2 to 64 of a-z, 0-9, dot, underscore, hyphen")
        if not 1 <= len(self.display_name) <= 64:
            raise UserError("display name: 1 to 64 characters")
        if self.role is Role.INTEGRATION:
            raise UserError("another system gets an API key, not a password")
        if self.role is Role.AGENT and not (self.agent and self.extension):
            raise UserError("an agent needs an agent number and an extension")
        if (self.role is Role.DEPARTMENT) != (self.department is not None):
            raise UserError("a department is for the role department, which needs one")
        if not _SWITCHBOARD.fullmatch(self.switchboard):
            raise UserError("switchboard: the name in its settings, 1 to 16 of a-z and 0-9")
        for name, value in (("agent number", self.agent), ("extension", self.extension)):
            if value is not None and not _DIGITS.fullmatch(value):
                raise UserError(f"{name}: 2 to 10 digits")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A row of `users` without its password."""

    person: Person
    active: bool

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """From the columns of `users` that are not secret, and the department's code."""
        person = Person(
            user_id=row["user_id"],
            login=row["login"],
            display_name=row["display_name"],
            role=Role(row["role"]),
            agent=row["agent"],
            extension=row["extension"],
            switchboard=row["switchboard"],
            department_id=row["department_id"],
            department=row["department"],
        )
        return cls(person=person, active=row["active"])


async def create_user(connection: Connection, user: NewUser, password: str) -> User:
    """Add a person.

    Raises `UserError` for a value that is not allowed, an unknown department, a login in use, or an
    agent number that somebody has at the same switchboard.
    """
    user.check()
    _check_password(password)
    department_id = await _department_id(connection, user.department)
    try:
        row = await _QUERIES.add_user(
            connection,
            login=user.login,
            password_hash=await hash_password(password),
            role=user.role.value,
            display_name=user.display_name,
            agent=user.agent,
            extension=user.extension,
            switchboard=user.switchboard,
            department_id=department_id,
        )
    except asyncpg.UniqueViolationError as error:
        taken = "agent number" if "seat" in (error.constraint_name or "") else "login"
        raise UserError(f"this {taken} is in use already") from None
    return User.from_row({**row, "department": user.department})


async def _department_id(connection: Connection, code: str | None) -> int | None:
    if code is None:
        return None
    try:
        return (await find_department(connection, code)).department_id
    except NotFoundError:
        raise UserError(f"no department with the code {code}") from None


async def set_password(connection: Connection, login: str, password: str) -> int:
    """Replace a password and return the user's id, whose sessions the caller then ends.

    Raises `UserError` for an unknown login or a password that is not allowed.
    """
    _check_password(password)
    user_id = await _QUERIES.replace_password(
        connection, login=login, password_hash=await hash_password(password)
    )
    if user_id is None:
        raise UserError(f"no user with the login {login}")
    return int(user_id)


async def list_users(connection: Connection) -> list[User]:
    """Everybody, by login."""
    return [User.from_row(row) async for row in _QUERIES.all_users(connection)]


async def find_user(connection: Connection, login: str, *, lock: bool = False) -> User:
    """Somebody by login; raises `UserError`. ``lock``: until the transaction ends."""
    query = _QUERIES.lock_user if lock else _QUERIES.user_by_login
    row = await query(connection, login=login)
    if row is None:
        raise UserError(f"no user with the login {login}")
    return User.from_row(row)


async def queues_of(connection: Connection, switchboard: str, agent: str) -> tuple[str, ...]:
    """The queues that ``agent`` serves at a switchboard; none stands for all."""
    found = await _QUERIES.queues_of(connection, switchboard=switchboard, agent=agent)
    return tuple(found or ())


async def assign_queues(
    connection: Connection, switchboard: str, agent: str, queues: Sequence[str]
) -> None:
    """Let ``agent`` serve these queues of a switchboard, or all with none."""
    await _QUERIES.assign_queues(
        connection, switchboard=switchboard, agent=agent, queues=list(queues) or None
    )


async def holder_of(connection: Connection, switchboard: str, agent: str) -> Person | None:
    """Who works under this agent number (工号) at a switchboard now."""
    holders = await holders_of(connection, agent)
    return next((person for person in holders if person.switchboard == switchboard), None)


async def holders_of(connection: Connection, agent: str) -> list[Person]:
    """Who works under this agent number now, by switchboard: one at each."""
    rows = _QUERIES.holders_of(connection, agent=agent)
    return [User.from_row(row).person async for row in rows]


async def authenticate(
    pool: "asyncpg.Pool[asyncpg.Record]", login: str, password: str
) -> Person | None:
    """The person with this login and password; ``None`` tells nothing about which was wrong.

    Takes as long for an unknown login; no connection is held while the password is checked.
    """
    async with pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection:
        row = await _QUERIES.credentials(connection, login=login)
    known = await verify_password(row["password_hash"] if row else None, password)
    return User.from_row(row).person if known else None


async def create_first_administrator(connection: Connection) -> str | None:
    """Make the login ``admin`` if there is no administrator yet.

    Returns its random password, which is stored nowhere in clear, or ``None`` if there is one.
    """
    password = random_password()
    async with connection.transaction():
        await _QUERIES.lock_first_administrator(connection)
        if await _QUERIES.any_administrator(connection):
            return None
        user = NewUser(
            login=FIRST_ADMINISTRATOR, role=Role.ADMINISTRATOR, display_name="系统管理员"
        )
        await create_user(connection, user, password)
    return password


def _check_password(password: str) -> None:
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise UserError(f"password: {MIN_LENGTH} to {MAX_LENGTH} characters")
