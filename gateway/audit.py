"""The audit log: who did what to whom, and what came of it. Rows are only ever added."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import aiosql

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "audit.sql", "asyncpg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """``actor`` (login) does ``action`` to ``subject``: the seat with this 工号, or this line.

    ``detail`` holds no telephone number.
    """

    actor: str
    action: str
    subject: str
    detail: Mapping[str, object] = field(default_factory=dict)


async def record(connection: Any, act: Act, outcome: str, *, at: datetime) -> None:
    """Add a row: ``asked`` before the act, then ``done`` or the sentence why it was not."""
    await _QUERIES.add_act(
        connection,
        at=at,
        actor=act.actor,
        action=act.action,
        subject=act.subject,
        detail=json.dumps({**act.detail, "outcome": outcome}, ensure_ascii=False),
    )
