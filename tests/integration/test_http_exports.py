"""Exports over HTTP: what one may see, as text, to the last row (FAULTS security 21)."""

import csv
import io
import json
from typing import Any

import openpyxl
import pytest

from tests.support.sheets import accept, applied, case, checked, upload
from tests.support.web import Browser, Hotline
from ticketing.imports.columns import Sheet

CASES = "/api/v1/exports/cases"


async def table(browser: Browser, path: str, kind: str, **query: str) -> list[list[str]]:
    """The rows of an exported sheet."""
    response = await browser.ask("GET", path, params={"format": kind, **query})
    assert response.status == 200, await response.text()
    assert f".{kind}" in response.headers["Content-Disposition"]
    content = await response.read()
    if kind == "csv":
        assert content.startswith(b"\xef\xbb\xbf")
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.active is not None
    rows = list(book.active.iter_rows())
    assert all(cell.data_type == "s" for row in rows for cell in row if cell.value is not None)
    return [["" if cell.value is None else str(cell.value) for cell in row] for row in rows]


async def open_case(agent: Browser, **changed: Any) -> str:
    form = {"kind": "help", "title": "=1+1", "body": '路灯,"\n+86', "address": "@SUM(A1)"}
    status, answer = await agent.json("POST", "/api/v1/cases", json=form | changed)
    assert status == 201, answer
    return str(answer["case_no"])


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_cases_as_they_may_be_seen(hotline: Hotline, kind: str) -> None:
    agent, other = await hotline.agent("1001"), await hotline.agent("1002")
    await hotline.department("D1")
    people = await hotline.department_user("D1")
    call_id = await hotline.store_call("5.1", "1001")
    called = await open_case(agent, call_id=call_id)
    hidden = await open_case(agent, confidential=True, department="D1")
    shown = await table(other, CASES, kind)
    assert [row[0] for row in shown[1:]] == [called]
    quoted = "'" if kind == "csv" else ""
    (row,) = shown[1:]
    assert row[2:5] == [f"{quoted}=1+1", f'路灯,"\n{quoted}+86', f"{quoted}@SUM(A1)"]
    assert "138****0001" in row
    assert "13800000001" not in str(shown)
    assert {row[0] for row in (await table(agent, CASES, kind))[1:]} == {called, hidden}
    assert [row[0] for row in (await table(people, CASES, kind))[1:]] == [hidden]
    assert len(await table(agent, CASES, kind, state="dispatched")) == 2
    assert len(await table(agent, CASES, kind, light="green")) == 3
    cut = await table(agent, CASES, kind, limit="1")
    assert [row[0] for row in cut[1:]] == [hidden, "只导出了前1条，其余请缩小范围再导出"]
    status, problem = await agent.json("GET", f"{CASES}?department=X9")
    assert (status, problem["detail"]) == (422, "没有代码为X9的部门")
    acts = await hotline.pool.fetch(
        "select actor, detail::text from audit_log where action = 'export' order by audit_id"
    )
    told = [(act["actor"], json.loads(act["detail"])) for act in acts]
    chosen = {"format": "csv"} if kind == "csv" else {}
    assert told[0] == ("agent1002", {**chosen, "outcome": "asked"})
    assert told[1][1]["rows"] == 1
    assert told[1][1]["outcome"] == "done"


async def test_not_one_of_many_at_the_same_instant_is_lost(hotline: Hotline) -> None:
    """Lists go on by time alone; an export may not lose what a page ends within."""
    user = await hotline.supervisor()
    assert user.person
    await hotline.pool.execute(
        "insert into cases (case_no, kind, title, body, state, opened_by, opened_at)"
        " select '20190506-' || lpad(n::text, 5, '0'), 'help', '标题', '内容', 'registered', $1,"
        " timestamptz '2019-05-06 08:00+8' + n / 1300 * interval '1 second'"
        " from generate_series(1, 2600) n",
        user.person.user_id,
    )
    shown = await table(user, CASES, "csv")
    assert len(shown) == 2601
    assert len({row[0] for row in shown}) == 2601


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_trees_come_back_as_they_were(hotline: Hotline, kind: str) -> None:
    admin = await hotline.administrator()
    names = {"C1": "=市局", "D1": '区",-1局', "D2": "'@局"}
    for code, level, parent in (
        ("C1", "city", None),
        ("D1", "district", "C1"),
        ("D2", "district", "C1"),
    ):
        form = {"code": code, "name": names[code], "level": level, "parent": parent}
        assert (await admin.json("POST", "/api/v1/departments", json=form))[0] == 201
    terms = {"name": names["D2"], "parent": "C1", "active": False}
    assert (await admin.json("PUT", "/api/v1/departments/D2", json=terms))[0] == 200
    form = {"code": "0001", "name": "+86", "parent": None, "department": "D1"}
    assert (await admin.json("POST", "/api/v1/categories", json=form))[0] == 201
    for sheet in (Sheet.DEPARTMENTS, Sheet.CATEGORIES):
        path = f"/api/v1/exports/{sheet}?format={kind}"
        content = await (await admin.ask("GET", path)).read()
        status, found = await upload(admin, sheet, content)
        assert status == 201, found
        assert (found["bad"], found["added"], found["changed"]) == (0, 0, 0)
        assert found["rows"] == (3 if sheet is Sheet.DEPARTMENTS else 1)


@pytest.mark.parametrize(
    ("sheet", "kind"), [("departments", "csv"), ("categories", "xlsx"), ("cases", "xlsx")]
)
async def test_templates_can_be_filled_in(hotline: Hotline, sheet: str, kind: str) -> None:
    admin = await hotline.administrator()
    response = await admin.ask("GET", f"/api/v1/imports/{sheet}/template?format={kind}")
    content = await response.read()
    status, problem = await upload(admin, Sheet(sheet), content)
    assert (status, problem["detail"]) == (422, "除表头外没有任何内容")
    if kind == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(content))
        assert book.sheetnames[1:] == ["示例", "填写说明"]


async def test_what_was_imported_is_exported(hotline: Hotline) -> None:
    admin = await hotline.administrator()
    found = await checked(admin, Sheet.CASES, [case(f"A{n}") for n in range(3)])
    await accept(admin, found)
    await applied(hotline, found)
    shown = await table(admin, CASES, "csv")
    assert [row[14] for row in shown[1:]] == ["2019-05-06 09:30:00"] * 3
