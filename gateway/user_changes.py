"""Changes of people who may log in, as administrators make them; sentences are for them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosql
import asyncpg

from gateway.auth.passwords import random_password
from gateway.auth.roles import Role
from gateway.users import NewUser, User, create_user, find_user, set_password
from ticketing.departments import named_department
from ticketing.errors import ConflictError, FieldInvalidError

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "user_changes.sql", "asyncpg")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserTerms:
    """What a person is: who, in which role, at which telephone, of which department."""

    display_name: str
    role: Role
    agent: str | None
    extension: str | None
    switchboard: str
    department: str | None
    active: bool = True


async def add_user(connection: Any, login: str, terms: UserTerms) -> tuple[User, str]:
    """Add a person; his password, which is told once and must be changed at the first login.

    ``connection`` is in a transaction. Raises `FieldInvalidError`.
    """
    if await _QUERIES.login_exists(connection, login=login):
        raise FieldInvalidError("login", "这个账号已被使用")
    await _check(connection, login, terms)
    password = random_password()
    new = NewUser(
        login=login,
        role=terms.role,
        display_name=terms.display_name,
        agent=terms.agent,
        extension=terms.extension,
        switchboard=terms.switchboard,
        department=terms.department,
    )
    added = await create_user(connection, new, password)
    await _QUERIES.demand_new_password(connection, login=login)
    return added, password


async def change_user(connection: Any, login: str, terms: UserTerms) -> tuple[User, User]:
    """Change a person, or close or reopen the account; as it was and as it is.

    ``connection`` is in a transaction; the caller then ends his sessions. Raises `UserError` for an
    unknown login, `FieldInvalidError`, or `ConflictError` for the last administrator.
    """
    await _QUERIES.lock_administrators(connection)
    before = await find_user(connection, login, lock=True)
    stays = terms.active and terms.role is Role.ADMINISTRATOR
    if not stays and not await _QUERIES.other_administrator(connection, login=login):
        raise ConflictError("至少要有一个启用的系统管理员，这是最后一个")
    department_id = await _check(connection, login, terms, before=before)
    try:
        await _QUERIES.update_user(
            connection,
            login=login,
            display_name=terms.display_name,
            role=terms.role,
            agent=terms.agent,
            extension=terms.extension,
            switchboard=terms.switchboard,
            department_id=department_id,
            active=terms.active,
        )
    except asyncpg.UniqueViolationError:
        raise FieldInvalidError("agent", "这个工号已被使用") from None
    return before, await find_user(connection, login)


async def reset_password(connection: Any, login: str) -> tuple[User, str]:
    """Give a password that is told once and must be changed at the next login.

    The caller then ends the person's sessions. Raises `UserError` for an unknown login.
    """
    user, password = await find_user(connection, login, lock=True), random_password()
    await set_password(connection, login, password)
    await _QUERIES.demand_new_password(connection, login=login)
    return user, password


async def must_change_password(connection: Any, user_id: int) -> bool:
    """Whether a person's password is one that an administrator has given."""
    return bool(await _QUERIES.must_change_password(connection, user_id=user_id))


async def _check(
    connection: Any, login: str, terms: UserTerms, *, before: User | None = None
) -> int | None:
    """Whether a person may be so; the id of his department."""
    if terms.role is Role.AGENT:
        for field, value in (("agent", terms.agent), ("extension", terms.extension)):
            if value is None:
                raise FieldInvalidError(field, "坐席必须填写工号和分机")
    if (terms.role is Role.DEPARTMENT) != (terms.department is not None):
        sentence = "承办单位的人员必须选择部门" if terms.department is None else "这个角色没有部门"
        raise FieldInvalidError("department", sentence)
    if terms.agent is not None:
        holder = await _QUERIES.login_of_agent(
            connection, switchboard=terms.switchboard, agent=terms.agent
        )
        if holder not in (None, login):
            raise FieldInvalidError("agent", f"这个工号已由账号“{holder}”使用")
    if terms.department is None:
        return None
    if before is not None and before.person.department == terms.department:
        return before.person.department_id  # which may have been closed meanwhile
    return (await named_department(connection, terms.department, "department")).department_id
