"""Writes sheets piece by piece, so that one of any length takes little memory; cells are text."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import IO, Protocol
from xml.sax.saxutils import escape

from gateway.sheets.neutral import neutralised

Row = Sequence[str]


class Format(StrEnum):
    """What a sheet is written as."""

    CSV = "csv"
    XLSX = "xlsx"


MEDIA_TYPE = {
    Format.CSV: "text/csv",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class SheetWriter(Protocol):
    """Turns rows into bytes of a file; some come later than their rows."""

    def write(self, rows: Iterable[Row]) -> bytes:
        """Add rows."""

    def end(self) -> bytes:
        """The rest of the file."""


class CsvWriter:
    """CSV as Excel opens it by itself: UTF-8 with a mark. Formulas are made text."""

    def __init__(self) -> None:
        self._mark = "\ufeff"

    def write(self, rows: Iterable[Row]) -> bytes:
        """Add rows."""
        out = io.StringIO(newline="")
        out.write(self._mark)
        self._mark = ""
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerows([neutralised(cell) for cell in row] for row in rows)
        return out.getvalue().encode()

    def end(self) -> bytes:
        """Nothing: the last row is the end."""
        return b""


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
# Number format 49 is text; with quotePrefix a cell stays text when somebody edits it.
_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf/><xf numFmtId="49" applyNumberFormat="1" quotePrefix="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)
_ROOT = (
    f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
    f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class XlsxWriter:
    """XLSX in the strict minimum of its parts: every cell an inline string, none a formula.

    openpyxl writes a hundred thousand rows in a minute of processor time and as a whole; this takes
    seconds, and bytes come while rows are added. ECMA-376 part 1, 18.3.1.
    """

    def __init__(self, titles: Sequence[str]) -> None:
        self._sink = _Sink()
        self._archive = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED, compresslevel=4)
        self._write_frame(titles)
        self._left = list(range(1, len(titles) + 1))
        self._part = self._open()

    def write(self, rows: Iterable[Row]) -> bytes:
        """Add rows to the present sheet."""
        self._part.write("".join(map(_row, rows)).encode())
        return self._sink.taken()

    def next_sheet(self) -> None:
        """Go on with the next one."""
        self._close()
        self._part = self._open()

    def end(self) -> bytes:
        """The rest of the file."""
        self._close()
        self._archive.close()
        return self._sink.taken()

    def _write_frame(self, titles: Sequence[str]) -> None:
        numbered = list(enumerate(titles, start=1))
        types = "".join(
            f'<Override PartName="/xl/worksheets/sheet{number}.xml"'
            f' ContentType="{_TYPE}.worksheet+xml"/>'
            for number, _ in numbered
        )
        sheets = "".join(
            f'<sheet name="{escape(title)}" sheetId="{number}" r:id="r{number}"/>'
            for number, title in numbered
        )
        relations = "".join(
            f'<Relationship Id="r{number}" Type="{_RELATIONS}/worksheet"'
            f' Target="worksheets/sheet{number}.xml"/>'
            for number, _ in numbered
        )
        parts = {
            "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
            '<Default Extension="rels"'
            ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
            f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/>'
            f"{types}</Types>",
            "_rels/.rels": _ROOT,
            "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}">'
            f"<sheets>{sheets}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
            f'{relations}<Relationship Id="r0" Type="{_RELATIONS}/styles" Target="styles.xml"/>'
            "</Relationships>",
            "xl/styles.xml": _STYLES,
        }
        for name, content in parts.items():
            self._archive.writestr(name, content)

    def _open(self) -> IO[bytes]:
        part = self._archive.open(f"xl/worksheets/sheet{self._left.pop(0)}.xml", "w")
        part.write(
            f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
            '<pane ySplit="1" topLeftCell="A2" state="frozen"/></sheetView></sheetViews>'
            '<sheetFormatPr defaultColWidth="16" defaultRowHeight="15"/><sheetData>'.encode()
        )
        return part

    def _close(self) -> None:
        self._part.write(b"</sheetData></worksheet>")
        self._part.close()


class _Sink(io.RawIOBase):
    """What the archive writes, until it is taken; it cannot go back in it."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes) -> int:  # type: ignore[override]  # zipfile writes bytes
        self._pieces.append(bytes(piece))
        return len(piece)

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _row(row: Row) -> str:
    return f"<row>{''.join(map(_cell, row))}</row>"


def _cell(text: str) -> str:
    if not text:
        return '<c s="1"/>'
    plain = escape(_NO_XML.sub("\ufffd", text), {"\r": "&#13;"})
    return f'<c s="1" t="inlineStr"><is><t xml:space="preserve">{plain}</t></is></c>'


def writer_of(kind: Format, title: str) -> SheetWriter:
    """A writer of one sheet."""
    return CsvWriter() if kind is Format.CSV else XlsxWriter([title])
