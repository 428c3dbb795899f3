"""What becomes of an import over HTTP (C9): bad rows given back, applied, interrupted, dropped."""

import asyncio
import csv
import io
import itertools
import json
from datetime import timedelta
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
from tests.support.sheet_town import C, D, department, settled
from tests.support.sheets import (
    accept,
    applied,
    as_csv,
    as_xlsx,
    case,
    checked,
    sheet_of,
    upload,
)
from tests.support.web import NOW, Browser, Hotline, running, until
from ticketing.imports import cases


@pytest.fixture
async def town(hotline: Hotline) -> Browser:
    """An administrator of a town that is what `TOWN` and `CATEGORIES` say."""
    return await settled(hotline)


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
