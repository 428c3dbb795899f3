"""Bringing the Asterisk root: built once, atomically, and one clear sentence for every failure.

debootstrap itself is played by a script here; the real one runs for the tests in
``tests/switchboard``.
"""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.embedded import asterisk_root
from deploy.embedded.asterisk_root import (
    asterisk_root_path,
    cache_directory,
    ensure_asterisk_root,
    hosts_file,
)
from deploy.errors import DeployError, DownloadError, MissingRightError, MissingToolError

SUCCEEDS = """#!/bin/sh
echo run >> "$(dirname "$0")/runs"
echo "I: Retrieving InRelease"
for target; do case "$target" in */asterisk-*) break;; esac; done
mkdir -p "$target/etc" "$target/var/cache/apt/archives" "$target/usr/lib/x/asterisk/modules"
touch "$target/var/cache/apt/archives/asterisk.deb"
"""
FAILS = """#!/bin/sh
for target; do case "$target" in */asterisk-*) break;; esac; done
mkdir -p "$target/etc"
echo "E: Couldn't download packages: libfoo"
exit 1
"""


@pytest.fixture
def debootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The script in debootstrap's place; root user and mirror as on a machine that has them."""
    program = tmp_path / "bin" / "debootstrap"
    program.parent.mkdir()
    program.write_text(SUCCEEDS, "utf-8")
    program.chmod(0o755)
    scripts = tmp_path / "debootstrap" / "scripts"
    scripts.mkdir(parents=True)
    (scripts / "sid").touch()
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(asterisk_root, "_SCRIPTS", scripts.parent)
    monkeypatch.setattr(asterisk_root, "debian_mirror", lambda: "http://mirror.example/debian")
    monkeypatch.setattr(asterisk_root, "apt_proxy", lambda _uri: None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return program


def test_built_once_by_two_at_once(debootstrap: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        roots = list(pool.map(ensure_asterisk_root, [tmp_path / "cache"] * 2))
    assert roots == [asterisk_root_path(tmp_path / "cache")] * 2
    assert ensure_asterisk_root(tmp_path / "cache") == roots[0]
    assert (debootstrap.parent / "runs").read_text("utf-8") == "run\n"
    assert (roots[0] / "etc/hosts").exists()
    assert list(roots[0].rglob("*.deb")) == []


def test_tells_what_it_fetches_and_from_where(
    debootstrap: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ensure_asterisk_root(tmp_path / "cache")
    said = capsys.readouterr().out
    assert said.startswith("Fetching Debian forky with ca-certificates, asterisk, asterisk-modules")
    assert "http://mirror.example/debian" in said.partition("Retrieving")[0]


def test_failed_download_leaves_nothing(debootstrap: Path, tmp_path: Path) -> None:
    debootstrap.write_text(FAILS, "utf-8")
    with pytest.raises(DownloadError, match=r"mirror\.example.*Couldn't download packages: libfoo"):
        ensure_asterisk_root(tmp_path / "cache")
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".lock"]


def test_needs_root_user(
    debootstrap: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(MissingRightError, match="needs root"):
        ensure_asterisk_root(tmp_path / "cache")


def test_needs_space(debootstrap: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=10_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    with pytest.raises(DeployError, match="10 MB free, 1500 MB needed"):
        ensure_asterisk_root(tmp_path / "cache")


def test_needs_debootstrap(
    debootstrap: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match="install debootstrap"):
        ensure_asterisk_root(tmp_path / "cache")


def test_cache_is_outside_the_tree_and_can_be_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOTLINE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere/cache")
    assert cache_directory() == Path("/somewhere/cache/hotline-gateway")
    monkeypatch.setenv("HOTLINE_CACHE", "/elsewhere")
    assert cache_directory() == Path("/elsewhere")


def test_asterisk_never_asks_a_name_server_for_its_own_name() -> None:
    names = hosts_file("switch-7").splitlines()[0].split()
    assert names[0] == "127.0.0.1"
    assert {"localhost", "switch-7", "A.ROOT-SERVERS.NET"} <= set(names[1:])
