"""Sheets to be filled in for an import."""

from gateway.sheets.writing import CsvWriter, Format, XlsxWriter
from ticketing.imports.columns import COLUMNS, TITLES, Sheet


def template(sheet: Sheet, kind: Format) -> bytes:
    """Headings alone; as XLSX a second sheet has an example, and says what the columns mean."""
    columns = COLUMNS[sheet]
    titles = [column.title for column in columns]
    if kind is Format.CSV:
        return CsvWriter().write([titles])
    writer = XlsxWriter([TITLES[sheet], "示例", "填写说明"])
    content = writer.write([titles])
    writer.next_sheet()
    content += writer.write([titles, [column.example for column in columns]])
    writer.next_sheet()
    about = [(each.title, "必填" if each.required else "选填", each.about) for each in columns]
    content += writer.write([("列", "是否必填", "说明"), *about])
    return content + writer.end()
