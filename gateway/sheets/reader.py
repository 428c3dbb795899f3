"""Reads a sheet, apart from the program: ``python -m gateway.sheets.reader``, see `reading`.

A job as JSON on standard input; on standard output batches, a JSON object a line: rows as (line,
JSON of the fields, cells), and their problems; or one sentence why the sheet cannot be read.
"""

import json
import os
import re
import resource
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway.sheets.csv_reading import csv_rows
from gateway.sheets.errors import SheetError
from gateway.sheets.limits import Limits
from ticketing.imports.columns import COLUMNS, PROBLEMS_TITLE, Sheet, headings
from ticketing.imports.rows import RowProblem, read_row

BATCH = 500
BATCH_CHARS = 4 << 20
NICENESS = 5
_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_NOT_STORED = re.compile("[\x00\ud800-\udfff]")  # by PostgreSQL, or in UTF-8

_Line = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that were read under ``headings``, and what is wrong with them by themselves."""

    headings: Sequence[str]
    rows: Sequence[tuple[int, str, list[str]]]
    problems: Sequence[RowProblem]


def read(path: Path, sheet: Sheet, limits: Limits, now: datetime) -> Iterator[Batch]:
    """Read a file batch by batch; raises `SheetError`."""
    rows = enumerate(_raw_rows(path, sheet, limits), start=1)
    _, first = next(rows, (1, []))
    first = [cell.strip() for cell in first]
    told = first.index(PROBLEMS_TITLE) if PROBLEMS_TITLE in first else None
    columns = _Columns(sheet, _without(first, told), limits.columns)
    given = ((line, _without(row, told)) for line, row in rows)
    read_rows = 0
    for batch in _batches((line, row) for line, row in given if any(cell.strip() for cell in row)):
        read_rows += len(batch)
        if read_rows > limits.rows:
            raise SheetError(f"超过{limits.rows}行，请分成几个文件")
        yield columns.read(batch, now)
    if read_rows == 0:
        raise SheetError("除表头外没有任何内容")


def _without(row: list[str], place: int | None) -> list[str]:
    """A row of a sheet of bad rows, mended, without what was wrong with it."""
    return row if place is None else row[:place] + row[place + 1 :]


def _batches(rows: Iterable[_Line]) -> Iterator[list[_Line]]:
    """Up to so many rows, and not many more characters than so many."""
    batch, chars = list[_Line](), 0
    for line, row in rows:
        batch.append((line, row))
        chars += sum(map(len, row))
        if len(batch) == BATCH or chars > BATCH_CHARS:
            yield batch
            batch, chars = [], 0
    if batch:
        yield batch


def _raw_rows(path: Path, sheet: Sheet, limits: Limits) -> Iterator[list[str]]:
    with path.open("rb") as file:
        start = file.read(4)
    if start == _ZIP:
        # Imported for XLSX alone: openpyxl slows the start of every process that reads CSV.
        from gateway.sheets.xlsx_reading import xlsx_rows  # noqa: PLC0415

        return xlsx_rows(path, limits)
    if start == _OLD_EXCEL:
        raise SheetError("这是旧版Excel（.xls）或加密的文件，请另存为XLSX或CSV")
    if not start:
        raise SheetError("文件是空的")
    return csv_rows(path, limits, headings(sheet).keys())


def _names(sheet: Sheet, first: Sequence[str]) -> list[str]:
    """Names of the columns; a heading that nobody knows, or twice, is a mistake in the file."""
    known = headings(sheet)
    while first and not first[-1]:
        first = first[:-1]
    strange = [cell for cell in first if cell not in known]
    if len(strange) == len(first):
        titles = "、".join(column.title for column in COLUMNS[sheet])
        raise SheetError(f"第1行必须是表头：{titles}")
    if strange:
        raise SheetError(f"表头中有不认识的列：{'、'.join(repr(it[:20]) for it in strange[:5])}")
    names = [known[cell] for cell in first]
    missing = [
        column.title for column in COLUMNS[sheet] if column.required and column.name not in names
    ]
    if missing:
        raise SheetError(f"表头中缺少：{'、'.join(missing)}")
    if len(set(names)) < len(names):
        raise SheetError("表头中有重复的列")
    return names


class _Columns:
    """Reads rows under their headings; of each at most one cell more than ``most`` is kept."""

    def __init__(self, sheet: Sheet, first: Sequence[str], most: int) -> None:
        self._sheet = sheet
        self._names = _names(sheet, first)
        self._headings = first[: len(self._names)]
        self._most = most

    def read(self, batch: Sequence[_Line], now: datetime) -> Batch:
        rows, problems = [], []
        for line, row in batch:
            cells = dict(zip(self._names, row, strict=False))
            found = read_row(self._sheet, cells, now)
            kept = [_NOT_STORED.sub("\ufffd", cell) for cell in row[: self._most + 1]]
            rows.append((line, json.dumps(found.fields, ensure_ascii=False), kept))
            problems += [RowProblem(line, field, sentence) for field, sentence in found.problems]
            if any(cell.strip() for cell in row[len(self._names) :]):
                problems.append(RowProblem(line, "", "表头之外的列中有内容"))
        return Batch(self._headings, rows, problems)


def _main() -> None:
    """The other process."""
    job: dict[str, Any] = json.load(sys.stdin)
    limits = Limits(**job["limits"])
    resource.setrlimit(resource.RLIMIT_DATA, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s))
    os.nice(NICENESS)
    path, now = Path(job["path"]), datetime.fromisoformat(job["now"])
    try:
        for batch in read(path, Sheet(job["sheet"]), limits, now):
            problems = [(it.line, it.field, it.sentence) for it in batch.problems]
            _say({"headings": batch.headings, "rows": batch.rows, "problems": problems})
    except SheetError as error:
        _say({"wrong": str(error)})
    else:
        _say({"end": True})


def _say(what: dict[str, Any]) -> None:
    sys.stdout.buffer.write(json.dumps(what, ensure_ascii=False).encode() + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    _main()
