"""Rows of the dispatch suggestion: models, what was shown, what was chosen."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, Self

import aiosql

from ticketing.case import Named
from ticketing.dispatch_suggestion.errors import ModelInvalidError

QUERIES: Any = aiosql.from_path(
    Path(__file__).parent / "sql" / "dispatch_suggestion.sql", "asyncpg"
)
CONTENTS_KEPT = 2

Target = Literal["category", "department"]
TARGETS: tuple[Target, ...] = ("category", "department")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """What a model was made from, and how good it was on the newest tenth of that (``measured``).

    ``case_count`` cases from ``first_case`` to ``last_case``; ``last_at``: when that was opened.
    """

    model_id: int
    trained_at: datetime
    case_count: int
    first_case: str
    last_case: str
    last_at: datetime
    measured: Mapping[str, Any]

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `newest_model`."""
        return cls(**dict(row) | {"measured": json.loads(row["measured"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewModel:
    """A model to be stored."""

    trained_at: datetime
    case_count: int
    first_case: str
    last_case: str
    last_at: datetime
    measured: Mapping[str, Any]
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What somebody was shown: ids and confidences, the most likely first."""

    model_id: int
    categories: Sequence[tuple[int, float]]
    category_offered: bool
    departments: Sequence[tuple[int, float]]
    department_offered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Choices where something was offered with a confidence of ``band`` tenths and a little.

    ``first``: the first one was taken; ``among``: one of those shown; ``first_now``: the first one
    is what the case has now.
    """

    target: Target
    band: int
    cases: int
    first: int
    among: int
    first_now: int

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `choices`."""
        return cls(**dict(row))


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """What came of a night's look: ``trained``, ``too_few`` or ``failed``, and why."""

    day: date
    ended_at: datetime
    outcome: str
    detail: str

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `last_training`."""
        return cls(**dict(row))


async def save_model(conn: Any, new: NewModel) -> int:
    """Store a model; of all but the newest ones the numbers are dropped. Its id."""
    model_id: int = await QUERIES.insert_model(
        conn,
        trained_at=new.trained_at,
        case_count=new.case_count,
        first_case=new.first_case,
        last_case=new.last_case,
        last_at=new.last_at,
        measured=json.dumps(new.measured),
        sha256=hashlib.sha256(new.content).hexdigest(),
        content=new.content,
    )
    await QUERIES.drop_old_contents(conn, kept=CONTENTS_KEPT)
    return model_id


async def newest_model(conn: Any) -> ModelInfo | None:
    """The model that is served."""
    row = await QUERIES.newest_model(conn)
    return None if row is None else ModelInfo.from_row(row)


async def newest_model_id(conn: Any) -> int | None:
    """Its id alone."""
    model_id: int | None = await QUERIES.newest_model_id(conn)
    return model_id


async def content_of(conn: Any, model_id: int) -> bytes:
    """The numbers of a model; raises `ModelInvalidError` when they are not those stored."""
    row = await QUERIES.model_content(conn, model_id=model_id)
    if row is None or row["content"] is None:
        raise ModelInvalidError(f"model {model_id} is gone")
    content = bytes(row["content"])
    if hashlib.sha256(content).hexdigest() != row["sha256"]:
        raise ModelInvalidError(f"model {model_id} is not what was stored")
    return content


async def is_looked_at(conn: Any, day: date) -> bool:
    """Whether a model was made, or not, on that day."""
    return bool(await QUERIES.is_looked_at(conn, day=day))


async def note_training(conn: Any, training: Training, model_id: int | None = None) -> None:
    """Store what came of a night; the first one stays."""
    await QUERIES.note_training(
        conn,
        day=training.day,
        ended_at=training.ended_at,
        outcome=training.outcome,
        detail=training.detail,
        model_id=model_id,
    )


async def last_training(conn: Any) -> Training | None:
    """What came of the newest look."""
    row = await QUERIES.last_training(conn)
    return None if row is None else Training.from_row(row)


async def usable_categories(conn: Any, ids: Sequence[int]) -> dict[int, Named]:
    """Those that cases can be of, by id."""
    rows = QUERIES.open_categories(conn, ids=list(ids))
    return {row["id"]: Named(row["code"], row["name"]) async for row in rows}


async def usable_departments(conn: Any, ids: Sequence[int]) -> dict[int, Named]:
    """Those that cases can be dispatched to, by id."""
    rows = QUERIES.active_departments(conn, ids=list(ids))
    return {row["id"]: Named(row["code"], row["name"]) async for row in rows}


async def names_of(
    conn: Any, categories: Sequence[int], departments: Sequence[int]
) -> dict[tuple[str, int], Named]:
    """Names by target and id."""
    rows = QUERIES.names_of(conn, categories=list(categories), departments=list(departments))
    return {(row["target"], row["id"]): Named(row["code"], row["name"]) async for row in rows}


async def note_shown(
    conn: Any, shown: Shown, *, asked_by: int, at: datetime, replaces: int | None
) -> int:
    """Store what somebody was shown, in place of what the same form showed before; its id."""
    row: dict[str, Any] = {
        "model_id": shown.model_id,
        "asked_by": asked_by,
        "at": at,
        "categories": [known for known, _ in shown.categories],
        "category_confidences": [confidence for _, confidence in shown.categories],
        "category_offered": shown.category_offered,
        "departments": [known for known, _ in shown.departments],
        "department_confidences": [confidence for _, confidence in shown.departments],
        "department_offered": shown.department_offered,
    }
    if replaces is not None:
        replaced: int | None = await QUERIES.replace_suggestion(conn, suggestion_id=replaces, **row)
        if replaced is not None:
            return replaced
    return int(await QUERIES.insert_suggestion(conn, **row))


async def note_chosen(
    conn: Any, suggestion_id: int, *, asked_by: int, case_id: int, at: datetime
) -> bool:
    """Store what was chosen: what the case has now. False: they were shown nothing of the kind."""
    found = await QUERIES.choose(
        conn, suggestion_id=suggestion_id, asked_by=asked_by, case_id=case_id, at=at
    )
    return found is not None


async def drop_shown(conn: Any, suggestion_id: int, *, asked_by: int) -> bool:
    """Forget what was shown: the case is confidential. False as in `note_chosen`."""
    found = await QUERIES.drop_suggestion(conn, suggestion_id=suggestion_id, asked_by=asked_by)
    return found is not None


async def forget_unused(conn: Any, *, before: datetime) -> None:
    """Forget what was shown in forms that never became a case."""
    await QUERIES.forget_unused(conn, before=before)


async def choices(conn: Any, *, since: datetime) -> list[Choices]:
    """What people chose since then, by target and band of confidence."""
    return [Choices.from_row(row) async for row in QUERIES.choices(conn, since=since)]
