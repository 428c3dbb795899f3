"""Attachments of cases over HTTP: opaque ids, checked contents, the rights of the case."""

import io
import os
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import structlog

from gateway import attachment_files
from gateway.attachment_files import AttachmentFiles, clean_attachments
from gateway.context import Context
from gateway.engines import Engines
from gateway.http.attachment_api import UPLOAD_MAX
from gateway.readiness import Readiness
from tests.support.files import DOCX, PDF, PNG
from tests.support.web import NOW, Browser, Hotline
from tests.support.web_switchboard import CALLER
from ticketing.attachments.attachments import PER_CASE

FORM = {"kind": "help", "title": "停水", "body": "三天"}
NAME = f"现场 {CALLER} “一”.png"


@pytest.fixture
def attachments_dir(hotline: Hotline) -> Path:
    assert hotline.settings.attachments_dir
    return hotline.settings.attachments_dir


async def opened(browser: Browser, **changed: Any) -> str:
    status, case = await browser.json("POST", "/api/v1/cases", json=FORM | changed)
    assert status == 201, case
    return f"/api/v1/cases/{case['case_no']}"


async def upload(
    browser: Browser, case: str, content: bytes = PNG, name: str = NAME
) -> tuple[int, Any]:
    headers = {"X-File-Name": quote(name), "Content-Type": "application/octet-stream"}
    return await browser.json(
        "POST", f"{case}/attachments", data=io.BytesIO(content), headers=headers
    )


def stored(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


async def test_life_of_an_attachment(hotline: Hotline, attachments_dir: Path) -> None:
    agent, chief = await hotline.agent(), await hotline.supervisor()
    case = await opened(agent)
    with structlog.testing.capture_logs() as lines:
        status, added = await upload(agent, case)
    assert (status, added["name"], added["media_type"]) == (201, NAME, "image/png")
    assert (added["bytes"], added["removable"]) == (len(PNG), True)
    assert CALLER not in str(lines)
    (file,) = stored(attachments_dir)
    assert (file.name, file.read_bytes()) == (added["attachment_id"], PNG)
    assert (await agent.json("GET", f"{case}/attachments"))[1] == [added]
    one = f"{case}/attachments/{added['attachment_id']}"
    async with await chief.ask("GET", one) as download:
        assert await download.read() == PNG
        assert download.headers["Content-Type"] == "image/png"
        disposition = download.headers["Content-Disposition"]
        assert disposition == f"attachment; filename*=UTF-8''{quote(NAME, safe='')}"
        assert download.headers["X-Content-Type-Options"] == "nosniff"
        assert download.headers["Cache-Control"] == "no-store"
    other = await hotline.agent("1002")
    status, problem = await other.json("POST", f"{one}/remove", json={"reason": "不对"})
    assert (status, problem["detail"]) == (403, "只有上传人和值班长可以移除附件")
    status, problem = await chief.json("POST", f"{one}/remove", json={"reason": " "})
    assert (status, problem["errors"][0]["field"]) == (422, "reason")
    removed = await chief.ask("POST", f"{one}/remove", json={"reason": "传错了"})
    assert removed.status == 204
    assert stored(attachments_dir) == []
    assert (await chief.json("GET", f"{case}/attachments"))[1] == []
    assert (await chief.json("GET", one))[0] == 404
    assert (await chief.json("POST", f"{one}/remove", json={"reason": "再来"}))[0] == 404
    _, shown = await agent.json("GET", case)
    assert [(step["actor"], step["step"], step["note"]) for step in shown["history"][1:]] == [
        ("agent1001", "noted", f"上传附件：{NAME}"),
        ("supervisor", "noted", f"移除附件：{NAME}。理由：传错了"),
    ]


async def test_who_does_not_see_the_case_sees_no_file(hotline: Hotline) -> None:
    agent, other = await hotline.agent(), await hotline.agent("1002")
    admin = await hotline.administrator()
    await hotline.department("city")
    theirs = await hotline.department_user(await hotline.department("D1", "city"))
    strangers = await hotline.department_user(await hotline.department("D2", "city"))
    case = await opened(agent, confidential=True, department="D1")
    _, added = await upload(agent, case, PDF, "证据.pdf")
    one = f"{case}/attachments/{added['attachment_id']}"
    for browser in (other, admin, strangers):
        for path in (f"{case}/attachments", one):
            assert (await browser.json("GET", path))[0] == 404
    assert (await upload(other, case))[0] == 404
    assert (await other.json("POST", f"{one}/remove", json={"reason": "x"}))[0] == 404
    assert (await theirs.ask("GET", one)).status == 200
    assert (await upload(theirs, case, DOCX, "答复.docx"))[0] == 201
    elsewhere = await opened(other)  # the id alone opens nothing
    wrong = f"{elsewhere}/attachments/{added['attachment_id']}"
    assert (await other.json("GET", wrong))[0] == 404


async def test_bad_files(hotline: Hotline, attachments_dir: Path) -> None:
    agent = await hotline.agent()
    case = await opened(agent)
    for content, name, status, sentence in (
        (b"", "a.png", 422, "文件是空的"),
        (b"<script>", "a.html", 422, "不接收这种文件"),
        (PNG, "a.pdf", 422, "内容与扩展名不符"),
        (PNG, "../../../etc/cron.d/a.png", 422, "路径或控制字符"),
        (PNG, "", 422, "文件名须为"),
        (PNG * 400_000, "a.png", 413, "不能超过 10240 KB"),
    ):
        given, problem = await upload(agent, case, content, name)
        assert (given, sentence in problem["detail"]) == (status, True), problem
    assert len(PNG * 400_000) > UPLOAD_MAX
    headers = {"X-File-Name": "a.png", "Content-Type": "multipart/form-data"}
    answer = await agent.ask("POST", f"{case}/attachments", data=PNG, headers=headers)
    assert answer.status == 415
    assert (await upload(agent, "/api/v1/cases/20261123-99999"))[0] == 404
    assert stored(attachments_dir) == []


async def test_limit_per_case_and_ended_cases(hotline: Hotline, attachments_dir: Path) -> None:
    agent = await hotline.agent()
    case = await opened(agent)
    await hotline.pool.execute(
        "insert into case_attachments (attachment_id, case_id, name, media_type, bytes, sha256,"
        " added_by, added_at) select gen_random_uuid(), case_id, 'a.png', 'image/png', 1,"
        " repeat('0', 64), 'li', now() from cases, generate_series(1, $1)",
        PER_CASE,
    )
    status, problem = await upload(agent, case)
    assert (status, problem["detail"]) == (409, "每份工单最多 20 个附件，请先移除不需要的")
    merged = await opened(agent)
    step = {"step": "withdrawn", "version": 1, "reason": "来电人撤回"}
    assert (await agent.json("POST", f"{merged}/steps", json=step))[0] == 200
    assert (await upload(agent, merged))[0] == 409
    assert stored(attachments_dir) == []


async def test_storage_that_fails(
    hotline: Hotline, attachments_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = await hotline.agent()
    case = await opened(agent)
    attachments_dir.write_text("in the way")
    status, problem = await upload(agent, case)
    assert (status, problem["detail"]) == (503, "附件存储暂时不可用，请稍后重试")
    attachments_dir.unlink()
    _, added = await upload(agent, case)
    for file in stored(attachments_dir):
        file.unlink()
    status, problem = await agent.json("GET", f"{case}/attachments/{added['attachment_id']}")
    assert (status, "无法读取" in problem["detail"]) == (503, True)


async def test_files_that_no_case_has_are_thrown_away(
    hotline: Hotline, attachments_dir: Path
) -> None:
    """A process died between file and row, or while it wrote; what was removed was left."""
    agent = await hotline.agent()
    _, added = await upload(agent, await opened(agent))
    files = AttachmentFiles(attachments_dir)
    orphan, young = uuid.uuid4(), uuid.uuid4()
    await files.write(orphan, PNG)
    await files.write(young, PNG)
    part = files.path(uuid.uuid4()).with_suffix(".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    part.write_bytes(b"half")
    old = (NOW - attachment_files.UNFINISHED - timedelta(seconds=1)).timestamp()
    fresh = (NOW - attachment_files.UNFINISHED + timedelta(seconds=1)).timestamp()
    for path in stored(attachments_dir):
        moment = fresh if path == files.path(young) else old
        os.utime(path, (moment, moment))
    engines = Engines(dsn="", pool=hotline.pool, redis=hotline.redis)
    context = Context(hotline.settings, engines, Readiness(), clock=lambda: NOW)
    assert await clean_attachments(context) == 2
    left = {path.name for path in stored(attachments_dir)}
    assert left == {added["attachment_id"], young.hex}
