"""``hotline audit-export``: the audit log as JSON lines, to be kept on another host."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from gateway.audit_trail import acts_after
from gateway.database_command import with_database
from gateway.errors import AuditError

BLOCK = 64 * 1024
_BEGINNING = b'{"audit_id": '


def add_parser(commands: Any) -> None:
    """Add the command."""
    export: argparse.ArgumentParser = commands.add_parser(
        "audit-export",
        help="write the audit log as JSON lines, all or what is new",
        description="One row a line, in the order of audit_id, to standard output or to the end of "
        "a file. Goes on behind the last row of the file, or behind --after.",
    )
    export.add_argument("--to", type=Path, metavar="FILE", help="append; made if it is not there")
    export.add_argument(
        "--after", type=int, metavar="ID", help="audit_id of the last row that you have"
    )
    export.set_defaults(command=with_database(_export))


async def _export(connection: Any, options: argparse.Namespace) -> None:
    if options.to is not None and options.after is not None:
        raise AuditError("give --to or --after: a file says by itself where to go on")
    if options.to is None:
        await _write(connection, options.after or 0, sys.stdout)
        return
    try:
        after = last_exported(options.to)
        with options.to.open("a", encoding="utf-8") as file:
            rows = await _write(connection, after, file)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise AuditError(f"{options.to} cannot be written: {error.strerror}") from None
    sys.stdout.write(f"{rows} rows, up from audit_id {after}\n")


async def _write(connection: Any, after: int, out: TextIO) -> int:
    rows = 0
    async for row in acts_after(connection, after):
        out.write(row.to_json() + "\n")
        rows += 1
    return rows


def last_exported(path: Path) -> int:
    """``audit_id`` of a file's last row, 0 for none; a row that was cut off is cut away.

    Raises `AuditError` for a file that is no export, which stays as it is, and `OSError`.
    """
    if not path.exists():
        return 0
    with path.open("rb+") as file:
        whole, line, rest = _last_line(file, file.seek(0, os.SEEK_END))
        if not rest[: len(_BEGINNING)] == _BEGINNING[: len(rest)]:
            raise AuditError(f"{path} is no export of the audit log: it ends with something else")
        try:
            last = int(json.loads(line)["audit_id"]) if line else 0
        except (ValueError, KeyError, TypeError):
            raise AuditError(f"{path} is no export of the audit log") from None
        file.truncate(whole)
    return last


def _last_line(file: BinaryIO, end: int) -> tuple[int, bytes, bytes]:
    """How long the whole lines are together, the last of them, and what follows it."""
    tail, start = b"", end
    while start > 0 and tail.count(b"\n") < 2:
        start = max(0, start - BLOCK)
        file.seek(start)
        tail = file.read(end - start)
    lines, rest = tail[: tail.rfind(b"\n") + 1], tail[tail.rfind(b"\n") + 1 :]
    return start + len(lines), lines.rstrip(b"\n").rpartition(b"\n")[2], rest
