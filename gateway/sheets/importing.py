"""A dry run that changes nothing, and a person's decision about it."""

import hashlib
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.audit import Act, record
from gateway.jobs import enqueue_import
from gateway.sheets.errors import ImportGoneError, ImportStateError, SheetError
from gateway.sheets.limits import TREE_ROWS, Limits
from gateway.sheets.reading import read_apart
from ticketing.case import Actor
from ticketing.imports import cases, staging, trees
from ticketing.imports.columns import Sheet
from ticketing.imports.staging import Import, ImportState

_CHECKING = 12345_0015_1  # key of an advisory lock

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
            if rows == 0:
                await staging.note_headings(connection, import_id, batch.headings)
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
    await audit(connection, upload.actor, "import.checked", checked, now)
    return checked


async def accept(
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
    await audit(connection, by.login, "import.accepted", accepted, now)
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
    await audit(connection, actor, "import.discarded", gone, now)
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


async def purge(connection: Any, before: datetime) -> int:
    """Discard dry runs from before that time that nobody accepted; how many there were.

    The bad rows of those that were applied are forgotten, too.
    """
    await staging.forget_bad_rows(connection, before)
    stale = await staging.stale(connection, before)
    for import_id in stale:
        async with connection.transaction():
            await staging.close(connection, import_id, ImportState.DISCARDED, before)
    return len(stale)


async def audit(connection: Any, actor: str, action: str, imported: Import, at: datetime) -> None:
    """Note what becomes of an import."""
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
