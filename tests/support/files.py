"""Small files of every kind, as far as their kind can be told from them."""

import io
import zipfile

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "


def archive(*parts: str) -> bytes:
    """A ZIP archive with these parts."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        for part in parts:
            file.writestr(part, "<xml/>")
    return written.getvalue()


DOCX = archive("[Content_Types].xml", "word/document.xml")
