"""Which files are taken, judged by what is in them: images, PDF, office documents, audio.

The first bytes are those of the formats' own specifications (as https://www.iana.org/assignments/media-types
lists them). What a browser could run (HTML, SVG, scripts) is none of them.
"""

import io
import re
import zipfile
from dataclasses import dataclass

from ticketing.errors import CaseInvalidError

NAME_MAX = 120
FIELD = "file"
TAKEN = (
    "图片（jpg、png、gif、webp）、PDF、Office 文档（docx、xlsx、pptx、doc、xls、ppt）"
    "和录音（mp3、wav、m4a、amr、ogg）"
)
# Of a document the list of its parts is read, nothing is unpacked; real ones have far fewer.
_PARTS_MAX = 5000
_BAD_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f/\\]")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: its media type and the endings that go with it."""

    media_type: str
    endings: tuple[str, ...]


JPEG = Kind("image/jpeg", ("jpg", "jpeg"))
PNG = Kind("image/png", ("png",))
GIF = Kind("image/gif", ("gif",))
WEBP = Kind("image/webp", ("webp",))
PDF = Kind("application/pdf", ("pdf",))
MP3 = Kind("audio/mpeg", ("mp3",))
WAV = Kind("audio/wav", ("wav",))
M4A = Kind("audio/mp4", ("m4a",))
AMR = Kind("audio/amr", ("amr",))
OGG = Kind("audio/ogg", ("ogg", "oga", "opus"))
_OPEN_XML = "application/vnd.openxmlformats-officedocument."
DOCX = Kind(f"{_OPEN_XML}wordprocessingml.document", ("docx",))
XLSX = Kind(f"{_OPEN_XML}spreadsheetml.sheet", ("xlsx",))
PPTX = Kind(f"{_OPEN_XML}presentationml.presentation", ("pptx",))
# One container for all three; the ending says which.
OLE = Kind("application/x-ole-storage", ("doc", "xls", "ppt"))
_OLE_TYPES = {
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
}
_BY_FIRST_PART = {"word/document.xml": DOCX, "xl/workbook.xml": XLSX, "ppt/presentation.xml": PPTX}
_BY_BEGINNING: tuple[tuple[bytes, Kind], ...] = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"%PDF-", PDF),
    (b"ID3", MP3),
    (b"\xff\xfb", MP3),
    (b"\xff\xf3", MP3),
    (b"\xff\xf2", MP3),
    (b"#!AMR", AMR),
    (b"OggS", OGG),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
)


def checked_name(name: str) -> str:
    """``name`` as it is shown and offered for download; raises `CaseInvalidError`.

    It is never a path: files are kept under generated ids.
    """
    shown = name.strip()
    if not shown or len(shown) > NAME_MAX:
        raise CaseInvalidError(FIELD, f"文件名须为 1 至 {NAME_MAX} 个字")
    if _BAD_IN_A_NAME.search(shown) or not shown.isprintable():
        raise CaseInvalidError(FIELD, "文件名不能含有路径或控制字符")
    return shown


def media_type_of(name: str, content: bytes) -> str:
    """The media type that ``content`` has; raises `CaseInvalidError` for what is not taken."""
    if not content:
        raise CaseInvalidError(FIELD, "文件是空的")
    kind = _kind_of(content)
    if kind is None:
        raise CaseInvalidError(FIELD, f"不接收这种文件；可以上传{TAKEN}")
    ending = name.rpartition(".")[2].lower()
    if ending not in kind.endings:
        wanted = "、".join(kind.endings)
        raise CaseInvalidError(FIELD, f"文件内容与扩展名不符：内容应为 {wanted}")
    return _OLE_TYPES.get(ending, kind.media_type)


def _kind_of(content: bytes) -> Kind | None:
    if content.startswith(b"PK\x03\x04"):
        return _document(content)
    if content.startswith(b"RIFF"):
        return {b"WEBP": WEBP, b"WAVE": WAV}.get(content[8:12])
    if content[4:11] == b"ftypM4A":
        return M4A
    return next((kind for begin, kind in _BY_BEGINNING if content.startswith(begin)), None)


def _document(content: bytes) -> Kind | None:
    """An Office document is a ZIP archive with known parts (ECMA-376); none with macros."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return None
    if len(parts) > _PARTS_MAX or "[Content_Types].xml" not in parts:
        return None
    if any(part.lower().endswith("vbaproject.bin") for part in parts):
        raise CaseInvalidError(FIELD, "文档含有宏，不能上传")
    return next((kind for part, kind in _BY_FIRST_PART.items() if part in parts), None)
