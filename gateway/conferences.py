"""Three-party calls (三方通话): when three spoke together, and whom the agent had called for it.

The switchboard tells that a call became one of three; the number of the third party is known from
the command by which the agent called it, and not when he did that with the keys of his telephone.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import aiosql

from telephony.events import CallEvent

QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "conferences.sql", "asyncpg")
LATE_S = 5.0  # by which the clocks of gateway and switchboard may differ


@dataclass(frozen=True, slots=True)
class Conference:
    """``agent`` (工号) brought ``number`` into a call; either is empty where it is not known."""

    at: datetime
    agent: str
    number: str

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `conferences_of`."""
        return cls(row["at"], row["agent"], row["number"] or "")


async def note_consultation(
    connection: Any, call_id: str, *, agent: str, number: str, at: datetime
) -> None:
    """Remember whom an agent called while the caller waited."""
    await QUERIES.add_consultation(connection, call_id=call_id, at=at, agent=agent, number=number)


async def save_conference(connection: Any, event: CallEvent) -> None:
    """Store that a call became one of three; told twice it is stored once."""
    await QUERIES.add_conference(
        connection, call_id=event.call.call_id, at=event.at, agent=event.agent or ""
    )


async def conferences_of(connection: Any, call_id: str | None) -> list[Conference]:
    """Of one call, the oldest first; none without a call."""
    if call_id is None:
        return []
    rows = QUERIES.conferences_of(connection, call_id=call_id, late_s=LATE_S)
    return [Conference.from_row(row) async for row in rows]
