"""People who may log in, in PostgreSQL (REQUIREMENTS O4)."""

import asyncio
import json
from dataclasses import replace

import asyncpg
import pytest
from redis.asyncio import Redis

from gateway.auth import sessions
from gateway.auth.roles import Role
from gateway.errors import UserError
from gateway.users import (
    NewUser,
    authenticate,
    create_first_administrator,
    create_user,
    list_users,
    set_password,
)
from ticketing.departments import Level, create_department

PASSWORD = "correct horse battery"
LI = NewUser(login="li", role=Role.AGENT, display_name="李", agent="1001", extension="81001")


async def test_create_and_authenticate(pool: asyncpg.Pool) -> None:
    created = await create_user(pool, LI, PASSWORD)
    assert created.active
    assert await authenticate(pool, "li", PASSWORD) == created.person
    assert await authenticate(pool, "li", "wrong") is None
    assert await authenticate(pool, "nobody", PASSWORD) is None
    assert [user.person for user in await list_users(pool)] == [created.person]
    assert PASSWORD not in await pool.fetchval("select password_hash from users")


async def test_new_password(pool: asyncpg.Pool) -> None:
    created = await create_user(pool, LI, PASSWORD)
    assert await set_password(pool, "li", "another horse") == created.person.user_id
    assert await authenticate(pool, "li", PASSWORD) is None
    assert await authenticate(pool, "li", "another horse") is not None
    with pytest.raises(UserError, match="no user"):
        await set_password(pool, "nobody", PASSWORD)
    with pytest.raises(UserError, match="10 to 128"):
        await set_password(pool, "li", "short")


async def test_login_and_agent_number_are_given_once(pool: asyncpg.Pool) -> None:
    await create_user(pool, LI, PASSWORD)
    with pytest.raises(UserError, match="login is in use"):
        await create_user(pool, LI, PASSWORD)
    other = NewUser(
        login="wang", role=Role.AGENT, display_name="王", agent="1001", extension="81002"
    )
    with pytest.raises(UserError, match="agent number is in use"):
        await create_user(pool, other, PASSWORD)
    elsewhere = replace(other, switchboard="east")
    assert (await create_user(pool, elsewhere, PASSWORD)).person.switchboard == "east"
    with pytest.raises(UserError, match="switchboard"):
        await create_user(pool, replace(other, switchboard="East 1"), PASSWORD)


async def test_a_session_of_another_version_of_the_program_is_over(
    pool: asyncpg.Pool, redis: Redis
) -> None:
    person = (await create_user(pool, LI, PASSWORD)).person
    token = await sessions.start(redis, person, lifetime_s=60)
    stored = json.loads(await redis.get(sessions.session_key(token)))
    del stored["switchboard"]
    await redis.set(sessions.session_key(token), json.dumps(stored))
    assert await sessions.find(redis, token) is None


async def test_first_administrator_is_made_once(pool: asyncpg.Pool) -> None:
    async def make() -> str | None:
        async with pool.acquire() as connection:
            return await create_first_administrator(connection)

    passwords = await asyncio.gather(*(make() for _ in range(3)))
    (password,) = [each for each in passwords if each is not None]
    person = await authenticate(pool, "admin", password)
    assert person is not None
    assert person.role is Role.ADMINISTRATOR


async def test_all_sessions_of_a_person_end(pool: asyncpg.Pool, redis: Redis) -> None:
    person = (await create_user(pool, LI, PASSWORD)).person
    tokens = [await sessions.start(redis, person, lifetime_s=60) for _ in range(2)]
    assert await sessions.find(redis, tokens[0]) == person
    await sessions.end_all(redis, person.user_id)
    assert [await sessions.find(redis, token) for token in tokens] == [None, None]
    await sessions.end_all(redis, person.user_id)


async def test_department_people_belong_to_one(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        found = await create_department(
            connection, code="C1", name="市城管局", level=Level.CITY, parent=None
        )
    chen = NewUser(login="chen", role=Role.DEPARTMENT, display_name="陈", department="C1")
    created = await create_user(pool, chen, PASSWORD)
    assert created.person.department_id == found.department_id
    assert created.person.department == "C1"
    assert await authenticate(pool, "chen", PASSWORD) == created.person
    with pytest.raises(UserError, match="no department with the code C9"):
        await create_user(pool, replace(chen, login="chen2", department="C9"), PASSWORD)
    for wrong in (replace(chen, department=None), replace(LI, department="C1")):
        with pytest.raises(UserError, match="role department"):
            await create_user(pool, wrong, PASSWORD)
