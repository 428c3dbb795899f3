"""``hotline import-departments | import-categories | import-cases FILE``: a sheet of any length."""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gateway.auth.roles import Person, Role
from gateway.case_clocks import timing_of
from gateway.database_command import with_database
from gateway.http.actors import actor_of
from gateway.settings import load_settings
from gateway.sheets import applying, importing
from gateway.sheets.errors import ImportStateError, SheetError
from gateway.sheets.importing import Upload
from gateway.sheets.limits import FROM_DISK
from gateway.users import find_user
from ticketing.imports import staging
from ticketing.imports.columns import Sheet, title_of
from ticketing.imports.staging import Import

SHOWN = 100
LINE_EVERY_S = 10.0


def add_parsers(commands: Any) -> None:
    """Add the three commands."""
    for sheet in Sheet:
        parser: argparse.ArgumentParser = commands.add_parser(
            f"import-{sheet}",
            help=f"{sheet} of a CSV or XLSX file",
            description="Checks every row and lists what cannot be imported; changes nothing "
            "unless told to accept. An accepted import that is broken off goes on with the next "
            "start of the program.",
        )
        parser.add_argument("file", type=Path)
        parser.add_argument("--accept", action="store_true", help="import it if all rows are good")
        parser.add_argument(
            "--only-good", action="store_true", help="with --accept: leave out the bad rows"
        )
        parser.add_argument(
            "--as", dest="login", metavar="LOGIN", help="with --accept: who answers for it"
        )
        parser.set_defaults(command=with_database(partial(_run, sheet)))


async def _run(sheet: Sheet, connection: Any, options: argparse.Namespace) -> None:
    if not options.file.is_file():
        raise SheetError(f"{options.file} is no file")
    if options.accept and not options.login:
        raise SheetError("--accept needs --as LOGIN: the import is in that person's name")
    person = await _person(connection, options.login) if options.login else None
    upload = Upload(
        path=options.file,
        sheet=sheet,
        file_name=options.file.name[:200],
        limits=FROM_DISK,
        actor=person.login if person else f"hotline import-{sheet}",
    )
    with _progress() as progress:
        found = await importing.check(connection, upload, now=datetime.now(UTC), progress=progress)
        await _tell(connection, found)
        if person is None or not options.accept:
            await _discard(connection, found, upload.actor)
            return
        by, now = actor_of(person), datetime.now(UTC)
        try:
            async with connection.transaction():
                await importing.accept(
                    connection,
                    found.import_id,
                    by=by,
                    only_good=options.only_good,
                    now=now,
                    by_worker=False,
                )
        except ImportStateError:
            await _discard(connection, found, upload.actor)
            raise
        done = await applying.apply(
            connection,
            found.import_id,
            timing=timing_of(load_settings()),
            clock=lambda: datetime.now(UTC),
            progress=progress,
        )
    _say(_ended(found, done))


async def _person(connection: Any, login: str) -> Person:
    user = await find_user(connection, login)
    if not user.active or user.person.role is not Role.ADMINISTRATOR:
        raise SheetError(f"{login} is no administrator")
    return user.person


async def _discard(connection: Any, found: Import, actor: str) -> None:
    async with connection.transaction():
        await importing.discard(connection, found.import_id, actor=actor, now=datetime.now(UTC))


async def _tell(connection: Any, found: Import) -> None:
    """What the dry run found; the first bad rows by line and column."""
    for problem in await staging.problems(connection, found.import_id, after=0, limit=SHOWN):
        column = title_of(found.sheet, problem.field)
        _say(f"row {problem.line}{f', {column}' if column else ''}: {problem.sentence}")
    _say(
        f"{found.rows:,} rows: {found.bad:,} cannot be imported, {found.added:,} are new, "
        f"{found.changed:,} change what is there"
    )


def _ended(found: Import, done: Import | None) -> str:
    if done is None:
        return f"import {found.import_id} was applied meanwhile by the running program"
    return f"import {done.import_id} {done.state}: {done.applied:,} rows {done.remark}".rstrip()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


@contextmanager
def _progress() -> Iterator[importing.Progress]:
    """A bar on a terminal, now and then a line elsewhere."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)

        def show(phase: str, done: int, total: int) -> None:
            bar.update(task, description=phase, completed=done, total=total or None)

        yield show


class _Lines:
    def __init__(self) -> None:
        self._told_at = time.monotonic()

    def __call__(self, phase: str, done: int, total: int) -> None:
        if time.monotonic() - self._told_at >= LINE_EVERY_S:
            self._told_at = time.monotonic()
            sys.stderr.write(f"{phase} {done:,}{f' / {total:,}' if total else ''}\n")
