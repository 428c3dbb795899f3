"""Bulk import over HTTP: dry run, every bad row told, a person's decision (C9)."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
import structlog

from tests.support.sheet_town import CATEGORIES, TOWN, C, D, K, department, settled
from tests.support.sheets import (
    FILE,
    accept,
    applied,
    as_csv,
    case,
    checked,
    problems,
    sheet_of,
)
from tests.support.web import Browser, Hotline
from ticketing.imports.columns import Sheet


@pytest.fixture
async def town(hotline: Hotline) -> Browser:
    """An administrator of a town that is what `TOWN` and `CATEGORIES` say."""
    return await settled(hotline)


async def imported(
    hotline: Hotline, admin: Browser, sheet: Sheet, rows: list[dict[str, str]]
) -> None:
    found = await checked(admin, sheet, rows)
    assert found["bad"] == 0, await problems(admin, found)
    assert (await accept(admin, found))[0] == 200
    assert await applied(hotline, found) is not None


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


async def test_the_name_of_a_file_is_listed_and_in_no_url(town: Browser) -> None:
    """It may hold somebody's number."""
    with structlog.testing.capture_logs() as lines:
        found = await checked(town, D, TOWN)
    assert found["file_name"] == "旧表 13800000001.csv"
    assert lines
    assert "13800000001" not in str(lines)
    status, _ = await town.json("POST", "/api/v1/imports/departments?name=x.csv", data=b"x")
    assert status == 422
    named = FILE | {"X-File-Name": quote("长" * 300 + "\n")}
    content = as_csv(sheet_of(D, TOWN))
    _, found = await town.json("POST", "/api/v1/imports/departments", data=content, headers=named)
    assert found["file_name"] == "长" * 200


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
