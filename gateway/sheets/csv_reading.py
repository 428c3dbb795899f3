"""CSV as people's programs write it: encoding and separator are found out."""

import codecs
import csv
import io
from collections.abc import Collection, Iterator
from pathlib import Path

from gateway.sheets.errors import SheetError
from gateway.sheets.limits import Limits
from gateway.sheets.neutral import restored

SEPARATORS = (",", ";", "\t")
_BLOCK = 1 << 20
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def csv_rows(path: Path, limits: Limits, headings: Collection[str]) -> Iterator[list[str]]:
    """The rows of a CSV file, its headings first; empty lines are empty rows.

    UTF-8 and UTF-16 (Excel's "Unicode text") with a mark, UTF-8 without one, else GB 18030, which
    is that of a Chinese Windows. The separator is the one by which most ``headings`` are found.
    Raises `SheetError`.
    """
    csv.field_size_limit(limits.cell_chars)
    with path.open(encoding=_encoding(path), newline="") as file:
        first = file.readline(_BLOCK)
        separator = _separator(first, headings)
        file.seek(0)
        reader = csv.reader(file, delimiter=separator, strict=True)
        number = 0
        try:
            for row in reader:
                number += 1
                yield [restored(cell) for cell in row]
        except csv.Error:
            raise SheetError(
                f"第{number + 1}行无法读取：引号没有配对，或一个单元格超过{limits.cell_chars}字"
            ) from None


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(3)
    if start.startswith(_UTF_16):
        candidates: tuple[str, ...] = ("utf-16",)
    else:
        candidates = ("utf-8-sig", "gb18030")
    for encoding in candidates:
        if _decodes(path, encoding):
            return encoding
    raise SheetError("文件既不是UTF-8也不是GB 18030编码的文字")


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _separator(line: str, headings: Collection[str]) -> str:
    def known(separator: str) -> int:
        cells = next(csv.reader(io.StringIO(line), delimiter=separator), [])
        return sum(cell.strip() in headings for cell in cells)

    return max(SEPARATORS, key=known)
