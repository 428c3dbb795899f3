"""Applies the rows of a dry run that somebody has accepted."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import asyncpg

from gateway.audit import Act, record
from gateway.errors import GatewayError
from gateway.sheets.importing import Progress, audit, silent
from ticketing.clocks.deadline import Timing
from ticketing.imports import cases, staging, trees
from ticketing.imports.cases import Applying
from ticketing.imports.columns import Sheet
from ticketing.imports.staging import Import, ImportState

TRIES = 5
LATER = "检查之后情况有变化，请查看新的问题后重新决定"
_APPLYING = 12345_0015_2  # key of an advisory lock


class ApplyingElsewhereError(GatewayError):
    """Another program is applying an import; it is tried again later."""


async def apply(
    connection: Any,
    import_id: int,
    *,
    timing: Timing,
    clock: Callable[[], datetime],
    progress: Progress = silent,
) -> Import | None:
    """Apply an accepted import to its end, also one that was broken off; ``None``: none is due.

    ``connection`` is in no transaction. Raises `ApplyingElsewhereError`.
    """
    if not await connection.fetchval("select pg_try_advisory_lock($1)", _APPLYING):
        raise ApplyingElsewhereError("another import is being applied, this one comes after it")
    try:
        imported = await staging.find(connection, import_id)
        if imported is None or imported.state is not ImportState.ACCEPTED:
            return None
        assert imported.accepted_by is not None  # noqa: S101  # a constraint of the table
        login = await connection.fetchval(
            "select login from users where user_id = $1", imported.accepted_by
        )
        by = Applying(user_id=imported.accepted_by, login=login, timing=timing, now=clock())
        if imported.sheet is Sheet.CASES:
            return await _apply_cases(connection, imported, by, progress)
        return await _apply_tree(connection, imported, by)
    finally:
        await connection.execute("select pg_advisory_unlock($1)", _APPLYING)


async def _apply_tree(connection: Any, imported: Import, by: Applying) -> Import:
    """All of it in one transaction, or, without what cannot be done now, in the next."""
    while True:
        try:
            async with connection.transaction():
                done = await trees.apply(connection, imported.import_id, imported.sheet)
                for each in done:
                    detail = {**trees.terms(each), "import": imported.import_id}
                    act = Act(
                        actor=by.login, action=each.action, subject=each.after.code, detail=detail
                    )
                    await record(connection, act, "done", at=by.now)
                await staging.count_applied_all(connection, imported.import_id)
                return await _finish(connection, imported, by)
        except trees.RowsRefusedError as refused:
            async with connection.transaction():
                await staging.complain(connection, imported.import_id, refused.problems)
                await staging.mark_bad(connection, imported.import_id)
                if not imported.only_good:
                    return await _take_back(connection, imported)


async def _apply_cases(
    connection: Any, imported: Import, by: Applying, progress: Progress
) -> Import:
    """Batch after batch, each in a transaction of its own, so that nobody waits for long."""
    unknown = await cases.unknown_years(connection, imported.import_id)
    if not imported.applied:
        async with connection.transaction():
            new = await cases.check(connection, imported.import_id, unknown)
            if new and not imported.only_good:
                return await _take_back(connection, imported)
    done, above = imported.applied, 0
    while lines := await cases.next_lines(connection, imported.import_id, above):
        done, above = done + await _batch(connection, imported, lines, unknown, by), lines[-1]
        progress("importing", done, imported.good)
    async with connection.transaction():
        return await _finish(connection, imported, by)


async def _batch(
    connection: Any, imported: Import, lines: list[int], unknown: list[int], by: Applying
) -> int:
    """Apply those of these rows that still may be; how many.

    The totals of cases, which triggers keep, are written by others at the same time: hence retries.
    """
    for left in reversed(range(TRIES)):
        try:
            async with connection.transaction():
                span = {"above": lines[0] - 1, "upto": lines[-1]}
                await cases.check(connection, imported.import_id, unknown, **span)
                good = await cases.good_lines(connection, imported.import_id, lines)
                await cases.apply(connection, imported, good, by)
                return len(good)
        except asyncpg.DeadlockDetectedError:
            if not left:
                raise
    raise AssertionError("the last try returns or raises")


async def _take_back(connection: Any, imported: Import) -> Import:
    await staging.take_back(connection, imported.import_id, LATER)
    return await staging.found(connection, imported.import_id)


async def _finish(connection: Any, imported: Import, by: Applying) -> Import:
    lost = (await staging.found(connection, imported.import_id)).bad - imported.bad
    remark = f"检查之后情况有变化，又有{lost}行没有导入" if lost else ""
    done = await staging.close(connection, imported.import_id, ImportState.APPLIED, by.now, remark)
    await audit(connection, by.login, "import.applied", done, by.now)
    return done
