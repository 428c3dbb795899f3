"""Links to recordings: an opaque id for one person and a short time, its SHA-256 in Redis."""

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass

from redis.asyncio import Redis

from gateway.recordings import Recording

# Beyond the length of the recording: whoever listens goes back now and then.
SPARE_S = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a link leads to, and for whom: a person, as long as he is logged in."""

    user_id: int
    switchboard: str
    uniqueid: str


def lifetime_s(recording: Recording) -> int:
    """How long a link to this recording lasts."""
    return SPARE_S + round(recording.duration_s)


async def make_link(redis: Redis, link: Link, *, lasts_s: int) -> str:
    """Its id; raises `redis.exceptions.RedisError`."""
    link_id = secrets.token_hex(16)
    await redis.set(_key(link_id), json.dumps(asdict(link)), ex=lasts_s)
    return link_id


async def find_link(redis: Redis, link_id: str) -> Link | None:
    """What an id leads to, unless its time is over."""
    stored = await redis.get(_key(link_id))
    return None if stored is None else Link(**json.loads(stored))


def _key(link_id: str) -> str:
    return f"hotline:recording:{hashlib.sha256(link_id.encode()).hexdigest()}"
