"""What a stored warning is."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

from ticketing.case import Named, named
from ticketing.surges.shares import SurgeLevel


@dataclass(frozen=True, slots=True)
class Member:
    """A case of a cluster, by number and title."""

    case_no: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Surge:
    """A warning (预警).

    ``cases`` of ``total`` cases of the window as it was found last, ``peak_…`` when it was worst.
    ``category`` is what there is too much of; of a cluster, which has a ``place`` and ``words``,
    the sub-class of at least half of its cases. ``members`` are its newest cases. ``ended_at`` is
    when it was found for the last time.
    """

    surge_id: int
    level: SurgeLevel
    window_minutes: int
    category: Named | None
    place: str | None
    words: tuple[str, ...]
    started_at: datetime
    ended_at: datetime | None
    cases: int
    total: int
    peak_cases: int
    peak_total: int
    peak_at: datetime
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    members: tuple[Member, ...]

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `surges_by_ids`."""
        typed: dict[str, Any] = {
            "level": SurgeLevel(row["level"]),
            "category": named(row["category_code"], row["category_name"]),
            "words": tuple(row["words"]),
            "members": tuple(
                Member(*each) for each in zip(row["numbers"], row["titles"], strict=True)
            ),
        }
        same = {field.name: row[field.name] for field in fields(cls) if field.name not in typed}
        return cls(**typed, **same)
