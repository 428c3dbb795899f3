"""XLSX, read row by row by openpyxl; what would unpack to too much is refused before."""

import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

import openpyxl
from defusedxml import DefusedXmlException
from openpyxl.utils.exceptions import InvalidFileException

from gateway.errors import GatewayError
from gateway.sheets.errors import SheetError
from gateway.sheets.limits import Limits

TEXTS = "xl/sharedStrings.xml"
_UNREADABLE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    InvalidFileException,
    DefusedXmlException,
    ParseError,
    NotImplementedError,  # an encrypted or unknown kind of compression
    RuntimeError,  # zipfile: the file is encrypted
    # What openpyxl raises of a workbook whose parts do not fit together.
    AssertionError,
    AttributeError,
    EOFError,
    IndexError,
    KeyError,
    OSError,
    OverflowError,
    TypeError,
    ValueError,
)


def xlsx_rows(path: Path, limits: Limits) -> Iterator[list[str]]:
    """The rows of the first sheet, its headings first; of formulas the values that were saved.

    Raises `SheetError`.
    """
    if not openpyxl.DEFUSEDXML:  # then openpyxl would expand entities
        raise GatewayError("defusedxml is missing, or switched off by OPENPYXL_DEFUSEDXML")
    try:
        _refuse_bomb(path, limits)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that are of no use here
            with path.open("rb") as file:  # of a path openpyxl wants to see the ending
                yield from _rows(file, limits)
    except _UNREADABLE as error:
        raise SheetError("这不是可以读取的XLSX文件，或已加密、已损坏") from error


def _refuse_bomb(path: Path, limits: Limits) -> None:
    """By the sizes in the directory of the archive, beyond which zipfile does not read."""
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
    texts = sum(part.file_size for part in parts if part.filename.lower() == TEXTS.lower())
    if (
        len(parts) > limits.parts
        or sum(part.file_size for part in parts) > limits.unpacked
        or texts > limits.texts
    ):
        raise SheetError("文件展开后过大，请分成几个文件，或使用CSV")


def _rows(file: BinaryIO, limits: Limits) -> Iterator[list[str]]:
    book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    try:
        if not book.worksheets:
            raise SheetError("文件中没有工作表")
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # which a program may have written wrongly
        rows: Any = sheet.iter_rows(max_col=limits.columns + 1, values_only=True)
        for row in rows:
            cells = [_text(value) for value in row]
            if any(len(cell) > limits.cell_chars for cell in cells):
                raise SheetError(f"一个单元格超过{limits.cell_chars}字")
            yield cells
    finally:
        book.close()


def _text(value: object) -> str:
    """A cell as people would type it."""
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case float() if value.is_integer():
            return str(int(value))
        case datetime():
            return value.isoformat(" ", "seconds")
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)
