"""Which mirror this machine's apt uses, from both formats of sources.list(5)."""

from pathlib import Path

import pytest

from deploy.embedded.apt import debian_mirror
from deploy.errors import DownloadError

DEB822 = """\
# a comment
Types: deb
URIs: http://mirror.example/debian
Suites: trixie trixie-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://security.example/debian-security
Suites: trixie-security
Components: main
"""


def apt_directory(tmp_path: Path, **files: str) -> Path:
    """A folder like /etc/apt; ``list`` is sources.list, others go below sources.list.d."""
    (tmp_path / "sources.list.d").mkdir()
    for name, text in files.items():
        path = "sources.list" if name == "list" else f"sources.list.d/{name.replace('_', '.')}"
        (tmp_path / path).write_text(text, "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("line", "mirror"),
    [
        ("deb http://mirror.example/debian bookworm main", "http://mirror.example/debian"),
        ("deb [arch=amd64 signed-by=/k.gpg] https://m.example/debian/ sid main contrib",
         "https://m.example/debian"),
        ("deb http://a.example/debian-security bookworm-security main\n"
         "deb http://b.example/debian bookworm main", "http://b.example/debian"),
        ("#deb http://off.example/debian sid main\ndeb http://on.example/debian sid main # ours",
         "http://on.example/debian"),
    ],
    ids=["plain", "options", "not security", "not comments"],
)  # fmt: skip
def test_one_line_sources(tmp_path: Path, line: str, mirror: str) -> None:
    assert debian_mirror(apt_directory(tmp_path, list=line)) == mirror


def test_deb822_sources(tmp_path: Path) -> None:
    assert debian_mirror(apt_directory(tmp_path, debian_sources=DEB822)) == (
        "http://mirror.example/debian"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "deb http://packages.example/agent stable main",
        "deb-src http://mirror.example/debian bookworm main",
        "deb cdrom:[Debian]/ bookworm main",
        "deb http://mirror.example/debian-security bookworm-security main",
    ],
    ids=["empty", "another vendor", "sources only", "cdrom", "security only"],
)
def test_no_mirror_is_one_clear_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(DownloadError, match="No Debian mirror is configured"):
        debian_mirror(apt_directory(tmp_path, list=text))


def test_disabled_deb822_source_is_not_used(tmp_path: Path) -> None:
    disabled = DEB822.replace(
        "Types: deb\nURIs: http://m", "Enabled: no\nTypes: deb\nURIs: http://m"
    )
    with pytest.raises(DownloadError):
        debian_mirror(apt_directory(tmp_path, debian_sources=disabled))
