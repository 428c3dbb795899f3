"""``hotline lines …``: the lines of the hotline from a table, and as one."""

import argparse
import csv
import io
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from gateway.database_command import with_database
from gateway.errors import LinesError
from gateway.lines import list_lines, save_line
from telephony.events import LineMode
from telephony.lines import Line

COLUMNS = ("number", "name", "mode", "department", "district")
REQUIRED = frozenset({"number", "name", "mode"})
ACTOR = "hotline lines"  # in the audit log
# Excel's "CSV UTF-8" begins with a mark; its plain CSV has the encoding of a Chinese Windows.
ENCODINGS = ("utf-8-sig", "gb18030")


def add_parser(commands: Any) -> None:
    """Add the sub-commands ``import`` and ``list``."""
    lines: argparse.ArgumentParser = commands.add_parser("lines", help="the lines of the hotline")
    actions = lines.add_subparsers(required=True, metavar="ACTION")
    load = actions.add_parser(
        "import",
        help="define the lines of a CSV file, all or none",
        description=f"Columns, by the first row: {', '.join(COLUMNS)}; the last two may be absent. "
        f"A mode is {', '.join(LineMode)}. Lines that the file does not name stay as they are.",
    )
    load.add_argument("file", type=Path)
    load.set_defaults(command=with_database(_import))
    listing = actions.add_parser("list", help="the lines as such a file")
    listing.set_defaults(command=with_database(_list))


async def _import(connection: Any, options: argparse.Namespace) -> None:
    lines = read_lines(options.file)
    changed = 0
    async with connection.transaction():
        for row, line in enumerate(lines, start=2):
            try:
                changed += await save_line(connection, line, actor=ACTOR, at=datetime.now(UTC))
            except (asyncpg.CheckViolationError, asyncpg.DataError) as error:
                raise LinesError(
                    f"{options.file}, row {row}: not allowed "
                    f"({error.constraint_name or 'no text'}); nothing was changed"
                ) from None
    sys.stdout.write(f"{len(lines)} lines, {changed} of them changed\n")


def read_lines(path: Path) -> list[Line]:
    """The lines of a CSV file. Raises `LinesError` naming the row that cannot be read."""
    rows = csv.DictReader(io.StringIO(_text(path)))
    columns = frozenset(rows.fieldnames or ())
    if not REQUIRED <= columns <= frozenset(COLUMNS):
        raise LinesError(f"{path}: the first row must name the columns {', '.join(COLUMNS)}")
    lines = []
    for number, row in enumerate(rows, start=2):
        given = {name: (row[name] or "").strip() for name in columns}
        try:
            mode = LineMode(given.pop("mode"))
        except ValueError:
            modes = ", ".join(LineMode)
            raise LinesError(f"{path}, row {number}: the mode must be one of {modes}") from None
        lines.append(Line(mode=mode, **given))
    return lines


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise LinesError(f"{path} cannot be read: {error.strerror}") from None
    for encoding in ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise LinesError(f"{path} is neither UTF-8 nor GB 18030 text")


async def _list(connection: Any, _options: argparse.Namespace) -> None:
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(COLUMNS)
    for line in await list_lines(connection):
        out.writerow([getattr(line, name) for name in COLUMNS])
