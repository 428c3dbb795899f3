"""When the pages are built and when not, with a Node.js and an npm that only write down."""

import os
import shutil
from pathlib import Path

import pytest

from deploy.build_pages import build_pages
from deploy.errors import BuildError, DownloadError

MKDIR = shutil.which("mkdir")
NPM = """#!/bin/sh
echo "$*" >> {log}
[ "$*" = "{failing}" ] && {{ echo "npm error code E404"; exit 1; }}
{mkdir} -p node_modules dist
"""


class Workplace:
    """Sources of pages, and the programs found in PATH."""

    def __init__(self, directory: Path) -> None:
        self.web, self.programs = directory / "web", directory / "bin"
        self._log = directory / "npm.log"
        (self.web / "src").mkdir(parents=True)
        self.programs.mkdir()
        for name in ("package.json", "package-lock.json", "src/main.ts"):
            (self.web / name).write_text(name, "utf-8")
        self.program("node", "#!/bin/sh\necho v22.1.0\n")
        self.npm()

    def program(self, name: str, text: str) -> None:
        """Put a program into PATH."""
        (self.programs / name).write_text(text, "utf-8")
        (self.programs / name).chmod(0o755)

    def npm(self, *, failing: str = "") -> None:
        """An npm that fails at one command."""
        self.program("npm", NPM.format(log=self._log, failing=failing, mkdir=MKDIR))

    def build(self) -> list[str]:
        """Build; what npm was asked for."""
        self._log.write_text("", "utf-8")
        build_pages(self.web)
        return self._log.read_text("utf-8").splitlines()


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    place = Workplace(tmp_path)
    monkeypatch.setenv("PATH", os.fspath(place.programs))
    return place


def test_builds_once(workplace: Workplace) -> None:
    assert workplace.build() == ["ci", "run build"]
    assert workplace.build() == []


def test_changed_source_is_built_with_the_libraries_at_hand(workplace: Workplace) -> None:
    workplace.build()
    (workplace.web / "src/new.ts").write_text("new", "utf-8")
    assert workplace.build() == ["run build"]


def test_changed_libraries_are_fetched(workplace: Workplace) -> None:
    workplace.build()
    (workplace.web / "package-lock.json").write_text("newer", "utf-8")
    assert workplace.build() == ["ci", "run build"]


def test_failed_build_is_one_sentence_and_tried_again(workplace: Workplace) -> None:
    workplace.npm(failing="run build")
    with pytest.raises(BuildError, match=r"could not be built .*: npm error code E404$"):
        workplace.build()
    workplace.npm()
    assert workplace.build() == ["run build"]


def test_failed_download_is_one_sentence(workplace: Workplace) -> None:
    workplace.npm(failing="ci")
    with pytest.raises(DownloadError, match=r"could not be fetched by npm: npm error code E404$"):
        workplace.build()


def test_sources_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="are not in"):
        build_pages(tmp_path)
