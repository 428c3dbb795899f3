"""Ratings and survey answers in the switchboard's own records, and those that are not stored.

The dialplan and the FastAGI scripts write every valid key as a CEL event of a constant name before
anything else becomes of it; ``extra`` is ``<question> <key>``: the scale of a rating, the question
of a survey, and one digit.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import aiosql

from telephony.cel import CelEvent
from telephony.opinions import ANSWER_EVENT, RATING_EVENT

_SQL: Any = aiosql.from_path(Path(__file__).parent / "sql" / "opinions.sql", "asyncpg")
_EXTRA = re.compile(r"([a-z][a-z0-9_]{0,31}) ([0-9])")


class OpinionKind(StrEnum):
    """What was asked."""

    RATING = "rating"  # after a call
    ANSWER = "answer"  # in the survey of a closed case


_KINDS = {RATING_EVENT: OpinionKind.RATING, ANSWER_EVENT: OpinionKind.ANSWER}
OPINIONS = frozenset(_KINDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """A key pressed on the channel ``uniqueid`` in answer to ``question``."""

    kind: OpinionKind
    uniqueid: str
    question: str
    key: str
    at: datetime

    @property
    def identity(self) -> str:
        """The same for a second answer to the same question: the first one stands."""
        question = self.question if self.kind is OpinionKind.ANSWER else ""
        return f"{self.uniqueid} {question}"


def opinion_of(event: CelEvent) -> Opinion | None:
    """What one of `OPINIONS` tells, ``None`` if it is not of the form that is written."""
    told = _EXTRA.fullmatch(str(event.extra.get("extra", "")))
    if told is None:
        return None
    return Opinion(
        kind=_KINDS[event.name],
        uniqueid=event.uniqueid,
        question=told[1],
        key=told[2],
        at=datetime.fromtimestamp(event.at, UTC),
    )


async def stored_opinions(connection: Any, switchboard: str, since: datetime) -> frozenset[str]:
    """Identities of what was stored since then, and a little longer."""
    rows = _SQL.stored_opinions(connection, switchboard=switchboard, since=since)
    return frozenset([f"{row['uniqueid']} {row['question']}" async for row in rows])
