"""What does not count in satisfaction figures (C6): why, and the list that says so of each.

The database decides (`exclusion_of`) and keeps the list (`figure_exclusions`) by itself whenever a
rating, an answer, a separated matter or a nuisance mark is stored; here it is asked and read, and
a callback that is not made is put on it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import aiosql

from ticketing import case_store
from ticketing.case import Case
from ticketing.lifecycle import Matter, Step
from ticketing.words import MATTERS

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "exclusions.sql", "asyncpg")


class ExclusionReason(StrEnum):
    """Why something does not count."""

    SEPARATED = "separated"  # 诉访分离
    NUISANCE = "nuisance"  # 骚扰标记


class What(StrEnum):
    """What does not count, or was not done."""

    RATING = "rating"  # after the call
    ANSWER = "answer"  # to a question of the callback
    CALLBACK = "callback"  # 不回访


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A line of the list, with the full number of whom it is about.

    ``subject`` is the scale of a rating, the question of an ``answer``. After
    ``counted_again_at`` it counts as if it had never been left out.
    """

    exclusion_id: int
    made_at: datetime
    what: What
    reason: ExclusionReason
    mark_id: int | None
    matter: Matter | None
    case_no: str | None
    call_id: str | None
    caller: str
    subject: str
    answer: str
    given_at: datetime
    counted_again_at: datetime | None

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `exclusions`."""
        matter = row["matter"]
        typed = {
            "what": What(row["what"]),
            "reason": ExclusionReason(row["reason"]),
            "matter": None if matter is None else Matter(matter),
        }
        return cls(**dict(row) | typed)


async def exclusion_of(connection: Any, case: Case) -> ExclusionReason | None:
    """Why a case does not count and is not called back about; none: it does."""
    found = await _exclusion(connection, case)
    return None if found is None else found[0]


async def list_exclusions(
    connection: Any,
    *,
    reason: ExclusionReason | None,
    mark_id: int | None,
    before: int | None,
    limit: int,
) -> list[Exclusion]:
    """The list, newest first: of one reason, of one mark, from before the line ``before``."""
    rows = _QUERIES.exclusions(
        connection, reason=reason, mark_id=mark_id, before=before, limit=limit
    )
    return [Exclusion.from_row(row) async for row in rows]


async def skip_callback(connection: Any, case: Case, *, now: datetime) -> ExclusionReason | None:
    """Why a closed case is not called back about; its history and the list say so, once a closing.

    ``None``: it is called back about. ``connection`` is in a transaction.
    """
    found = await _exclusion(connection, case)
    if found is None:
        return None
    reason, mark_id = found
    added = await _QUERIES.add_skipped_callback(
        connection,
        case_id=case.case_id,
        case_no=case.case_no,
        call_id=case.call_id,
        reason=reason,
        mark_id=mark_id,
        closed_at=case.closed_at,
    )
    if added is not None:
        note = _words(reason, case, mark_id)
        entry = [(case.case_id, note)]
        await case_store.note_by_system(connection, Step.CALLBACK_SKIPPED, entry, now=now)
    return reason


async def skipped_because_of(connection: Any, mark_id: int) -> list[Case]:
    """Closed cases that were not called back about because of a mark."""
    rows = _QUERIES.skipped_because_of(connection, mark_id=mark_id)
    return await case_store.by_ids(connection, [row["case_id"] async for row in rows])


def _words(reason: ExclusionReason, case: Case, mark_id: int | None) -> str:
    if reason is ExclusionReason.NUISANCE:
        return f"来电已被标记为骚扰（第 {mark_id} 号标记），不作满意度回访，不计入满意度"
    what = "" if case.matter is None else f"（{MATTERS[case.matter]}）"
    return f"诉访分离事项{what}，不作满意度回访，不计入满意度"


async def _exclusion(connection: Any, case: Case) -> tuple[ExclusionReason, int | None] | None:
    row = await _QUERIES.exclusion_of(connection, call_id=case.call_id, case_id=case.case_id)
    return None if row is None else (ExclusionReason(row["reason"]), row["mark_id"])
