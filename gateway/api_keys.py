"""Other systems and their API keys (O4): an account each, so that what they do has an author."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

import aiosql

from gateway.auth.keys import KeyScope, matches, new_key, prefix_of
from gateway.auth.roles import Person, Role
from gateway.errors import ApiKeyMissingError, ApiKeyTakenError
from ticketing.case import CaseSource
from ticketing.clocks.working_time import CITY

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "api_keys.sql", "asyncpg")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTerms:
    """What an administrator decides: the system's name, its channel, what it may do."""

    name: str
    channel: CaseSource
    scopes: frozenset[KeyScope]
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A stored key, without its secret; ``last_used_on`` is a day in Asia/Shanghai."""

    key_id: int
    user_id: int
    login: str
    prefix: str
    terms: KeyTerms
    created_at: datetime
    created_by: str
    last_used_on: date | None

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `all_keys`."""
        terms = KeyTerms(
            name=row["name"],
            channel=CaseSource(row["channel"]),
            scopes=frozenset(map(KeyScope, row["scopes"])),
            active=row["active"],
        )
        names = ("key_id", "user_id", "login", "prefix", "created_at", "created_by", "last_used_on")
        return cls(terms=terms, **{name: row[name] for name in names})

    @property
    def person(self) -> Person:
        """The system as who asks."""
        return Person(
            user_id=self.user_id,
            login=self.login,
            display_name=self.terms.name,
            role=Role.INTEGRATION,
            agent=None,
            extension=None,
            switchboard="",
        )


async def list_keys(conn: Any) -> list[ApiKey]:
    """All of them, by name."""
    return [ApiKey.from_row(row) async for row in _QUERIES.all_keys(conn)]


async def create_key(conn: Any, terms: KeyTerms, *, actor: str, at: datetime) -> tuple[ApiKey, str]:
    """Make an account and its key; the key itself is returned here and can never be read again.

    Raises `ApiKeyTakenError` for a name that another system has.
    """
    await _check_name(conn, terms.name, None)
    made = new_key()
    user_id = await _QUERIES.add_account(conn, login=f"key-{made.prefix}", name=terms.name)
    key_id = await _QUERIES.add_key(
        conn,
        user_id=user_id,
        prefix=made.prefix,
        digest=made.digest,
        name=terms.name,
        channel=terms.channel,
        scopes=sorted(terms.scopes),
        at=at,
        actor=actor,
    )
    return await find_key(conn, key_id), made.text


async def change_key(conn: Any, key_id: int, terms: KeyTerms) -> tuple[ApiKey, ApiKey]:
    """Rename, open or close a key, or let it do other things; as it was and as it is.

    Raises `ApiKeyMissingError`, `ApiKeyTakenError`.
    """
    await _QUERIES.lock_key(conn, key_id=key_id)
    before = await find_key(conn, key_id)
    await _check_name(conn, terms.name, key_id)
    await _QUERIES.change_key(
        conn,
        key_id=key_id,
        name=terms.name,
        channel=terms.channel,
        scopes=sorted(terms.scopes),
        active=terms.active,
    )
    await _QUERIES.rename_account(conn, user_id=before.user_id, name=terms.name)
    return before, await find_key(conn, key_id)


async def renew_key(conn: Any, key_id: int) -> tuple[ApiKey, str]:
    """Replace the secret: the old key ends at once. Raises `ApiKeyMissingError`."""
    await _QUERIES.lock_key(conn, key_id=key_id)
    await find_key(conn, key_id)
    made = new_key()
    await _QUERIES.renew_key(conn, key_id=key_id, prefix=made.prefix, digest=made.digest)
    return await find_key(conn, key_id), made.text


async def find_key(conn: Any, key_id: int) -> ApiKey:
    """The one with this id; raises `ApiKeyMissingError`."""
    row = await _QUERIES.key_by_id(conn, key_id=key_id)
    if row is None:
        raise ApiKeyMissingError("没有这个接入密钥")
    return ApiKey.from_row(row)


async def recognise(conn: Any, text: str, *, now: datetime) -> ApiKey | None:
    """Whose key this is; ``None`` for one that is unknown, replaced or closed.

    The day of the use is noted.
    """
    prefix = prefix_of(text)
    row = None if prefix is None else await _QUERIES.key_by_prefix(conn, prefix=prefix)
    if row is None or not matches(text, row["digest"]) or not row["active"]:
        return None
    found, today = ApiKey.from_row(row), now.astimezone(CITY).date()
    if found.last_used_on != today:
        await _QUERIES.note_use(conn, key_id=found.key_id, day=today)
    return found


async def _check_name(conn: Any, name: str, key_id: int | None) -> None:
    if await _QUERIES.name_taken(conn, name=name, key_id=key_id):
        raise ApiKeyTakenError(f"名称“{name}”已被使用")
