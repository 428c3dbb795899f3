"""A root file system with Asterisk in it, made by debootstrap and kept outside the tree.

Debian's stable releases carry no Asterisk; the release named in :data:`SUITE` does. It is fetched
once from the mirror that this machine's own apt uses, into
``${HOTLINE_CACHE:-${XDG_CACHE_HOME:-~/.cache}/hotline-gateway}/asterisk-<key>``. The root is never
written to afterwards (see :mod:`deploy.embedded.asterisk_home`), so all instances share it.
"""

import fcntl
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.embedded.apt import announce, apt_proxy, debian_mirror, require_programs
from deploy.errors import DeployError, DownloadError, MissingRightError, MissingToolError

SUITE = "forky"
PACKAGES = ("ca-certificates", "asterisk", "asterisk-modules")
RECIPE = "1"

_TIMEOUT_S = 1800
_NEEDED_BYTES = 1_500_000_000
_SCRIPTS = Path("/usr/share/debootstrap")
# Steps of debootstrap's own messages that are worth a line to the person waiting.
_MILESTONES = ("Resolving", "Retrieving", "Extracting", "Installing", "Unpacking", "Configuring")


def cache_directory() -> Path:
    """Where everything fetched or made once is kept."""
    if own := os.environ.get("HOTLINE_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hotline-gateway"


def asterisk_root_path(cache: Path) -> Path:
    """Where the root for this machine's architecture is or will be."""
    return cache / f"asterisk-{SUITE}-{platform.machine()}-{RECIPE}"


def ensure_asterisk_root(cache: Path | None = None) -> Path:
    """The root file system, built now if it is not there yet (about a minute, 500 MB).

    Of two processes that need it at once, one builds and the other waits. Raises
    :class:`~deploy.errors.DeployError` with one clear sentence for every way this can fail.
    """
    cache = cache or cache_directory()
    root = asterisk_root_path(cache)
    if root.is_dir():
        return root
    _require_root_user()
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache / f"{root.name}.lock"):
        if not root.is_dir():
            _build(root)
    return root


def _build(root: Path) -> None:
    require_programs({"debootstrap": "debootstrap"}, purpose="bring an Asterisk for this machine")
    _require_space(root.parent)
    mirror = debian_mirror()
    unfinished = root.with_name(f"{root.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    announce(
        f"Fetching Debian {SUITE} with {', '.join(PACKAGES)} (about 150 MB) from {mirror}, "
        f"the mirror of this machine's apt, into {root} (about 500 MB). This is done once."
    )
    try:
        _debootstrap(unfinished, mirror)
        _finish(unfinished)
        unfinished.rename(root)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    announce(f"Asterisk is ready in {root}.")


def _debootstrap(target: Path, mirror: str) -> None:
    environment = dict(os.environ)
    if proxy := apt_proxy(mirror):
        environment |= {"http_proxy": proxy, "https_proxy": proxy}
    command = [
        *("debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}"),
        *(SUITE, str(target), mirror, str(_suite_script())),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as process:
        try:
            last = _show_progress(process)
            status = process.wait(timeout=_TIMEOUT_S)
        except BaseException:
            process.kill()
            raise
    if status != 0:
        raise DownloadError(f"debootstrap could not bring Debian {SUITE} from {mirror}: {last}")


def _show_progress(process: "subprocess.Popen[str]") -> str:
    """Announces each kind of step once; returns the last thing said, which explains a failure."""
    said, last = "", "it gave no reason."
    for line in process.stdout or ():
        last = line.strip() or last
        step = next((word for word in _MILESTONES if f"I: {word}" in line), said)
        if step != said:
            said = step
            announce(f"  {step} ...")
    return last


def _suite_script() -> Path:
    """debootstrap's recipe for the suite: a newer suite than debootstrap is built like ``sid``."""
    for name in (SUITE, "sid"):
        script = _SCRIPTS / "scripts" / name
        if script.exists():
            return script
    raise MissingToolError(f"debootstrap has no scripts in {_SCRIPTS}: reinstall it.")


def _finish(root: Path) -> None:
    for archive in (root / "var/cache/apt/archives").glob("*.deb"):
        archive.unlink()
    # Every start binds its own file over this one (see asterisk_home): it must exist.
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n", "utf-8")
    asterisk_modules(root)


def asterisk_modules(root: Path) -> str:
    """Folder of Asterisk's modules as seen inside the root; it depends on the architecture."""
    modules = next(root.glob("usr/lib/*/asterisk/modules"), None)
    if modules is None:
        raise DeployError(f"There is no Asterisk in {root}.")
    return f"/{modules.relative_to(root)}"


def hosts_file(host_name: str) -> str:
    """An ``/etc/hosts`` with which Asterisk never waits for a name server.

    Without its own host name and A.ROOT-SERVERS.NET (by which pjproject finds its default
    interface) it stalls in steps of five seconds on a machine without DNS.
    """
    return f"127.0.0.1 localhost {host_name} A.ROOT-SERVERS.NET\n::1 localhost\n"


def _require_root_user() -> None:
    if os.geteuid() != 0:
        raise MissingRightError(
            "Bringing an Asterisk by debootstrap needs root; "
            "run as root or point HOTLINE_AMI_URL at a switchboard you have."
        )


def _require_space(directory: Path) -> None:
    free = shutil.disk_usage(directory).free
    if free < _NEEDED_BYTES:
        raise DeployError(
            f"Too little space in {directory} for an Asterisk root: "
            f"{free // 1_000_000} MB free, {_NEEDED_BYTES // 1_000_000} MB needed."
        )


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Waits until no other process builds; the lock dies with its holder."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            announce("Another process is bringing the Asterisk root; waiting for it.")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
