"""Sessions: an opaque id in the browser, its SHA-256 and the person in Redis.

What is stored does not allow to log in, and a session ends everywhere when its key is gone.
"""

import dataclasses
import hashlib
import json
import secrets

from redis.asyncio import Redis

from gateway.auth.roles import Person, Role

COOKIE = "hotline_session"
_PERSON = {field.name for field in dataclasses.fields(Person)}


def session_key(token: str) -> str:
    """The Redis key of the session with this id."""
    return f"hotline:session:{hashlib.sha256(token.encode()).hexdigest()}"


def _owner_key(user_id: int) -> str:
    return f"hotline:sessions:{user_id}"


async def start(redis: Redis, person: Person, *, lifetime_s: int) -> str:
    """Start a session and return its id. Raises `redis.exceptions.RedisError`."""
    token = secrets.token_urlsafe(32)
    key, owner = session_key(token), _owner_key(person.user_id)
    async with redis.pipeline(transaction=True) as pipeline:
        pipeline.set(key, json.dumps(dataclasses.asdict(person)), ex=lifetime_s)
        pipeline.sadd(owner, key)
        pipeline.expire(owner, lifetime_s)
        await pipeline.execute()
    return token


async def find(redis: Redis, token: str) -> Person | None:
    """The person of a session that is still running."""
    stored = await redis.get(session_key(token))
    if stored is None:
        return None
    person = json.loads(stored)
    if person.keys() != _PERSON:  # of another version of this program: log in again
        return None
    return Person(**person | {"role": Role(person["role"])})


async def end(redis: Redis, token: str) -> None:
    """End a session; an ended one may be ended again."""
    await redis.delete(session_key(token))


async def end_all(redis: Redis, user_id: int) -> None:
    """End every session of a person: after a changed password or a closed account."""
    owner = _owner_key(user_id)
    keys = await redis.smembers(owner)
    await redis.delete(owner, *keys)


async def running(redis: Redis, keys: list[str]) -> list[bool]:
    """Which of these session keys still exist, in the order given."""
    async with redis.pipeline(transaction=False) as pipeline:
        for key in keys:
            pipeline.exists(key)
        return [bool(found) for found in await pipeline.execute()]
