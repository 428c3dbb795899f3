"""Requests that may be sent again: the same key and content get the answer of the first time.

As in the IETF draft "The Idempotency-Key HTTP Header Field", section 2
(draft-ietf-httpapi-idempotency-key-header-07), except that a request beside one still at work waits
for it, where the draft suggests 409.
The claim is part of the transaction that does the work: what fails is not kept and may be tried
again under the same key.
"""

import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiosql

from gateway.context import Context
from gateway.errors import KeyReusedError

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "idempotency.sql", "asyncpg")


async def begin(conn: Any, key_id: int, key: str, content: str, *, at: datetime) -> Any | None:
    """Claim ``key`` in the transaction of ``conn``: the JSON answer of the first time, or ``None``.

    Raises `KeyReusedError` when the first time asked for other ``content``.
    """
    fingerprint = hashlib.sha256(content.encode()).digest()
    if await _QUERIES.claim(conn, key_id=key_id, key=key, fingerprint=fingerprint, at=at):
        return None
    known = await _QUERIES.claimed(conn, key_id=key_id, key=key)
    if known is None:  # forgotten at this very moment
        return await begin(conn, key_id, key, content, at=at)
    if known["fingerprint"] != fingerprint:
        raise KeyReusedError("这个 Idempotency-Key 已用于内容不同的请求，请为新请求换一个")
    return json.loads(known["answer"])


async def finish(conn: Any, key_id: int, key: str, answer: str) -> None:
    """Keep the JSON ``answer`` for whoever sends the same again."""
    await _QUERIES.keep(conn, key_id=key_id, key=key, answer=answer)


async def forget_idempotency_keys(context: Context) -> None:
    """Forget keys that are older than the settings keep them."""
    async with context.engines.pool.acquire() as connection:
        days = context.settings.idempotency_days
        await forget_old(connection, days=days, now=context.clock())


async def forget_old(conn: Any, *, days: int, now: datetime) -> None:
    """Forget keys that are older than ``days``."""
    await _QUERIES.forget_before(conn, at=now - timedelta(days=days))
