"""A dry run that changes nothing, a person's decision, and the rows of that dry run applied."""

import hashlib
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from gateway.audit import Act, record
from gateway.errors import GatewayError
from gateway.jobs import enqueue_import
from gateway.sheets.errors import ImportGoneError, ImportStateError, SheetError
from gateway.sheets.limits import TREE_ROWS, Limits
from gateway.sheets.reading import read_apart
from ticketing.case import Actor
from ticketing.clocks.deadline import Timing
from ticketing.imports import cases, staging, trees
from ticketing.imports.cases import Applying
from ticketing.imports.columns import Sheet
from ticketing.imports.staging import Import, ImportState

TRIES = 5
LATER = "检查之后情况有变化，请查看新的问题后重新决定"
_CHECKING, _APPLYING = 12345_0015_1, 12345_0015_2  # keys of advisory locks

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file, and who brings it."""

    path: Path
    sheet: Sheet
    file_name: str
    limits: Limits
    actor: str


def silent(_phase: str, _done: int, _total: int) -> None:
    """Shows no progress."""


async def check(
    connection: Any, upload: Upload, *, now: datetime, progress: Progress = silent
) -> Import:
    """The dry run: every row is looked at, nothing but the import itself is stored.

    Raises `SheetError` for a file that cannot be read, and leaves nothing of it; `ImportStateError`
    while another one is being checked. ``connection`` is in no transaction.
    """
    if not await connection.fetchval("select pg_try_advisory_lock($1)", _CHECKING):
        raise ImportStateError("另一份文件正在检查，请稍后再试")
    try:
        import_id = await _begin(connection, upload, now)
        try:
            await _stage(connection, import_id, upload, now, progress)
        except BaseException:
            await staging.drop(connection, import_id)
            raise
        async with connection.transaction():
            return await _check_staged(connection, import_id, upload, now)
    finally:
        await connection.execute("select pg_advisory_unlock($1)", _CHECKING)


async def _begin(connection: Any, upload: Upload, now: datetime) -> int:
    with upload.path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return await staging.begin(
        connection,
        upload.sheet,
        file_name=upload.file_name,
        sha256=digest,
        actor=upload.actor,
        at=now,
    )


async def _stage(
    connection: Any, import_id: int, upload: Upload, now: datetime, progress: Progress
) -> None:
    rows = 0
    reading = read_apart(upload.path, upload.sheet, upload.limits, now)
    async with aclosing(reading) as batches:
        async for batch in batches:
            rows += len(batch.rows)
            if upload.sheet is not Sheet.CASES and rows > TREE_ROWS:
                raise SheetError(f"超过{TREE_ROWS}行，请分成几个文件")
            await staging.stage(connection, import_id, batch.rows, batch.problems)
            progress("reading", rows, 0)


async def _check_staged(connection: Any, import_id: int, upload: Upload, now: datetime) -> Import:
    added = changed = 0
    if upload.sheet is Sheet.CASES:
        await cases.dry_run(connection, import_id)
        added = (await staging.found(connection, import_id)).good
    else:
        done = await trees.dry_run(connection, import_id, upload.sheet)
        added = sum(each.before is None for each in done)
        changed = len(done) - added
    checked = await staging.finish_check(connection, import_id, added=added, changed=changed)
    await _audit(connection, upload.actor, "import.checked", checked, now)
    return checked


async def accept(  # noqa: PLR0913  # what a decision consists of
    connection: Any,
    import_id: int,
    *,
    by: Actor,
    only_good: bool,
    now: datetime,
    by_worker: bool = True,
) -> Import:
    """A person wants the rows of a dry run; a worker, or else the caller, then applies them.

    What was accepted already is answered as it is. ``connection`` is in a transaction. Raises
    `ImportGoneError`, `ImportStateError`.
    """
    imported = await locked(connection, import_id)
    if imported.state in (ImportState.ACCEPTED, ImportState.APPLIED):
        return imported
    _require_checked(imported)
    if imported.bad and not only_good:
        raise ImportStateError(
            f"有{imported.bad}行不能导入：请改正后重新上传，或选择只导入其余的行"
        )
    if not imported.good:
        raise ImportStateError("没有一行可以导入")
    accepted = await staging.accept(
        connection, import_id, user_id=by.user_id, only_good=only_good, at=now
    )
    await _audit(connection, by.login, "import.accepted", accepted, now)
    if by_worker:
        await enqueue_import(connection, import_id)
    return accepted


async def discard(connection: Any, import_id: int, *, actor: str, now: datetime) -> Import:
    """Nobody wants it: its rows go. ``connection`` is in a transaction; raises as `accept`."""
    imported = await locked(connection, import_id)
    if imported.state is ImportState.DISCARDED:
        return imported
    _require_checked(imported)
    gone = await staging.close(connection, import_id, ImportState.DISCARDED, now)
    await _audit(connection, actor, "import.discarded", gone, now)
    return gone


async def locked(connection: Any, import_id: int) -> Import:
    """An import until the transaction ends; raises `ImportGoneError`."""
    imported = await staging.find(connection, import_id, lock=True)
    if imported is None:
        raise ImportGoneError("没有这次导入")
    return imported


def _require_checked(imported: Import) -> None:
    words = {
        ImportState.READING: "还在检查，请稍候",
        ImportState.ACCEPTED: "正在导入",
        ImportState.APPLIED: "已经导入",
        ImportState.DISCARDED: "已经放弃，请重新上传",
    }
    if imported.state in words:
        raise ImportStateError(f"这次导入{words[imported.state]}")


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
    await _audit(connection, by.login, "import.applied", done, by.now)
    return done


async def purge(connection: Any, before: datetime) -> int:
    """Discard dry runs from before that time that nobody accepted; how many there were."""
    stale = await staging.stale(connection, before)
    for import_id in stale:
        async with connection.transaction():
            await staging.close(connection, import_id, ImportState.DISCARDED, before)
    return len(stale)


async def _audit(connection: Any, actor: str, action: str, imported: Import, at: datetime) -> None:
    detail = {
        "sheet": imported.sheet,
        "sha256": imported.sha256,
        "rows": imported.rows,
        "bad": imported.bad,
        "only_good": imported.only_good,
        "applied": imported.applied,
    }
    act = Act(actor=actor, action=action, subject=str(imported.import_id), detail=detail)
    await record(connection, act, "done", at=at)
