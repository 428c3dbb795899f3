"""Sheets as other programs write them, and files that are none."""

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.sheets.errors import SheetError
from gateway.sheets.limits import UPLOADED, Limits
from gateway.sheets.reader import Batch, read
from gateway.sheets.xlsx_reading import TEXTS
from tests.support.sheets import as_csv, as_xlsx, case, sheet_of
from ticketing.imports.columns import PROBLEMS_TITLE, Sheet

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
TABLE = [
    ["代码", "名称", "级别"],
    ["C1", '市"局,\n二楼', "市级"],
    ["", "", ""],
    ["C2", "环保局", "市级"],
]


def batches(
    directory: Path, content: bytes, sheet: Sheet = Sheet.DEPARTMENTS, limits: Limits = UPLOADED
) -> list[Batch]:
    """What is read of a file."""
    path = directory / "sheet"
    path.write_bytes(content)
    return list(read(path, sheet, limits, NOW))


def rows(
    directory: Path, content: bytes, sheet: Sheet = Sheet.DEPARTMENTS, limits: Limits = UPLOADED
) -> list[tuple[int, str]]:
    """Line and JSON of each row."""
    return [row[:2] for batch in batches(directory, content, sheet, limits) for row in batch.rows]


@pytest.mark.parametrize(
    "content",
    [
        as_csv(TABLE),
        b"\xef\xbb\xbf" + as_csv(TABLE),
        as_csv(TABLE).decode().encode("gb18030"),
        as_csv(TABLE, ";"),
        as_csv(TABLE, "\t").decode().encode("utf-16"),
        as_xlsx(TABLE),
    ],
    ids=["utf-8", "mark", "gb18030", "semicolon", "utf-16-tab", "xlsx"],
)
def test_formats(tmp_path: Path, content: bytes) -> None:
    found = rows(tmp_path, content)
    assert [line for line, _ in found] == [2, 4]  # as a spreadsheet numbers them
    assert '"code": "C2"' in found[1][1]


def bomb(**changed: int) -> Limits:
    return replace(UPLOADED, **changed)


def zipped(parts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def with_part(content: bytes, name: str, text: str) -> bytes:
    """An XLSX with another part in place of its own."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {part: archive.read(part).decode() for part in archive.namelist()}
    return zipped(parts | {name: text})


ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">'
    '<!ENTITY c SYSTEM "file:///etc/passwd">]><worksheet xmlns="http://schemas.openxmlformats.org/'
    'spreadsheetml/2006/main"><sheetData><row><c t="inlineStr"><is><t>&b;&c;</t></is></c></row>'
    "</sheetData></worksheet>"
)
GOOD = as_xlsx(TABLE)


@pytest.mark.parametrize(
    ("content", "limits", "sentence"),
    [
        (b"", UPLOADED, "文件是空的"),
        (b"\xff\xfe\x00", UPLOADED, "编码"),
        (b"\x81\x00\xff", UPLOADED, "编码"),
        (b"\xd0\xcf\x11\xe0 old", UPLOADED, "旧版Excel"),
        (b"PK\x03\x04 broken", UPLOADED, "不是可以读取的XLSX"),
        (zipped({"a.txt": "x"}), UPLOADED, "不是可以读取的XLSX"),
        (with_part(GOOD, "xl/worksheets/sheet1.xml", ENTITIES), UPLOADED, "不是可以读取的XLSX"),
        (GOOD, bomb(unpacked=1000), "展开后过大"),
        (with_part(GOOD, TEXTS, "长" * 10), bomb(texts=10), "展开后过大"),
        (GOOD, bomb(parts=2), "展开后过大"),
        (GOOD, bomb(rows=1), "超过1行"),
        (as_csv([["姓名", "年龄"]]), UPLOADED, "第1行必须是表头"),
        (as_csv([["代码", "名称", "级别", "电话"]]), UPLOADED, "不认识的列：'电话'"),
        (as_csv([["代码", "级别"]]), UPLOADED, "表头中缺少：名称"),
        (as_csv([["代码", "名称", "级别", "代码"]]), UPLOADED, "重复的列"),
        (as_csv([["代码", "名称", "级别"]]), UPLOADED, "没有任何内容"),
        ('代码,名称,级别\nC1,"市局,市级'.encode(), UPLOADED, "第2行无法读取"),
        (as_csv([*TABLE, ["C3", "长" * 40_000, "市级"]]), UPLOADED, "超过32767字"),
        (as_xlsx([*TABLE, ["C3", "长" * 101, "市级"]]), bomb(cell_chars=100), "超过100字"),
    ],
)
def test_what_is_no_sheet(tmp_path: Path, content: bytes, limits: Limits, sentence: str) -> None:
    with pytest.raises(SheetError, match=sentence):
        rows(tmp_path, content, limits=limits)


def test_cells_of_other_kinds(tmp_path: Path) -> None:
    """Numbers, times and truth as spreadsheets have them; formulas are what they came to."""
    values: dict[str, Any] = dict(case(""))
    values |= {
        "reference": 20190001.0,
        "opened_at": datetime(2019, 5, 6, 9, 30),  # noqa: DTZ001  # as a spreadsheet has it
        "caller": 13800000001,
        "confidential": True,
    }
    table: list[list[Any]] = [*sheet_of(Sheet.CASES, [values])]
    (row,) = rows(tmp_path, as_xlsx(table), Sheet.CASES)
    for part in ('"reference": "20190001"', "2019-05-06T01:30:00+00:00", '"13800000001"', "true"):
        assert part in row[1]


def test_cells_are_kept_as_they_stood(tmp_path: Path) -> None:
    """Under the sheet's own headings, without what an earlier sheet of bad rows said of them."""
    table = [
        ["级别 ", PROBLEMS_TITLE, "code", "名称", ""],
        [" 市级", "必须填写", "C1", "", "多余"],
        ["", "只有原因", "", "", ""],
        ["省级", "", "C 2", "二局\x00", ""],
    ]
    (batch,) = batches(tmp_path, as_csv(table))
    assert batch.headings == ["级别", "code", "名称"]
    assert [(line, cells) for line, _, cells in batch.rows] == [
        (2, [" 市级", "C1", "", "多余"]),
        (4, ["省级", "C 2", "二局\ufffd", ""]),
    ]
    told = [(each.line, each.field) for each in batch.problems]
    assert told == [(2, "name"), (2, ""), (4, "code"), (4, "name"), (4, "level")]


def test_long_rows_come_in_small_batches(tmp_path: Path) -> None:
    """A batch is a line of the reader's output, which may not be of any length."""
    long = [["代码", "名称", "级别"], *([f"C{n}", "长" * 30_000, "市级"] for n in range(300))]
    found = batches(tmp_path, as_csv(long))
    assert [len(batch.rows) for batch in found] == [140, 140, 20]
