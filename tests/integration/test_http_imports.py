"""Bulk import over HTTP: dry run, every bad row told, a person's decision (C9)."""

import asyncio
import csv
import io
import itertools
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from gateway.context import Context
from gateway.engines import Engines
from gateway.import_jobs import purge_imports
from gateway.readiness import Readiness
from gateway.roles.worker import worker
from gateway.sheets.applying import ApplyingElsewhereError
from gateway.sheets.importing import purge
from tests.support.importing import run_hotline
from tests.support.sheets import (
    accept,
    applied,
    as_csv,
    as_xlsx,
    case,
    checked,
    problems,
    sheet_of,
    upload,
)
from tests.support.web import NOW, Browser, Hotline, running, until
from ticketing.categories import create_category
from ticketing.imports import cases
from ticketing.imports.columns import Sheet

D, K, C = Sheet.DEPARTMENTS, Sheet.CATEGORIES, Sheet.CASES


def department(code: str, level: str, parent: str = "", **changed: str) -> dict[str, str]:
    return {"code": code, "name": f"部门{code}", "level": level, "parent": parent} | changed


TOWN = [  # children before their parents
    department("S1", "街道镇级", "D1"),
    department("D1", "区县级", "C1"),
    department("D9", "区县级", "C1", active="停用"),
    department("C1", "市级"),
]
CATEGORIES = [
    {"code": "0301", "name": "路灯", "parent": "03", "department": "D1"},
    {"code": "0302", "name": "井盖", "parent": "03", "closed": "关闭"},
    {"code": "03", "name": "市政"},
]


async def imported(
    hotline: Hotline, admin: Browser, sheet: Sheet, rows: list[dict[str, str]]
) -> None:
    found = await checked(admin, sheet, rows)
    assert found["bad"] == 0, await problems(admin, found)
    assert (await accept(admin, found))[0] == 200
    assert await applied(hotline, found) is not None


@pytest.fixture
async def town(hotline: Hotline) -> Browser:
    """An administrator, in a town that is what `TOWN` and `CATEGORIES` say."""
    for code, parent in (("C1", None), ("D1", "C1"), ("D9", "C1"), ("S1", "D1")):
        await hotline.department(code, parent)
    async with hotline.pool.acquire() as connection, connection.transaction():
        for row in CATEGORIES[-1:] + CATEGORIES[:-1]:
            await create_category(
                connection,
                code=row["code"],
                name=row["name"],
                parent=row.get("parent"),
                department=row.get("department"),
            )
        await connection.execute("update departments set active = false where code = 'D9'")
        await connection.execute("update categories set closed = true where code = '0302'")
    return await hotline.administrator()


async def test_trees(hotline: Hotline) -> None:
    admin = await hotline.administrator()
    await imported(hotline, admin, D, TOWN)
    await imported(hotline, admin, K, CATEGORIES)
    _, tree = await admin.json("GET", "/api/v1/departments")
    assert [(each["code"], each["parent"], each["active"]) for each in tree] == [
        ("C1", None, True),
        ("D1", "C1", True),
        ("D9", "C1", False),
        ("S1", "D1", True),
    ]
    _, categories = await admin.json("GET", "/api/v1/categories")
    assert [(each["code"], each["department"], each["closed"]) for each in categories] == [
        ("03", None, False),
        ("0301", "D1", False),
        ("0302", None, True),
    ]
    acts = await hotline.pool.fetch("select action, subject from audit_log order by audit_id")
    assert ("department.created", "S1") in [tuple(act) for act in acts]
    again = await checked(admin, D, TOWN)
    assert (again["added"], again["changed"], again["bad"]) == (0, 0, 0)
    moved = [
        department("D1", "区县级", "C1", active="停用"),  # with S1 below it: moved away first
        department("D9", "区县级", "C1", name="九局"),
        department("S1", "街道镇级", "D9"),
        department("S1", "街道镇级", "D9"),
        department("S2", "街道镇级", "D8"),
        department("C1", "区县级", "C1"),
        department("S3", "社区村级", "S2"),
        department("C 1", "省级"),
    ]
    found = await checked(admin, D, moved)
    assert (found["added"], found["changed"], found["bad"]) == (0, 3, 5)
    assert await problems(admin, found) == [
        (5, "代码", "与第4行的代码重复"),
        (6, "上级代码", "没有代码为D8的部门"),
        (7, "级别", "已有的部门“部门C1”是市级，级别不能更改"),
        (8, "上级代码", "没有代码为S2的部门"),
        (9, "代码", "代码只能是1至32位字母、数字和连字符"),
        (9, "级别", "只能是市级、区县级、街道镇级、社区村级之一"),
    ]
    assert (await accept(admin, found, only_good=True))[0] == 200
    await applied(hotline, found)
    _, tree = await admin.json("GET", "/api/v1/departments")
    assert [(each["code"], each["parent"], each["active"]) for each in tree] == [
        ("C1", None, True),
        ("D1", "C1", False),
        ("D9", "C1", True),
        ("S1", "D9", True),
    ]


async def test_cases(hotline: Hotline, town: Browser) -> None:
    rows = [
        case("A1", category="0301", department="S1", confidential="是", source="网站"),
        case("A2", opened_at="2019/5/6 9:30"),
        case("A3", state="待签收", opened_at="2026-11-20 10:00", closed_at="", department="D1"),
        case("A4", state="办理中", opened_at="2026-11-02 10:00", closed_at="", department="D1"),
        case("A5", state="已撤回", closed_at=""),
    ]
    await hotline.pool.execute(
        "insert into webhook_destinations (name, url, secret, events, created_at)"
        " values ('别的系统', 'https://example.org/', 'whsec_x', '{}', now())"
    )
    database = await hotline.pool.fetchval("select current_database()")
    await hotline.pool.execute(f"alter database {database} set hotline.notices = 'on'")
    await hotline.pool.expire_connections()
    found = await checked(town, C, rows)
    assert (found["rows"], found["bad"], found["added"]) == (5, 0, 5), await problems(town, found)
    assert await hotline.pool.fetchval("select count(*) from cases") == 0
    for _ in range(2):  # twice does nothing more
        assert (await accept(town, found))[0] == 200
        await applied(hotline, found)
    stored = await hotline.pool.fetch(
        "select c.*, i.reference from cases c join imported_cases i using (case_id)"
        " order by i.reference"
    )
    assert [row["case_no"] for row in stored] == [
        "20190506-00001",
        "20190506-00002",
        "20261120-00001",
        "20261102-00001",
        "20190506-00003",
    ]
    assert [row["source"] for row in stored] == ["web", *["phone"] * 4]
    assert stored[0]["opened_at"].replace(microsecond=0) == datetime(2019, 5, 6, 1, 30, tzinfo=UTC)
    clocks = await hotline.pool.fetch(
        "select case_no, k.kind, notice_at from case_clocks k"
        " join cases using (case_id) order by case_no, k.kind"
    )
    assert [(row["case_no"], row["kind"], row["notice_at"] is None) for row in clocks] == [
        ("20261102-00001", "closing", True),  # long overdue: nobody is told now
        ("20261120-00001", "closing", False),
        ("20261120-00001", "signing", True),
    ]
    assert hotline.closed == []
    assert await hotline.pool.fetchval("select count(*) from webhook_events") == 0
    assert await hotline.pool.fetchval("select current_setting('hotline.notices')") == "on"
    assert await hotline.pool.fetchval("select count(*) from citizen_notices") == 0
    _, answer = await town.json("GET", "/api/v1/cases/20190506-00002")
    (entry,) = answer["history"]
    assert (entry["step"], entry["actor"], entry["note"]) == ("imported", "admin", "原系统编号 A2")
    assert answer["caller"] == "138****0001"
    assert await hotline.pool.fetchval("select count(*) from sheet_import_rows") == 0


async def test_every_bad_row_is_told(hotline: Hotline, town: Browser) -> None:
    await imported(hotline, town, C, [case("OLD")])
    rows = [
        case("B1"),
        case("B1"),
        case("OLD"),
        case("B4", category="0399", department="D8"),
        case("B5", category="0302", department="D9"),
        case("B6", category="03"),
        case("B7", title="", body="", kind="骚扰"),
        case("B8", title="长" * 101, caller="138-0000 0001"),
        case("B9", opened_at="2019-02-30", caller="一三八"),
        case("B10", opened_at="2003-05-06", state="已登记", closed_at=""),
        case("B11", state="待审核", closed_at=""),
        case("B12", closed_at="2019-05-05"),
        case("B13", opened_at="2030-01-01", closed_at="2030-01-02"),
        case("B14", state="办理中"),
        case(""),
    ]
    found = await checked(town, C, rows)
    told = await problems(town, found)
    assert told == [
        (3, "原系统编号", "与第2行的原系统编号重复"),
        (4, "原系统编号", "这个编号的工单已经导入过"),
        (5, "主办部门代码", "没有这个代码的部门"),
        (5, "分类代码", "没有这个代码的分类"),
        (6, "主办部门代码", "这个部门已停用"),
        (6, "分类代码", "这个分类已关闭"),
        (7, "分类代码", "这是大类的代码，请填写其下小类的代码"),
        (8, "内容", "必须填写"),
        (8, "标题", "必须填写"),
        (8, "诉求类型", "只能是咨询、求助、投诉、举报、建议、表扬之一"),
        (9, "标题", "最多100个字，这里有101个"),
        (10, "来电号码", "号码只能是3至20位数字，可以+开头"),
        (10, "登记时间", "没有这一天或这个时刻"),
        (11, "登记时间", "没有这一年的工作日历，无法计算时限，请先在“时限管理”录入"),
        (12, "状态", "只能是已登记、待签收、已签收、办理中、已办结、已撤回之一"),
        (13, "办结时间", "办结时间早于登记时间"),
        (14, "办结时间", "在将来"),
        (14, "登记时间", "在将来"),
        (15, "主办部门代码", "办理中的工单必须填写主办部门"),
        (15, "办结时间", "办理中的工单没有办结时间"),
        (16, "原系统编号", "必须填写"),
    ]
    assert (found["rows"], found["bad"]) == (15, 14)
    status, refused = await accept(town, found)
    assert (status, refused["detail"]) == (
        409,
        "有14行不能导入：请改正后重新上传，或选择只导入其余的行",
    )
    assert await applied(hotline, found) is None
    assert await hotline.pool.fetchval("select count(*) from cases") == 1
    assert (await accept(town, found, only_good=True))[0] == 200
    await applied(hotline, found)
    assert await hotline.pool.fetchval("select count(*) from cases") == 2
    _, left = await town.json("GET", f"/api/v1/imports/{found['import_id']}")
    assert (left["state"], left["applied"], left["remark"]) == ("applied", 1, "")


async def bad_rows(admin: Browser, imported: Any, kind: str = "csv") -> bytes:
    path = f"/api/v1/imports/{imported['import_id']}/bad-rows?format={kind}"
    response = await admin.ask("GET", path)
    assert response.status == 200, await response.text()
    return await response.read()


async def test_bad_rows_come_back_as_they_were(hotline: Hotline, town: Browser) -> None:
    """Mended, the same file is uploaded again; nothing in it is a formula (FAULTS security 21)."""
    table = sheet_of(C, [case("=B1", title=" ", caller="+86, 不详"), case("B2"), case("B3")])
    table[0][0], table[3][0] = "reference", "B2"
    status, found = await upload(town, C, as_csv(table, ";"))
    assert (status, found["bad"], found["bad_kept"]) == (201, 2, True)
    content = await bad_rows(town, found)
    assert content.startswith(b"\xef\xbb\xbf")
    titles, first, second = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert titles == ["不能导入的原因", *table[0]]
    reasons = {"标题：必须填写", "来电号码：号码只能是3至20位数字，可以+开头"}
    assert set(first[0].split("；")) == reasons
    told = [{"=B1": "'=B1", "+86, 不详": "'+86, 不详"}.get(cell, cell) for cell in table[1]]
    assert first[1:] == told
    assert second == ["原系统编号：与第3行的原系统编号重复", *table[3]]
    book = openpyxl.load_workbook(io.BytesIO(await bad_rows(town, found, "xlsx")))
    assert book.active is not None
    assert book.active["B2"].value == "=B1"
    assert book.active["B2"].data_type == "s"

    assert (await accept(town, found, only_good=True))[0] == 200
    await applied(hotline, found)
    assert await bad_rows(town, found) == content  # there until the worker's purge
    column = titles.index("来电号码")
    first[titles.index("标题")], first[column], second[1] = "路灯", "13800000001", "B3"
    status, mended = await upload(town, C, as_csv([titles, first, second]))
    assert (status, mended["rows"], mended["bad"]) == (201, 2, 0)
    act = await hotline.pool.fetchrow(
        "select subject, detail::text from audit_log where action = 'import.bad_rows'"
        " order by audit_id desc limit 1"
    )
    assert act is not None
    assert act["subject"] == str(found["import_id"])
    assert json.loads(act["detail"]) == {
        "sheet": "cases",
        "format": "csv",
        "rows": 2,
        "outcome": "done",
    }


async def test_bad_rows_that_are_gone(hotline: Hotline, town: Browser) -> None:
    good = await checked(town, C, [case("G1")])
    dropped = await checked(town, C, [case("G2"), case("")])
    kept = await checked(town, C, [case("G3"), case("")])
    status, _ = await town.json("DELETE", f"/api/v1/imports/{dropped['import_id']}")
    assert status == 204
    assert (await accept(town, kept, only_good=True))[0] == 200
    await applied(hotline, kept)
    async with hotline.pool.acquire() as connection:
        await purge(connection, NOW)
        _, left = await town.json("GET", f"/api/v1/imports/{kept['import_id']}")
        assert left["bad_kept"]
        await purge(connection, NOW + timedelta(seconds=1))
    for gone in (good, dropped, kept):
        path = f"/api/v1/imports/{gone['import_id']}"
        _, left = await town.json("GET", path)
        assert not left["bad_kept"]
        status, problem = await town.json("GET", f"{path}/bad-rows")
        assert (status, "已被删除" in problem["detail"]) == (409, True)
    assert await hotline.pool.fetchval("select count(*) from sheet_import_rows") == 0
    assert (await town.json("GET", "/api/v1/imports/999/bad-rows"))[0] == 404


async def test_what_changed_meanwhile_is_looked_at_again(hotline: Hotline, town: Browser) -> None:
    rows = [case("M1", category="0301"), case("M2")]
    found = await checked(town, C, rows)
    assert (await accept(town, found))[0] == 200
    await hotline.pool.execute("update categories set closed = true where code = '0301'")
    again = await applied(hotline, found)
    assert again is not None
    assert (again.state, again.bad, again.applied) == ("checked", 1, 0)
    assert await hotline.pool.fetchval("select count(*) from cases") == 0
    assert await problems(town, found) == [(2, "分类代码", "这个分类已关闭")]
    assert (await accept(town, found))[0] == 409
    assert (await accept(town, found, only_good=True))[0] == 200
    assert (await applied(hotline, found)) is not None
    assert await hotline.pool.fetchval("select count(*) from cases") == 1

    tree = await checked(
        town, D, [department("D2", "区县级", "C1"), department("S2", "街道镇级", "D1")]
    )
    assert (await accept(town, tree))[0] == 200
    await hotline.pool.execute("update departments set active = false where code = 'D1'")
    again = await applied(hotline, tree)
    assert again is not None
    assert (again.state, again.bad) == ("checked", 1)
    assert (await accept(town, tree, only_good=True))[0] == 200
    await applied(hotline, tree)
    codes = await hotline.pool.fetch("select code from departments order by code")
    assert [row["code"] for row in codes] == ["C1", "D1", "D2", "D9", "S1"]


async def test_an_interrupted_import_goes_on(
    hotline: Hotline, town: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each case once, whoever applies it and however often."""
    monkeypatch.setattr("ticketing.imports.cases.BATCH", 10)
    found = await checked(town, C, [case(f"I{n}") for n in range(45)])
    assert (await accept(town, found))[0] == 200
    real, calls = cases.apply, itertools.count()

    async def breaks_off(*how: Any) -> None:
        await real(*how)
        if next(calls) == 2:
            raise ConnectionResetError

    monkeypatch.setattr("ticketing.imports.cases.apply", breaks_off)
    with pytest.raises(ConnectionResetError):
        await applied(hotline, found)
    assert await hotline.pool.fetchval("select count(*) from cases") == 20
    both = await asyncio.gather(
        applied(hotline, found), applied(hotline, found), return_exceptions=True
    )
    assert sum(isinstance(each, ApplyingElsewhereError) or each is None for each in both) == 1
    assert await hotline.pool.fetchval("select count(*) from cases") == 45
    assert await hotline.pool.fetchval("select count(distinct case_no) from cases") == 45


async def test_a_worker_applies_and_purges(
    hotline: Hotline, town: Browser, database_dsn: str
) -> None:
    found = await checked(town, C, [case("W1"), case("W2")])
    forgotten = await checked(town, C, [case("W3")])
    assert (await accept(town, found))[0] == 200
    engines = Engines(database_dsn, hotline.pool, hotline.redis)
    context = Context(
        settings=hotline.settings,
        engines=engines,
        readiness=Readiness(),
        clock=lambda: NOW + timedelta(days=8),
    )

    async def done() -> bool:
        state = "select state = 'applied' from sheet_imports where import_id = $1"
        return bool(await hotline.pool.fetchval(state, found["import_id"]))

    async with running(worker(context)):
        await until(done, within_s=20)
    await purge_imports(context)
    _, left = await town.json("GET", f"/api/v1/imports/{forgotten['import_id']}")
    assert left["state"] == "discarded"
    assert (await accept(town, forgotten))[0] == 409
    assert await hotline.pool.fetchval("select count(*) from sheet_import_rows") == 0


async def test_from_the_command_line(
    hotline: Hotline, town: Browser, database_dsn: str, tmp_path: Path
) -> None:
    file = tmp_path / "old.xlsx"
    file.write_bytes(as_xlsx(sheet_of(C, [case("L1"), case("L2"), case("L2")])))
    tried = await run_hotline(database_dsn, "import-cases", file)
    assert tried.code == 0
    assert "row 4, 原系统编号: 与第3行的原系统编号重复" in tried.out
    assert "3 rows: 1 cannot be imported, 2 are new" in tried.out
    assert await hotline.pool.fetchval("select count(*) from sheet_import_rows") == 0
    for arguments, sentence in (
        (("--accept",), "--as LOGIN"),
        (("--accept", "--as", "nobody"), "no user with the login nobody"),
    ):
        refused = await run_hotline(database_dsn, "import-cases", file, *arguments)
        assert refused.code == 1
        assert sentence in refused.err
    assert await hotline.pool.fetchval("select count(*) from cases") == 0
    arguments = ("--accept", "--only-good", "--as", "admin")
    done = await run_hotline(database_dsn, "import-cases", file, *arguments)
    assert (done.code, "applied: 2 rows" in done.out) == (0, True), done.err
    assert await hotline.pool.fetchval("select count(*) from cases") == 2


async def test_files_that_cannot_be_read_leave_nothing(
    hotline: Hotline, town: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await hotline.pool.fetchval("select count(*) from sheet_imports")
    for content, sentence in ((b"PK\x03\x04", "不是可以读取的XLSX"), (b"x,y", "第1行必须是表头")):
        status, problem = await upload(town, C, content)
        assert (status, sentence in problem["detail"]) == (422, True)
    monkeypatch.setattr("gateway.sheets.importing.TREE_ROWS", 2)
    long = as_csv(sheet_of(D, [department(f"X{n}", "市级") for n in range(3)]))
    assert (await upload(town, D, long))[0] == 422
    assert await hotline.pool.fetchval("select count(*) from sheet_imports") == before
    assert await hotline.pool.fetchval("select count(*) from sheet_import_rows") == 0
    status, problem = await town.json("GET", "/api/v1/imports/999/problems")
    assert (status, problem["detail"]) == (404, "导入不存在，或您无权查看")
