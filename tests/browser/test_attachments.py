"""Files on the page of a case: chosen, dropped, refused, downloaded, removed."""

from pathlib import Path

from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.desk import picture, sign_in
from tests.support.files import DOCX, PNG
from tests.support.web import PASSWORD, Hotline

FORM = {"kind": "complaint", "title": "路灯不亮", "body": "人民路18号门前路灯三天不亮。"}
DROP = """async ([selector, name, bytes]) => {
  const files = new DataTransfer()
  files.items.add(new File([new Uint8Array(bytes)], name))
  const init = { dataTransfer: files, bubbles: true, cancelable: true }
  document.querySelector(selector).dispatchEvent(new DragEvent('drop', init))
}"""


async def drop(page: Page, name: str, content: bytes) -> None:
    """Let go of a file over the attachments."""
    await page.evaluate(DROP, ["section[aria-label=附件]", name, list(content)])


async def test_attachments(open_surface: OpenPage, hotline: Hotline, tmp_path: Path) -> None:
    agent = await hotline.agent("1001")
    _, case = await agent.json("POST", "/api/v1/cases", json=FORM)
    page = await open_surface()
    await sign_in(page, "agent1001", PASSWORD)
    await page.goto(f"/cases/{case['case_no']}")
    files = page.get_by_role("region", name="附件")
    photo = tmp_path / "现场照片.png"
    photo.write_bytes(PNG)
    await files.get_by_label("选择附件").set_input_files(photo)
    await expect(files.get_by_role("listitem")).to_contain_text("现场照片.png")
    await drop(page, "答复函.docx", DOCX)
    await expect(files.get_by_role("listitem")).to_have_count(2)
    await drop(page, "页面.html", b"<script>alert(1)</script>")
    await expect(page.get_by_text("不接收这种文件")).to_be_visible()
    await expect(page.get_by_label("办理过程")).to_contain_text("上传附件：答复函.docx")
    await picture(page, "attachments")
    await page.set_viewport_size({"width": 1920, "height": 1080})
    await picture(page, "attachments-large")
    async with page.expect_download() as downloading:
        await files.get_by_role("link", name="现场照片.png").click()
    download = await downloading.value
    assert download.suggested_filename == "现场照片.png"
    assert Path(await download.path()).read_bytes() == PNG
    await files.get_by_label("移除 现场照片.png").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox").fill("拍错了")
    await dialog.get_by_role("button", name="移除").click()
    await expect(files.get_by_role("listitem")).to_have_count(1)
    await expect(page.get_by_label("办理过程")).to_contain_text("理由：拍错了")
