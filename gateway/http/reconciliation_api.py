"""How the recorded calls stand against the switchboard's own records: runs and what they found."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import aiosql
from pydantic import Field

from gateway.auth.roles import OVERSEERS
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import Instant
from gateway.http.problems import not_found
from gateway.reconciliation.runs import Cause

_SQL: Any = aiosql.from_path(Path(__file__).parent / "sql" / "reconciliations.sql", "asyncpg")
RUN = r"[0-9]{1,18}"

Kind = Literal["missing", "open", "different", "unseen", "unexplained", "rating", "answer"]


class RunPage(Strict):
    """Newest first, up to ``limit`` runs begun before ``before``; of one cause if it is given."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    before: Instant | None = None
    cause: Cause | None = None


class DifferencePage(Strict):
    """In the order they were found, up to ``limit`` after the one with the number ``after``."""

    limit: Annotated[int, Field(ge=1, le=500)] = 100
    after: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    kind: Kind | None = None


class ReconciliationRun(Answer):
    """One comparison; ``ended_at`` is null while it goes on, and for good if it was broken off.

    ``day`` is that of a nightly run (Asia/Shanghai). ``found`` counts differences by kind;
    ``unexplained`` those that could not be mended.
    """

    run_id: int
    switchboard: str
    cause: Cause
    day: date | None
    since: datetime
    until: datetime | None
    started_at: datetime
    ended_at: datetime | None
    compared: int
    unexplained: int
    found: dict[Kind, int]


class CallDifference(Answer):
    """One difference: what was recorded, what the switchboard's records tell, whether mended.

    ``call_id`` of a survey's answer is the id of the callback attempt.
    """

    difference_id: int
    call_id: str
    kind: Kind
    fields: list[str]
    recorded: dict[str, Any] | None
    told: dict[str, Any] | None
    repaired: bool
    found_at: datetime


@endpoint(
    "GET",
    "/api/v1/reconciliations",
    access=OVERSEERS,
    query=RunPage,
    answer=list[ReconciliationRun],
)
async def list_runs(inquiry: Inquiry[Nothing, RunPage]) -> list[ReconciliationRun]:
    """Comparisons with the switchboard's own records, newest first."""
    page = inquiry.query
    async with inquiry.services.database() as connection:
        rows = _SQL.runs(connection, before=page.before, limit=page.limit, cause=page.cause)
        return [_run(row) async for row in rows]


@endpoint(
    "GET",
    f"/api/v1/reconciliations/{{run_id:{RUN}}}/differences",
    access=OVERSEERS,
    query=DifferencePage,
    answer=list[CallDifference],
    problems=(404,),
)
async def list_differences(inquiry: Inquiry[Nothing, DifferencePage]) -> list[CallDifference]:
    """What one comparison found."""
    page, run_id = inquiry.query, int(inquiry.path("run_id"))
    async with inquiry.services.database() as connection:
        if not await _SQL.run_exists(connection, run_id=run_id):
            raise not_found("核对记录")
        rows = _SQL.differences(
            connection, run_id=run_id, after=page.after, kind=page.kind, limit=page.limit
        )
        return [_difference(row) async for row in rows]


def _run(row: Mapping[str, Any]) -> ReconciliationRun:
    return ReconciliationRun.model_validate(dict(row) | {"found": json.loads(row["found"])})


def _difference(row: Mapping[str, Any]) -> CallDifference:
    parts = {
        name: None if row[name] is None else json.loads(row[name]) for name in ("recorded", "told")
    }
    return CallDifference.model_validate(dict(row) | parts)


ENDPOINTS = (list_runs, list_differences)
