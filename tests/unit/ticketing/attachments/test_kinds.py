"""Which files are taken (FAULTS, security 15)."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.files import DOCX, PDF, PNG, WAV, archive
from ticketing.attachments.kinds import checked_name, media_type_of
from ticketing.errors import CaseInvalidError

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 20


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("照片.JPG", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("a.jpeg", b"\xff\xd8\xff\xe1", "image/jpeg"),
        ("a.png", PNG, "image/png"),
        ("a.gif", b"GIF89a....", "image/gif"),
        ("a.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        ("答复.pdf", PDF, "application/pdf"),
        ("a.mp3", b"ID3\x04", "audio/mpeg"),
        ("录音.wav", WAV, "audio/wav"),
        ("a.m4a", b"\x00\x00\x00\x1cftypM4A ", "audio/mp4"),
        ("a.amr", b"#!AMR\n", "audio/amr"),
        ("a.opus", b"OggS\x00", "audio/ogg"),
        ("a.doc", OLE, "application/msword"),
        ("a.xls", OLE, "application/vnd.ms-excel"),
        (
            "a.docx",
            DOCX,
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (
            "a.xlsx",
            archive("[Content_Types].xml", "xl/workbook.xml"),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
    ],
)
def test_taken(name: str, content: bytes, media_type: str) -> None:
    assert media_type_of(name, content) == media_type


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.png", b"", "文件是空的"),
        ("a.html", b"<!doctype html><script>alert(1)</script>", "不接收这种文件"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "不接收这种文件"),
        ("a.exe", b"MZ\x90\x00", "不接收这种文件"),
        ("a.zip", archive("readme.txt"), "不接收这种文件"),
        ("a.docx", archive("word/document.xml"), "不接收这种文件"),
        ("a.docx", b"PK\x03\x04 broken", "不接收这种文件"),
        ("a.txt", b"hello", "不接收这种文件"),
        ("a.html", PNG, "内容应为 png"),
        ("a.pdf", PNG, "内容应为 png"),
        ("png", PNG, None),
        ("a.png.exe", PNG, "内容应为 png"),
        ("a.docx", archive("[Content_Types].xml", "xl/workbook.xml"), "内容应为 xlsx"),
        (
            "a.docx",
            archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
            "含有宏",
        ),
    ],
)
def test_refused(name: str, content: bytes, why: str | None) -> None:
    if why is None:  # a name that is all ending
        assert media_type_of(name, content) == "image/png"
        return
    with pytest.raises(CaseInvalidError, match=why):
        media_type_of(name, content)


@given(st.binary(max_size=200), st.sampled_from(["a.png", "a.docx", "a.pdf", "a.wav"]))
def test_any_bytes_are_judged(content: bytes, name: str) -> None:
    with contextlib.suppress(CaseInvalidError):
        assert "/" in media_type_of(name, content)


def test_name_is_kept_for_people_only() -> None:
    assert checked_name("  现场 照片（1）.jpg ") == "现场 照片（1）.jpg"
    bad = [
        "",
        " ",
        "x" * 121,
        "../../etc/passwd",
        "a\\b.png",
        "a\x00.png",
        "a\r\nX: y",
        "a\u202egnp.exe",
    ]
    for name in bad:
        with pytest.raises(CaseInvalidError, match="文件名"):
            checked_name(name)
