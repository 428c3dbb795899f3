"""No cell of an export is computed by a spreadsheet (FAULTS security 21, CWE-1236)."""

import csv
import io

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.sheets.neutral import neutralised, restored
from gateway.sheets.writing import CsvWriter, XlsxWriter

SIGNS = tuple("=+-@＝＋－＠")
TEXTS = st.text(
    alphabet=st.sampled_from([*SIGNS, *"\t\r\n'\",;| ", "1", "A", "长", "\x07", "\ufffe", "😀"]),
    max_size=12,
)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+8613800000001", "'+8613800000001"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("  =1", "  '=1"),
        ("＝1", "'＝1"),
        ('a","=1', 'a","\'=1'),
        ("a;=cmd|' /C calc'!A0", "a;'=cmd|' /C calc'!A0"),
        ("a\n=1", "a\n'=1"),
        ("2026-11-23", "2026-11-23"),
        ("18号-3层，a=b", "18号-3层，a=b"),
        ("", ""),
    ],
)
def test_table(text: str, written: str) -> None:
    assert neutralised(text) == written
    assert restored(written) == text


@settings(max_examples=500)
@given(TEXTS)
def test_what_was_neutralised_comes_back(text: str) -> None:
    assert restored(neutralised(text)) == text


@settings(max_examples=300)
@given(st.lists(st.lists(TEXTS, min_size=1, max_size=3), min_size=1, max_size=3))
def test_csv_has_no_formula_wherever_it_is_split(rows: list[list[str]]) -> None:
    """OWASP's rule, for each separator that a program may take for granted, quoted or not."""
    written = CsvWriter().write(rows).decode("utf-8-sig")
    for separator in ",;\t|":
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            read = csv.reader(
                io.StringIO(written, newline=""), delimiter=separator, quoting=quoting
            )
            for cell in (cell for row in read for cell in row):
                assert not cell.strip(' "').startswith(SIGNS), (cell, separator, quoting)
    read = csv.reader(io.StringIO(written, newline=""))
    assert not any(cell.startswith(("\t", "\r", "\n")) for row in read for cell in row)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(TEXTS, min_size=1, max_size=3), min_size=1, max_size=3))
def test_xlsx_has_texts_alone(rows: list[list[str]]) -> None:
    writer = XlsxWriter(["工单"])
    content = writer.write(rows) + writer.end()
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.active is not None
    read = {(cell.row, cell.column): cell for row in book.active.iter_rows() for cell in row}
    for number, row in enumerate(rows, start=1):
        for place, text in enumerate(row, start=1):
            cell = read.get((number, place))
            if text:
                assert cell is not None
                assert cell.data_type == "s"
                assert cell.quotePrefix
                shown = str(cell.value or "")
                assert shown == text.replace("\x07", "\ufffd").replace("\ufffe", "\ufffd")
