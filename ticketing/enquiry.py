"""What a citizen is told of his case (C7), who knows its number and how his own number ends."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import aiosql

from ticketing.lifecycle import CaseState

DIGITS = 4
_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "enquiry.sql", "asyncpg")
_NOBODY = "-" * DIGITS  # no digits are like it


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How a case stands; of a confidential one (保密) neither department nor reply are told."""

    case_no: str
    state: CaseState
    confidential: bool
    opened_at: datetime
    closed_at: datetime | None
    department: str | None
    reply: str


async def enquire(conn: Any, case_no: str, digits: str) -> Progress | None:
    """The progress of a case whose caller's number ends with ``digits``.

    ``None`` alike for a number that no case has and for wrong digits: the same query runs, and the
    digits are compared in constant time.
    """
    row = await _QUERIES.progress(conn, case_no=case_no)
    ending = _ending(row["caller"] if row else "")
    if not hmac.compare_digest(ending.encode(), digits.encode()) or row is None:
        return None
    state, confidential = CaseState(row["state"]), row["confidential"]
    told = state is CaseState.CLOSED and not confidential
    return Progress(
        case_no=case_no,
        state=state,
        confidential=confidential,
        opened_at=row["opened_at"],
        closed_at=row["closed_at"],
        department=None if confidential else row["lead_name"],
        reply=row["result"] if told else "",
    )


def _ending(caller: str) -> str:
    """The last digits of a number; too short a one ends like no digits at all."""
    return caller[-DIGITS:] if len(caller) > DIGITS else _NOBODY
