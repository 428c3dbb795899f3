"""What this machine's own apt knows and can do: the mirror it uses, packages it can install."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from deploy.errors import DownloadError, MissingRightError, MissingToolError

_TIMEOUT_S = 900
_ONE_LINE = re.compile(r"\s*deb\s+(?:\[[^\]]*\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<parts>.*)")
_FIELD = re.compile(r"(?P<name>[\w-]+):\s*(?P<value>.*)")


def announce(text: str) -> None:
    """Tells the person at the terminal what happens now."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def require_programs(wanted: Mapping[str, str], *, purpose: str) -> None:
    """Makes sure that each program (key) exists, or installs its package (value).

    Raises :class:`~deploy.errors.MissingToolError` without apt, ``MissingRightError`` if not root,
    ``DownloadError`` when apt fails.
    """
    packages = sorted({package for program, package in wanted.items() if not shutil.which(program)})
    if not packages:
        return
    names = " ".join(packages)
    if not shutil.which("apt-get"):
        raise MissingToolError(f"To {purpose}, install {names}: there is no apt-get here to do it.")
    if os.geteuid() != 0:
        raise MissingRightError(f"To {purpose}, {names} must be installed (as root, by apt-get).")
    announce(f"Installing {names} by apt-get, to {purpose}.")
    _apt_get("update")
    _apt_get("install", "--yes", "--no-install-recommends", *packages)


def debian_mirror(apt_directory: Path = Path("/etc/apt")) -> str:
    """Address of the Debian archive this machine's apt is set to use.

    Reads ``sources.list`` and ``sources.list.d`` in both formats (one-line and deb822, see
    sources.list(5)). Raises :class:`~deploy.errors.DownloadError` when none is found.
    """
    for uri, suite, parts in _sources(apt_directory):
        if _is_debian_archive(uri, suite, parts):
            return uri.rstrip("/")
    raise DownloadError(
        f"No Debian mirror is configured in {apt_directory}: "
        "Asterisk cannot be fetched without one. Point HOTLINE_AMI_URL at a switchboard instead."
    )


def apt_proxy(uri: str) -> str | None:
    """The proxy that apt would use for ``uri``, if one is configured."""
    scheme = urlsplit(uri).scheme
    shell = subprocess.run(
        ["apt-config", "shell", "PROXY", f"Acquire::{scheme}::Proxy"],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    match = re.search(r"PROXY='([^']+)'", shell.stdout)
    return match[1] if match and match[1] != "DIRECT" else None


def _is_debian_archive(uri: str, suite: str, parts: str) -> bool:
    """The archive itself: not security or updates, not another vendor's repository."""
    path = urlsplit(uri).path.rstrip("/")
    return (
        uri.startswith(("http://", "https://"))
        and path.endswith("/debian")
        and "main" in parts.split()
        and not suite.endswith("-security")
    )


def _sources(apt_directory: Path) -> Iterator[tuple[str, str, str]]:
    """(uri, suite, components) of every enabled binary source."""
    files = [apt_directory / "sources.list"]
    parts = apt_directory / "sources.list.d"
    files += sorted([*parts.glob("*.list"), *parts.glob("*.sources")])
    for file in files:
        if not file.is_file():
            continue
        text = file.read_text("utf-8", "replace")
        yield from _deb822(text) if file.suffix == ".sources" else _one_line(text)


def _one_line(text: str) -> Iterator[tuple[str, str, str]]:
    for line in text.splitlines():
        if match := _ONE_LINE.match(line.partition("#")[0]):
            yield match["uri"], match["suite"], match["parts"]


def _deb822(text: str) -> Iterator[tuple[str, str, str]]:
    for paragraph in re.split(r"\n\s*\n", text):
        lines = [line for line in paragraph.splitlines() if not line.startswith("#")]
        fields = {m["name"].lower(): m["value"] for m in map(_FIELD.match, lines) if m}
        if "deb" not in fields.get("types", "").split() or fields.get("enabled") == "no":
            continue
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield uri, suite, fields.get("components", "")


def _apt_get(*arguments: str) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(
            ["apt-get", "--quiet", *arguments], env=environment, check=True,
            capture_output=True, text=True, timeout=_TIMEOUT_S,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        words = (error.stderr or error.stdout).strip().splitlines()
        raise DownloadError(f"apt-get {arguments[0]} failed: {' '.join(words[-2:])}") from error
    except subprocess.TimeoutExpired as error:
        raise DownloadError(f"apt-get {arguments[0]} took more than {_TIMEOUT_S} s.") from error
