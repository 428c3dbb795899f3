"""Reads supervision lists: as they were made, with what has become of their cases beside it."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Self

from ticketing.case import CaseKind, Named, named
from ticketing.errors import NotFoundError
from ticketing.lifecycle import CaseState, Step
from ticketing.supervision.grounds import Ground
from ticketing.supervision.periods import ListKind
from ticketing.supervision.queries import QUERIES

END_OF_TIME = date(9999, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionList:
    """A list, how many cases are on it, and how many of them are signed off.

    ``as_of`` is the moment that it shows: before ``made_at`` where a list of a day was made up.
    """

    list_id: int
    kind: ListKind
    first_day: date
    last_day: date
    made_at: datetime
    as_of: datetime
    items: int
    signed: int

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `lists` or `list_by_id`."""
        same = {field.name: row[field.name] for field in fields(cls) if field.name != "kind"}
        return cls(kind=ListKind(row["kind"]), **same)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """What a supervisor decided about an item (批示), and the step that it became."""

    at: datetime
    actor: str
    step: Step
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A case on a list.

    ``version_then``, ``state_then``, ``lead_then`` and ``deadline`` are as the list was made;
    ``version``, ``state`` and ``lead`` are those of now. ``days``: on how many lists of the week.
    """

    place: int
    case_no: str
    title: str
    kind: CaseKind
    confidential: bool
    grounds: tuple[Ground, ...]
    days: int
    deadline: datetime | None
    version_then: int
    state_then: CaseState
    lead_then: Named | None
    version: int
    state: CaseState
    lead: Named | None
    instruction: Instruction | None

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `items`."""
        names = ("place", "case_no", "title", "confidential", "days", "deadline", "version")
        same = {name: row[name] for name in names}
        return cls(
            kind=CaseKind(row["kind"]),
            grounds=tuple(map(Ground, row["grounds"])),
            version_then=row["case_version"],
            state_then=CaseState(row["state_then"]),
            lead_then=named(row["then_code"], row["then_name"]),
            state=CaseState(row["state"]),
            lead=named(row["lead_code"], row["lead_name"]),
            instruction=None if row["signed_at"] is None else _instruction(row),
            **same,
        )


def _instruction(row: Any) -> Instruction:
    return Instruction(
        at=row["signed_at"],
        actor=row["signed_by"],
        step=Step(row["signed_step"]),
        words=row["words"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentShare:
    """Cases of a list of which a department was in charge.

    ``open`` are those not over now, ``dissatisfied`` those that count as such now.
    """

    department: Named | None
    items: int
    signed: int
    open: int
    overdue: int
    dissatisfied: int
    returned_repeatedly: int
    rehandled: int

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `departments_of_list`."""
        same = {field.name: row[field.name] for field in fields(cls) if field.name != "department"}
        return cls(department=named(row["code"], row["name"]), **same)


async def find_lists(
    conn: Any, *, kind: ListKind | None, before: date | None, limit: int
) -> list[SupervisionList]:
    """Lists, the newest first, of periods that began before ``before``."""
    rows = QUERIES.lists(conn, kind=kind, before=before or END_OF_TIME, limit=limit)
    return [SupervisionList.from_row(row) async for row in rows]


async def find_list(conn: Any, list_id: int) -> SupervisionList:
    """The list with this id; raises `NotFoundError`."""
    row = await QUERIES.list_by_id(conn, list_id=list_id)
    if row is None:
        raise NotFoundError("没有这份督办清单")
    return SupervisionList.from_row(row)


async def ground_counts(conn: Any, list_id: int) -> dict[Ground, int]:
    """How many cases of a list have each ground; those that none has are left out."""
    rows = QUERIES.grounds_of_list(conn, list_id=list_id)
    return {Ground(row["ground"]): row["cases"] async for row in rows}


async def department_shares(
    conn: Any, list_id: int, *, discounted: Collection[int]
) -> list[DepartmentShare]:
    """A list by department in charge, most overdue cases first.

    ``discounted`` are cases that do not count as dissatisfied any more.
    """
    rows = QUERIES.departments_of_list(conn, list_id=list_id, discounted=list(discounted))
    return [DepartmentShare.from_row(row) async for row in rows]


async def find_items(
    conn: Any,
    list_id: int,
    *,
    after: int,
    department: str | None,
    ground: Ground | None,
    unsigned: bool,
    limit: int,
) -> list[Item]:
    """Cases of a list from behind the place ``after`` on; ``unsigned``: not signed off yet."""
    rows = QUERIES.items(
        conn,
        list_id=list_id,
        after=after,
        department=department,
        ground=ground,
        unsigned=unsigned,
        limit=limit,
    )
    return [Item.from_row(row) async for row in rows]
